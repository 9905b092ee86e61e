//! `gatepost tenant`: the installations, the switch that turns one off, and what each takes of users' own credentials.

use std::process::ExitCode;

use super::terminal::{Format, print_list, print_object};
use super::{ConfigFile, Exit, office};
use crate::control::command::Command as Order;

/// Look at tenants, suspend and resume them, say which credentials they take.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  gatepost tenant list
  gatepost tenant show acme.atlassian.net
  gatepost tenant suspend acme.atlassian.net --reason 'incident 42'
  gatepost tenant resume acme.atlassian.net

A tenant is named by client key, host or cloud id. Works while the server runs, and is in force when the command returns.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// All installations
    #[command(after_help = EXAMPLES)]
    List(Common),
    /// One installation with its grants
    #[command(after_help = EXAMPLES)]
    Show(Named),
    /// Switch a tenant off: every request of it is refused, those under way included
    #[command(after_help = EXAMPLES)]
    Suspend(Suspend),
    /// Switch a suspended tenant on
    #[command(after_help = EXAMPLES)]
    Resume(Named),
    /// Say which credentials that Atlassian gave to users are taken at this site: none unless said so here
    #[command(after_help = CREDENTIALS)]
    Credentials(Credentials),
}

#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    config: ConfigFile,
    /// How to print
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct Named {
    #[command(flatten)]
    common: Common,
    /// Client key, host or cloud id
    tenant: String,
}

#[derive(Debug, clap::Args)]
struct Suspend {
    #[command(flatten)]
    named: Named,
    /// What for; goes into the decision log
    #[arg(long, env = "GATEPOST_REASON")]
    reason: String,
}

const CREDENTIALS: &str = "\
Examples:
  gatepost tenant credentials acme.atlassian.net --allow api_token,oauth_token
  gatepost tenant credentials acme.atlassian.net --allow api_token
  gatepost tenant credentials acme.atlassian.net --none

Users of the site then come with an API token (Basic, e-mail address and token) or an access token of OAuth 2.0
(Bearer). Each is checked at this site and used for its owner alone. What is no longer named is worth nothing when
the command returns, also for requests under way. See docs/own-credentials.md.";

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("kinds").required(true).args(["allow", "none"]))]
struct Credentials {
    #[command(flatten)]
    named: Named,
    /// The kinds, with a comma between: `api_token`, `oauth_token`
    #[arg(long, env = "GATEPOST_ALLOW", value_delimiter = ',')]
    allow: Vec<String>,
    /// No kind
    #[arg(long, env = "GATEPOST_NONE")]
    none: bool,
}

/// Runs the command.
///
/// # Errors
/// Why it was not carried out.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (common, order, is_list) = match args.command {
        Command::List(common) => (common, Order::TenantList {}, true),
        Command::Show(Named { common, tenant }) => (common, Order::TenantShow { tenant }, false),
        Command::Suspend(Suspend { named, reason }) => (
            named.common,
            Order::TenantSuspend {
                tenant: named.tenant,
                reason,
            },
            false,
        ),
        Command::Credentials(Credentials { named, allow, none }) => (
            named.common,
            Order::TenantCredentials {
                tenant: named.tenant,
                allow: if none { Vec::new() } else { allow },
            },
            false,
        ),
        Command::Resume(Named { common, tenant }) => {
            (common, Order::TenantResume { tenant }, false)
        }
    };
    let answer = office::execute(&common.config.load()?, order)?;
    if is_list {
        print_list(
            &answer,
            &["site", "state", "tenant", "cloud_id", "installed_at"],
            common.format,
        )?;
    } else {
        print_object(&answer, common.format)?;
    }
    Ok(Exit::Ok.into())
}
