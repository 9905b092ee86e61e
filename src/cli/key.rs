//! `gatepost key`: client keys, for programs that ask in an account's name. A key is shown once, alone on stdout; its id, which is no
//! secret, is what all commands name it by.

use std::process::ExitCode;

use serde_json::Value;

use super::log::moment::span_micros;
use super::terminal::{Format, print_list, print_object};
use super::{ConfigFile, Exit, office};
use crate::control::command::{Command as Order, WantedKey};

/// Make, list, rotate and revoke client keys.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

const CREATE_EXAMPLES: &str = "\
Examples:
  umask 077
  gatepost key create --tenant acme.atlassian.net --account 557058:f58131cb --name ci > ci.key
  gatepost key create --tenant acme.atlassian.net --account 557058:f58131cb --name reports \\
      --for 30d --action read --network 192.0.2.0/24 --rate 60 > reports.key

The key opens what policies let the account do, and no more. Accounts are not looked up, so check
the id. A key acts as another account (`--act-as`) only while a grant lets its account do so.";

const LIST_EXAMPLES: &str = "\
Examples:
  gatepost key list
  gatepost key list --account 557058:f58131cb
  gatepost key list --tenant acme.atlassian.net --format json

Those in force first, then those that have expired or were revoked, both from the newest; 500 at
most. JSON says all of each key; nobody can show the key itself again. Keys that ended 90 days ago
may be forgotten; their records stay in the log.";

const REVOKE_EXAMPLES: &str = "\
Examples:
  gatepost key revoke key_019a9f3e-6c1d-7e2a-9a57-0c1de6a5b001
  gatepost key revoke --account 557058:f58131cb
  gatepost key revoke --tenant acme.atlassian.net

In force when the command returns, also for requests under way, and for good. `gatepost block
--key` keeps a key out for a time.";

const ROTATE_EXAMPLES: &str = "\
Examples:
  umask 077
  gatepost key rotate key_019a9f3e-6c1d-7e2a-9a57-0c1de6a5b001 > ci.key
  gatepost key rotate key_019a9f3e-6c1d-7e2a-9a57-0c1de6a5b001 --overlap 0h

The new key has the name, the account and the limits of the old one, which ends after the overlap.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key; it is printed alone on stdout, once
    #[command(after_help = CREATE_EXAMPLES)]
    Create(Create),
    /// The keys, with state, end and last use
    #[command(after_help = LIST_EXAMPLES)]
    List(List),
    /// End a key, or all of an account or a tenant, at once and for good
    #[command(after_help = REVOKE_EXAMPLES)]
    Revoke(Revoke),
    /// Make the successor of a key; it is printed alone on stdout, once
    #[command(after_help = ROTATE_EXAMPLES)]
    Rotate(Rotate),
}

#[derive(Debug, clap::Args)]
struct Create {
    #[command(flatten)]
    config: ConfigFile,
    /// Client key, host or cloud id
    #[arg(long, env = "GATEPOST_TENANT")]
    tenant: String,
    /// The account that the key is good for
    #[arg(long, env = "GATEPOST_ACCOUNT")]
    account: String,
    /// What it is called, in lists and in the decision log
    #[arg(long, env = "GATEPOST_NAME")]
    name: String,
    /// For how long from now, such as `90d`; 90 days if missing, or as long as the configuration lets keys last
    #[arg(long = "for", env = "GATEPOST_FOR", value_name = "SPAN", value_parser = span)]
    span_us: Option<u64>,
    /// Only this site, by host or URL
    #[arg(
        long = "site",
        env = "GATEPOST_SITE",
        value_name = "SITE",
        value_delimiter = ','
    )]
    sites: Vec<String>,
    /// Only these actions or groups of them, with commas between
    #[arg(
        long = "action",
        env = "GATEPOST_ACTIONS",
        value_name = "ACTION",
        value_delimiter = ','
    )]
    actions: Vec<String>,
    /// Only from these networks or addresses, with commas between
    #[arg(
        long = "network",
        env = "GATEPOST_NETWORK",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    networks: Vec<String>,
    /// Only as this account, which a grant must allow
    #[arg(long, env = "GATEPOST_ACT_AS", value_name = "ACCOUNT")]
    act_as: Option<String>,
    /// Only so many requests a minute
    #[arg(long = "rate", env = "GATEPOST_RATE", value_name = "PER_MINUTE")]
    rate_per_minute: Option<u32>,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    config: ConfigFile,
    /// Only this tenant's
    #[arg(long, env = "GATEPOST_TENANT")]
    tenant: Option<String>,
    /// Only this account's
    #[arg(long, env = "GATEPOST_ACCOUNT")]
    account: Option<String>,
    /// How to print
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    #[command(flatten)]
    config: ConfigFile,
    /// The key's id, `key_…`
    #[arg(required_unless_present_any = ["tenant", "account"], conflicts_with_all = ["tenant", "account"])]
    key: Option<String>,
    /// All keys of this tenant: client key, host, cloud id or installation
    // Not GATEPOST_TENANT, nor the account's: what stands in the environment for other commands must not end all keys.
    #[arg(long, env = "GATEPOST_REVOKE_TENANT")]
    tenant: Option<String>,
    /// All keys of this account; on all sites unless `--tenant` names one
    #[arg(long, env = "GATEPOST_REVOKE_ACCOUNT")]
    account: Option<String>,
    /// How to print
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Rotate {
    #[command(flatten)]
    config: ConfigFile,
    /// The id of the key that it comes after, `key_…`
    key: String,
    /// How long both keys are good, such as `1h`, `7d`
    #[arg(long, env = "GATEPOST_OVERLAP", value_name = "SPAN", value_parser = overlap, default_value = "24h")]
    overlap: u64,
    /// How long the new key is good from now, such as `90d`; as long as the old one was made for if missing
    #[arg(long = "for", env = "GATEPOST_FOR", value_name = "SPAN", value_parser = span)]
    span_us: Option<u64>,
}

