//! `gatepost secret`: makes the master key. The secret goes to stdout alone, so that a redirect holds it and nothing else.

use std::io::{self, Write as _};
use std::process::ExitCode;

use super::Exit;
use crate::clock::Chance;
use crate::secret::Vault;

/// `secret`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  (umask 077; gatepost secret generate > master.key)
  GATEPOST_MASTER_KEY_FILE=master.key gatepost config check

Keep a copy of the key apart from the database: without it the secrets of all sites are lost.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print a new master key, 64 hexadecimal digits
    #[command(after_help = EXAMPLES)]
    Generate,
}

/// Runs the command.
///
/// # Errors
/// If the key cannot be written.
#[expect(
    clippy::needless_pass_by_value,
    reason = "every command takes its arguments over"
)]
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Generate => generate(),
    }
}

fn generate() -> anyhow::Result<ExitCode> {
    let key = Vault::generate(&Chance::system());
    let mut stdout = io::stdout().lock();
    stdout.write_all(key.expose())?;
    stdout.write_all(b"\n")?;
    stdout.flush()?;
    writeln!(
        io::stderr(),
        "This key seals tenants' secrets at rest. Set it as GATEPOST_MASTER_KEY, or keep it in a file of mode 600 that \
         GATEPOST_MASTER_KEY_FILE names."
    )?;
    Ok(Exit::Ok.into())
}
