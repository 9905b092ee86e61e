//! The command line: one file per subcommand, each with `Args` and `run`. May use every module; nothing uses it but `main.rs`.
//! Must never happen here: a decision about a request, or a secret among the flags (other users see flags in the process list).
//!
//! To add a command: a `pub mod` line, and a line in `commands!` with its sentence for `--help`.

pub mod block;
pub mod config;
mod config_file;
pub mod demo;
mod exit;
pub mod grant;
pub mod key;
pub mod log;
mod office;
pub mod policy;
pub mod secret;
pub mod serve;
pub mod standin;
pub mod tenant;
mod terminal;
pub mod token;
pub mod unblock;
mod wire;

use std::io;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

pub use config_file::ConfigFile;
pub use exit::Exit;

/// An authorization gateway between clients and the Jira sites that trust one app.
#[derive(Debug, Parser)]
#[command(name = "gatepost", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  gatepost secret generate > master.key          make the key that seals tenants' secrets
  gatepost config check --print                  see every setting and where it came from
  gatepost <command> --help                      examples of one command";

macro_rules! commands {
    ($($(#[$doc:meta])+ $name:ident => $file:ident,)+) => {
        #[derive(Debug, clap::Subcommand)]
        enum Command { $($(#[$doc])+ $name($file::Args)),+ }

        fn run(command: Command) -> anyhow::Result<ExitCode> {
            match command { $(Command::$name(args) => $file::run(args)),+ }
        }
    };
}

commands! {
    /// See it work: the story of two tenants, on one machine.
    Demo => demo,
    /// Run the gateway.
    Serve => serve,
    /// Check the configuration and show where each value came from.
    Config => config,
    /// Read the decision log.
    Log => log,
    /// Check, prove, list and activate policy sets.
    Policy => policy,
    /// Run the pretended Jira alone.
    Standin => standin,
    /// Look at tenants, suspend and resume them.
    Tenant => tenant,
    /// Keep an account, a tenant or a client key out for a time, at once.
    Block => block,
    /// Let an account, a tenant or a client key in again.
    Unblock => unblock,
    /// Let accounts act as others.
    Grant => grant,
    /// Make, list, rotate and revoke client keys.
    Key => key,
    /// Make tokens for the admin side.
    Token => token,
    /// Make the secrets that Gatepost needs.
    Secret => secret,
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        // The reader went away, as in `gatepost log query | head`: it has what it wanted.
        Err(error) if is_broken_pipe(&error) => Exit::Ok.into(),
        Err(error) => {
            eprintln!("{}", report(&error));
            Exit::of(&error).into()
        }
    }
}

/// The command line as clap knows it, for its tests and for whoever documents it.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// `error: …`, then each cause on a line of its own.
fn report(error: &anyhow::Error) -> String {
    let mut lines = vec![format!("error: {error}")];
    lines.extend(
        error
            .chain()
            .skip(1)
            .map(|cause| format!("  caused by: {cause}")),
    );
    lines.join("\n")
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kinds = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>());
    kinds
        .map(io::Error::kind)
        .any(|kind| kind == io::ErrorKind::BrokenPipe)
}
