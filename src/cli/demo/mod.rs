//! `gatepost demo`: the founding story on one machine, nothing pretended but Jira. What a newcomer reads first: each step is one line
//! of outcome and one line to paste.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use super::{Exit, terminal};
use crate::config::Telemetry;

mod stage;
mod story;

use stage::Stage;

/// See it work: a pretended Jira with two sites, a gateway between, and the story of two tenants.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  gatepost demo                       walk through the story, then stay up for you to try it
  gatepost demo --once                the story alone; exit code 0 only if every step did what it says
  gatepost demo --policies policies   the story under policies of your own")]
pub struct Args {
    /// End after the story, on free ports
    #[arg(long, env = "GATEPOST_DEMO_ONCE")]
    once: bool,
    /// A policy folder to use in place of the shipped one; it is copied, not changed
    #[arg(long, value_name = "DIR", env = "GATEPOST_DEMO_POLICIES")]
    policies: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// What kept the story from being told. A step that went wrong is told as such and ends with exit code 1.
#[expect(
    clippy::needless_pass_by_value,
    reason = "every command takes its arguments over"
)]
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the runtime does not start")?;
    // Quiet but for what goes wrong, such as a policy that somebody breaks to see what happens.
    let telemetry = Telemetry {
        log_filter: "error".to_owned(),
        ..Telemetry::default()
    };
    terminal::start_telemetry(&telemetry)?;
    runtime.block_on(async {
        let stage = Stage::build(args.once, args.policies.as_deref()).await?;
        let told = story::tell(&stage).await;
        if told.is_ok() && !args.once {
            println!(
                "\nIt stays up for you to try; Ctrl-C ends it and removes {}.",
                stage.folder().display()
            );
            tokio::signal::ctrl_c().await?;
        }
        let strays = stage.jira.strays();
        for stray in &strays {
            eprintln!("a credential strayed: {stray}");
        }
        stage.strike().await;
        let every_step_held = told? && strays.is_empty();
        Ok(if every_step_held {
            Exit::Ok
        } else {
            Exit::Internal
        }
        .into())
    })
}