const COLUMNS: [&str; 7] = [
    "id",
    "name",
    "site",
    "account",
    "state",
    "expires_at",
    "last_used_at",
];

/// As many as a list holds at most.
const LISTED_MAX: usize = 500;

fn span(text: &str) -> Result<u64, String> {
    let micros = overlap(text).ok().filter(|micros| *micros > 0);
    micros.ok_or_else(|| "write a span such as `8h`, `30d`, `90d`".to_owned())
}

fn overlap(text: &str) -> Result<u64, String> {
    let micros = span_micros(text).and_then(|micros| u64::try_from(micros).ok());
    micros.ok_or_else(|| "write a span such as `1h`, `24h`, `7d`, or `0h` for none".to_owned())
}

/// Runs the command.
///
/// # Errors
/// Why it was not carried out.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Create(create) => {
            let (config, new) = create.wanted();
            let made = office::execute(&config.load()?, Order::KeyCreate { new })?;
            show(&made);
        }
        Command::List(List {
            config,
            tenant,
            account,
            format,
        }) => {
            let order = Order::KeyList { tenant, account };
            let answer = office::execute(&config.load()?, order)?;
            print_list(&answer, &COLUMNS, format)?;
            if answer
                .as_array()
                .is_some_and(|keys| keys.len() >= LISTED_MAX)
            {
                eprintln!(
                    "There may be more keys: these are {LISTED_MAX}, those in force first. `--tenant` and `--account` narrow."
                );
            }
        }
        Command::Revoke(Revoke {
            config,
            key,
            tenant,
            account,
            format,
        }) => {
            let order = match key {
                Some(key) => Order::KeyRevoke { key },
                None => Order::KeyRevokeAll { tenant, account },
            };
            let answer = office::execute(&config.load()?, order)?;
            print_object(&answer, format)?;
        }
        Command::Rotate(Rotate {
            config,
            key,
            overlap,
            span_us,
        }) => {
            let order = Order::KeyRotate {
                key,
                overlap_us: overlap,
                span_us,
            };
            let made = office::execute(&config.load()?, order)?;
            show(&made);
            let end = made["old_expires_at"].as_str().unwrap_or_default();
            eprintln!("The old key is good until {end}.");
        }
    }
    Ok(Exit::Ok.into())
}

impl Create {
    fn wanted(self) -> (ConfigFile, WantedKey) {
        let wanted = WantedKey {
            tenant: self.tenant,
            account: self.account,
            name: self.name,
            span_us: self.span_us,
            sites: self.sites,
            actions: self.actions,
            networks: self.networks,
            act_as: self.act_as,
            rate_per_minute: self.rate_per_minute,
        };
        (self.config, wanted)
    }
}

/// The key alone where a file or a pipe takes it; what may be seen by everybody beside it.
fn show(made: &Value) {
    let told = |member: &str| made[member].as_str().unwrap_or_default();
    let (id, account, site) = (told("id"), told("account"), told("site"));
    eprintln!("This key is not shown again. It is `{id}`, of account `{account}` on {site}.");
    eprintln!("It is good until {}.", told("expires_at"));
    println!("{}", told("key"));
}
