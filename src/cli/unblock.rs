//! `gatepost unblock`: ends the block on exactly the account, the account on one site, the tenant or the client key that is named.

use std::process::ExitCode;

use super::block::Whom;
use super::terminal::{Format, print_object};
use super::{ConfigFile, Exit, office};
use crate::control::command::Command as Order;

/// Let an account, a tenant or a client key in again.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    whom: Whom,
    /// How to print
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "table")]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  gatepost unblock --account 557058:f58131cb
  gatepost unblock --account 557058:f58131cb --tenant acme.atlassian.net
  gatepost unblock --tenant acme.atlassian.net
  gatepost unblock --key key_019a9f3e-6c1d-7e2a-9a57-0c1de6a5b001

Name it as it was blocked: a block on all sites does not end on one of them. What else still
keeps the same account out is printed as `still_blocked_by`.";

/// Runs the command.
///
/// # Errors
/// Why it was not carried out.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let order = Order::Unblock {
        on: args.whom.into(),
    };
    let answer = office::execute(&args.config.load()?, order)?;
    print_object(&answer, args.format)?;
    Ok(Exit::Ok.into())
}
