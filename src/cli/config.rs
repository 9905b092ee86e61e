//! `gatepost config check`: is the configuration in order, and where does each value come from. Shows no secret.

use std::io::{self, Write as _};
use std::process::ExitCode;

use super::{ConfigFile, Exit};

/// `config`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  gatepost config check
  gatepost config check --config gatepost.toml --print
  GATEPOST_SERVER_LISTEN=127.0.0.1:9000 gatepost config check --print

Every key can also be set as GATEPOST_SECTION_KEY, which wins over the file.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Report every problem with its place and remedy
    #[command(after_help = EXAMPLES)]
    Check(Check),
}

#[derive(Debug, clap::Args)]
struct Check {
    #[command(flatten)]
    config: ConfigFile,
    /// Show the effective values and where each came from
    #[arg(long, env = "GATEPOST_CONFIG_PRINT")]
    print: bool,
}

/// Runs the command.
///
/// # Errors
/// Every problem of the configuration.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Command::Check(check) = args.command;
    let loaded = check.config.load()?;
    let mut stdout = io::stdout().lock();
    if check.print {
        stdout.write_all(loaded.print().as_bytes())?;
    }
    let source = check.config.path().map_or_else(
        || "defaults and environment".to_owned(),
        |path| path.display().to_string(),
    );
    writeln!(io::stderr(), "ok: {source}: the configuration is in order")?;
    Ok(Exit::Ok.into())
}
