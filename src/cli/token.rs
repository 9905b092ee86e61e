//! `gatepost token`: tokens of the admin side. A token is shown once, alone on stdout.

use std::process::ExitCode;

use super::{ConfigFile, Exit, office};
use crate::control::command::Command as Order;
use crate::control::tokens::Role;

/// Make tokens for the admin side.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a token; it is printed alone on stdout, once
    #[command(after_help = "Examples:
  gatepost token create --role operator --name prometheus > metrics.token
  curl -H \"Authorization: Bearer $(cat metrics.token)\" http://127.0.0.1:8081/metrics")]
    Create(Create),
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    config: ConfigFile,
    /// What its holder may do: auditor, security or operator
    #[arg(long, env = "GATEPOST_ROLE")]
    role: Role,
    /// Whose it is; goes into the decision log
    #[arg(long, env = "GATEPOST_NAME", default_value = "unnamed")]
    name: String,
}

/// Runs the command.
///
/// # Errors
/// Why no token was made.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Command::Create(Create { config, role, name }) = args.command;
    let answer = office::execute(&config.load()?, Order::TokenCreate { role, name })?;
    eprintln!("This token is not shown again.");
    println!("{}", answer["token"].as_str().unwrap_or_default());
    Ok(Exit::Ok.into())
}
