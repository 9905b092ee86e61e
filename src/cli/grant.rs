//! `gatepost grant`: who may act as whom. A grant alone opens nothing: a policy must allow what it is used for.

use std::process::ExitCode;

use super::log::moment::span_micros;
use super::terminal::{Format, print_list, print_object};
use super::{ConfigFile, Exit, office};
use crate::clock::{Clock, Timestamp};
use crate::control::command::Command as Order;

/// Let accounts act as others, and take that back.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  gatepost grant create --tenant acme.atlassian.net --account ann --act-as bob --actions read --reason 'holiday cover'
  gatepost grant create --tenant acme.atlassian.net --account ann --act-as bob --actions getIssue \\
      --until 2026-12-24T12:00:00Z --reason 'support case 7'
  gatepost grant create --tenant acme.atlassian.net --account ann --act-as bob --actions read --for 2h --reason 'case 8'
  gatepost grant list --tenant acme.atlassian.net
  gatepost grant revoke grant_019a9f3e-6c1d-7e2a-9a57-0c1de6a5b001

A grant says who may act as whom; that it is used at all needs a policy of your own (see policies/90-examples.cedar). People give
grants to act as themselves on the app's page in Jira, and so do the administrators of a site for others.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Give a grant; its id goes to stdout
    #[command(after_help = EXAMPLES)]
    Create(Create),
    /// The grants in force
    #[command(after_help = EXAMPLES)]
    List(List),
    /// Take a grant back; requests under way that act under it end
    #[command(after_help = EXAMPLES)]
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    config: ConfigFile,
    /// Client key, host or cloud id
    #[arg(long, env = "GATEPOST_TENANT")]
    tenant: String,
    /// The account that may act
    #[arg(long, env = "GATEPOST_ACCOUNT")]
    account: String,
    /// The account that it may act as
    #[arg(long, env = "GATEPOST_ACT_AS")]
    act_as: String,
    /// Actions or groups of them, with commas between
    #[arg(long, env = "GATEPOST_ACTIONS", value_delimiter = ',', required = true)]
    actions: Vec<String>,
    /// Until when, RFC 3339; for ever if missing
    #[arg(long, env = "GATEPOST_UNTIL", value_name = "TIME")]
    until: Option<String>,
    /// For how long from now, such as `2h`, in place of `--until`
    #[arg(
        long = "for",
        env = "GATEPOST_FOR",
        value_name = "SPAN",
        value_parser = span,
        conflicts_with = "until"
    )]
    span_micros: Option<i64>,
    /// What for; goes into the decision log
    #[arg(long, env = "GATEPOST_REASON")]
    reason: String,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    config: ConfigFile,
    /// Only this tenant's
    #[arg(long, env = "GATEPOST_TENANT")]
    tenant: Option<String>,
    /// How to print
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    #[command(flatten)]
    config: ConfigFile,
    /// The grant's id
    grant: String,
}

const COLUMNS: [&str; 8] = [
    "id", "tenant", "account", "act_as", "actions", "until", "given_by", "reason",
];

fn span(text: &str) -> Result<i64, String> {
    let micros = span_micros(text).filter(|micros| *micros > 0);
    micros.ok_or_else(|| "write a span such as `90m`, `2h`, `7d`".to_owned())
}

fn from_now(micros: i64) -> String {
    let now = Clock::system().now().micros();
    Timestamp::from_micros(now.saturating_add(micros)).rfc3339()
}

/// Runs the command.
///
/// # Errors
/// Why it was not carried out.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Create(create) => {
            let Create {
                config,
                tenant,
                account,
                act_as,
                actions,
                until,
                span_micros,
                reason,
            } = create;
            let until = until.or_else(|| span_micros.map(from_now));
            let order = Order::GrantCreate {
                tenant,
                account,
                act_as,
                actions,
                until,
                reason,
            };
            let answer = office::execute(&config.load()?, order)?;
            println!("{}", answer["id"].as_str().unwrap_or_default());
        }
        Command::List(List {
            config,
            tenant,
            format,
        }) => {
            let answer = office::execute(&config.load()?, Order::GrantList { tenant })?;
            print_list(&answer, &COLUMNS, format)?;
        }
        Command::Revoke(Revoke { config, grant }) => {
            let answer = office::execute(&config.load()?, Order::GrantRevoke { grant })?;
            print_object(&answer, Format::Table)?;
        }
    }
    Ok(Exit::Ok.into())
}
