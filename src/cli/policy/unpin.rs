//! `gatepost policy unpin`: the folder decides again.

use std::process::ExitCode;

use crate::cli::{ConfigFile, Exit, office};
use crate::control::command::Command;

/// `policy unpin`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatepost policy unpin\n  gatepost policy unpin --reason 'incident 42 is over'\n\nWhat the folder says is judged again at once, and goes live as `policy.activation` has it."
)]
pub(super) struct Unpin {
    #[command(flatten)]
    config: ConfigFile,
    /// What for; goes into the decision log
    #[arg(long, env = "GATEPOST_REASON")]
    reason: Option<String>,
}

pub(super) fn run(unpin: Unpin) -> anyhow::Result<ExitCode> {
    let Unpin { config, reason } = unpin;
    let answer = office::execute(&config.load()?, Command::PolicyUnpin { reason })?;
    match answer["unpinned"]["digest"].as_str() {
        Some(digest) => println!("no longer pinned: {digest}"),
        None => println!("no set was pinned"),
    }
    Ok(Exit::Ok.into())
}
