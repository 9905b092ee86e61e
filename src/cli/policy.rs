//! `gatepost policy`: for those who write the rules.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

mod activate;
mod list;
mod show;
mod unpin;

use super::{ConfigFile, Exit};
use crate::clock::Clock;
use crate::config::{ConfigError, Environment};
use crate::policy::{Folder, PolicyError, Settings, Stop, Validated, Vocabulary, schema_text};

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
    Check(Source),
    /// Prove that a policy folder keeps its guarantees, without putting it in force.
    #[command(
        after_help = "Examples:\n  gatepost policy prove\n  gatepost policy prove --policies policies\n\nWhat is proven holds for every request there can be: nobody reaches another tenant's things, nobody acts as another without a\ngrant, reading never writes, no policy fails; and what the files in `guarantees/` say.\nExit code 3: a policy does not parse or validate. Exit code 5: not proven; a request that shows it is printed."
    )]
    Prove(Source),
    /// Policy sets that were kept, newest first.
    List(list::List),
    /// One policy set: who wrote it, what is proven of it, when it was in force.
    Show(show::Show),
    /// Put a policy set in force and pin it: what the folder says waits until `policy unpin`.
    Activate(activate::Activate),
    /// Let the policy folder decide again.
    Unpin(unpin::Unpin),
}

#[derive(Debug, clap::Args)]
struct Source {
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
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Check(source) => examine(&source, false),
        Command::Prove(source) => examine(&source, true),
        Command::List(list) => list::run(&list),
        Command::Show(show) => show::run(show),
        Command::Activate(activate) => activate::run(activate),
        Command::Unpin(unpin) => unpin::run(unpin),
    }
}

fn examine(source: &Source, is_proof: bool) -> anyhow::Result<ExitCode> {
    let settings = settings(source)?;
    let done = load(source, &settings).and_then(|set| {
        let (policies, digest) = (set.policy_count(), set.digest().to_owned());
        println!("in order: {policies} policies, {digest}");
        if is_proof {
            prove(&set, &settings)?;
        }
        Ok(())
    });
    match done {
        Ok(()) => Ok(Exit::Ok.into()),
        Err(error) => {
            show(&error);
            Ok(if error.is_unproven() {
                Exit::NotProven
            } else {
                Exit::PolicyInvalid
            }
            .into())
        }
    }
}

fn prove(set: &Validated, settings: &Settings) -> Result<(), PolicyError> {
    let clock = Clock::system();
    let took = clock.stopwatch();
    let certificate = set.examine(&settings.prover(clock), &Stop::default())?;
    for guarantee in &certificate.guarantees {
        println!(
            "proven: {} ({}), {}",
            guarantee.name, guarantee.kind, guarantee.title
        );
    }
    let questions = certificate.queries.len();
    println!(
        "{questions} questions to {} in {} ms",
        certificate.solver.version,
        took.elapsed().as_millis()
    );
    Ok(())
}

/// What a server with this configuration would read, but for what the flags say. Who has no configuration file writes rules all the
/// same: then nothing else of a configuration has to be in order.
fn settings(check: &Source) -> Result<Settings, ConfigError> {
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

fn load(check: &Source, settings: &Settings) -> Result<Validated, PolicyError> {
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
        if let Some(found) = fault.counterexample() {
            eprintln!("{found}\n");
        }
    }
    eprintln!("refused: {} in the policy set", count(error.fault_count()));
}

fn count(faults: usize) -> String {
    match faults {
        1 => "1 fault".to_owned(),
        more => format!("{more} faults"),
    }
}
