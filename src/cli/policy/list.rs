//! `gatepost policy list`: what was kept.

use std::process::ExitCode;

use crate::cli::terminal::{Format, print_list};
use crate::cli::{ConfigFile, Exit, office};
use crate::control::command::Command;

/// `policy list`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatepost policy list\n  gatepost policy list --format json\n\nEach set that was proven, refused for a lost guarantee, or went live is kept for ever, with its text."
)]
pub(super) struct List {
    #[command(flatten)]
    config: ConfigFile,
    /// How to print
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "table")]
    format: Format,
}

pub(super) fn run(list: &List) -> anyhow::Result<ExitCode> {
    let answer = office::execute(&list.config.load()?, Command::PolicyList {})?;
    let columns = [
        "digest",
        "state",
        "proof",
        "author",
        "kept_at",
        "activated_at",
        "activated_by",
    ];
    print_list(&answer, &columns, list.format)?;
    Ok(Exit::Ok.into())
}
