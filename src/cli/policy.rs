//! `gatepost policy`: for those who write the rules.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::{ConfigFile, Exit};
use crate::config::{ConfigError, Environment};
use crate::policy::{Folder, PolicyError, Settings, Validated, Vocabulary, schema_text};

/// `gatepost policy`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell whether a policy folder is in order, without putting it in force.
    #[command(
        after_help = "Examples:\n  gatepost policy check\n  gatepost policy check --config /etc/gatepost/gatepost.toml\n  gatepost policy check --policies policies --extension types.cedarschema\n\nWithout a configuration file it checks `policies` under the built-in schema.\nExit code 3: a policy does not parse or validate; each fault is shown with file and line."
    )]
    Check(Check),
}

#[derive(Debug, clap::Args)]
struct Check {
    #[command(flatten)]
    config: ConfigFile,
    /// The folder of the policy files; without it the one of the configuration.
    #[arg(long, value_name = "DIR", env = "GATEPOST_POLICIES")]
    policies: Option<PathBuf>,
    /// A schema that adds to the built-in one; without it the one of the configuration.
    #[arg(long, value_name = "FILE", env = "GATEPOST_EXTENSION")]
    extension: Option<PathBuf>,
    /// A schema in place of the built-in one and of any extension, for this analysis only.
    #[arg(
        long,
        value_name = "FILE",
        env = "GATEPOST_SCHEMA",
        conflicts_with = "extension"
    )]
    schema: Option<PathBuf>,
}

/// Runs the command.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that all subcommands have"
)]
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Command::Check(check) = &args.command;
    match load(check, &settings(check)?) {
        Ok(set) => {
            println!(
                "in order: {} policies, {}",
                set.policy_count(),
                set.digest()
            );
            Ok(Exit::Ok.into())
        }
        Err(error) => {
            show(&error);
            Ok(Exit::PolicyInvalid.into())
        }
    }
}

/// What a server with this configuration would read, but for what the flags say. Who has no configuration file writes rules all the
/// same: then nothing else of a configuration has to be in order.
fn settings(check: &Check) -> Result<Settings, ConfigError> {
    let configured = match check.config.path() {
        Some(_) => check.config.load()?.config.policy,
        None => from_environment(&Environment::of_process()),
    };
    Ok(Settings {
        directory: check.policies.clone().unwrap_or(configured.directory),
        extension: check.extension.clone().or(configured.extension),
        ..configured
    })
}

fn from_environment(environment: &Environment) -> Settings {
    let path = |name| environment.value(name).map(PathBuf::from);
    let usual = Settings::default();
    Settings {
        directory: path("GATEPOST_POLICY_DIRECTORY").unwrap_or(usual.directory),
        extension: path("GATEPOST_POLICY_EXTENSION").or(usual.extension),
        ..usual
    }
}

fn load(check: &Check, settings: &Settings) -> Result<Validated, PolicyError> {
    let folder = Folder::of(settings);
    let Some(path) = &check.schema else {
        return folder.load();
    };
    let schema = Vocabulary::replaced(&path.display().to_string(), &schema_text(path)?)?;
    Validated::check(&folder.draft()?, &schema)
}

/// Each fault with the lines that it stands in, then the count.
fn show(error: &PolicyError) {
    for fault in error.faults() {
        eprintln!("{:?}", miette::Report::new(fault.clone()));
    }
    eprintln!("refused: {} in the policy set", count(error.fault_count()));
}

fn count(faults: usize) -> String {
    match faults {
        1 => "1 fault".to_owned(),
        more => format!("{more} faults"),
    }
}
