//! `gatepost block`: keeps an account, a tenant or a client key out, at once and until a set time, and shows who is kept out.

use std::process::ExitCode;

use super::exit::Mistake;
use super::log::moment::span_micros;
use super::terminal::{Format, print_list, print_object};
use super::{ConfigFile, Exit, office};
use crate::control::command::{BlockedName, Command as Order};

/// Keep an account, a tenant or a client key out for a time, at once.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = EXAMPLES
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    whom: Whom,
    /// For how long from now, such as `30m`, `1h`, `7d`; `ever` is until `unblock`
    // Required unless a subcommand negates it: what nobody remembers to end would stay.
    #[arg(long = "for", env = "GATEPOST_FOR", value_name = "SPAN", value_parser = span, required = true)]
    span: Option<Span>,
    /// What for; goes into the decision log
    #[arg(long, env = "GATEPOST_REASON")]
    reason: Option<String>,
    /// How to print
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "table")]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  gatepost block --account 557058:f58131cb --for 1h --reason 'incident 42'
  gatepost block --account 557058:f58131cb --tenant acme.atlassian.net --for 7d
  gatepost block --tenant acme.atlassian.net --for ever
  gatepost block --key key_019a9f3e-6c1d-7e2a-9a57-0c1de6a5b001 --for 1h --reason 'found in a log'
  gatepost block list
  gatepost unblock --account 557058:f58131cb

In force when the command returns, also for requests under way; works while the server runs.
A block ends by itself. To block again what is blocked moves the end later, never earlier:
`unblock` first to shorten it. A blocked account can neither ask nor be acted as. Accounts are
not looked up, so check the id; `gatepost log query` shows those that asked. A key is named by
its id, as `gatepost key list` shows it, and alone; its account's other credentials stay good.
To end a key for good: `gatepost key revoke`.";

const LIST_EXAMPLES: &str = "\
Examples:
  gatepost block list
  gatepost block list --format json

Without a site, an account is kept out of all sites; without `until`, it is for ever. With a key,
that key alone is kept out, and account and site say whose it is.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Who is kept out, until when, by whom and what for
    #[command(after_help = LIST_EXAMPLES)]
    List(List),
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    config: ConfigFile,
    /// How to print
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "table")]
    format: Format,
}

/// Whom it is about.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(super) struct Whom {
    /// The account; on all sites unless `--tenant` names one
    #[arg(long, env = "GATEPOST_ACCOUNT")]
    account: Option<String>,
    /// Client key, host or cloud id; everybody of it unless `--account` names one
    #[arg(long, env = "GATEPOST_TENANT")]
    tenant: Option<String>,
    /// The id of a client key, `key_…`: it alone is kept out
    // Not GATEPOST_KEY: people keep the key itself in a variable of such a name.
    #[arg(long, env = "GATEPOST_KEY_ID", value_name = "ID", conflicts_with_all = ["account", "tenant"])]
    key: Option<String>,
}

impl From<Whom> for BlockedName {
    fn from(whom: Whom) -> Self {
        Self {
            account: whom.account,
            tenant: whom.tenant,
            key: whom.key,
        }
    }
}

/// How long a block lasts.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// Nothing is for ever.
    us: Option<u64>,
}

fn span(text: &str) -> Result<Span, String> {
    if text == "ever" {
        return Ok(Span { us: None });
    }
    let micros = span_micros(text).and_then(|micros| u64::try_from(micros).ok());
    let us = micros.filter(|micros| *micros > 0);
    let us = us.ok_or("write a span such as `30m`, `1h`, `7d`, or `ever`")?;
    Ok(Span { us: Some(us) })
}

const COLUMNS: [&str; 7] = [
    "account", "site", "tenant", "key", "until", "made_by", "reason",
];

/// Runs the command.
///
/// # Errors
/// Why it was not carried out.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(Command::List(List { config, format })) = args.command {
        let answer = office::execute(&config.load()?, Order::BlockList {})?;
        print_list(&answer, &COLUMNS, format)?;
        return Ok(Exit::Ok.into());
    }
    // A block that is not made must never end like one that is.
    let missing = || Mistake("say how long: `--for 1h`, or `--for ever`".to_owned());
    let order = Order::Block {
        on: args.whom.into(),
        span_us: args.span.ok_or_else(missing)?.us,
        reason: args.reason,
    };
    let answer = office::execute(&args.config.load()?, order)?;
    print_object(&answer, args.format)?;
    Ok(Exit::Ok.into())
}
