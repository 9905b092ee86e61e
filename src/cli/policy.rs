//! `gatepost policy`: for those who write the rules.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Subcommand;

mod activate;
mod list;
mod show;
mod unpin;
mod verdict;
mod wrap;

use verdict::{Format, Verdict};

use super::ConfigFile;
use crate::clock::Clock;
use crate::config::{ConfigError, Environment};
use crate::policy::{
    Bounds, Findings, Folder, PolicyError, Prover, Settings, Stop, Validated, Vocabulary,
    schema_text,
};

/// How long the solver may look for what refuses nothing: whoever waits for `check` writes a rule just now.
const LINTS: Duration = Duration::from_secs(10);
/// The same for one question.
const LINT_QUERY: Duration = Duration::from_secs(2);
/// Room for the recursion of Cedar and of the prover, many times what a policy within its limits takes.
const STACK_BYTES: usize = 64 * 1024 * 1024;

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
        after_help = "Examples:\n  gatepost policy check\n  gatepost policy check --config /etc/gatepost/gatepost.toml\n  gatepost policy check --policies policies --extension types.cedarschema\n  gatepost policy check --strict --format json\n\nWithout a configuration file it checks `policies` under the built-in schema.\nA fault refuses the set. A warning does not: a policy that can never match or that another makes idle (this needs the solver),\nan annotation that nothing reads, conditions in an order that makes work.\nExit code 3: a policy does not parse or validate, or with --strict there is a warning."
    )]
    Check(Check),
    /// Prove that a policy folder keeps its guarantees, without putting it in force.
    #[command(
        after_help = "Examples:\n  gatepost policy prove\n  gatepost policy prove --policies policies\n\nWhat is proven holds for every request there can be: nobody reaches another tenant's things, nobody acts as another without a\ngrant, reading never writes, no policy fails; and what the files in `guarantees/` say. Whether a\nserver would refuse the set because it loses a guarantee that is in force there, only that server knows.\nExit code 3: a policy does not parse or validate. Exit code 5: not proven; a request that shows it is printed."
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
struct Check {
    #[command(flatten)]
    source: Source,
    /// End with 3 also for a warning.
    #[arg(long, env = "GATEPOST_STRICT")]
    strict: bool,
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
    /// How to print: for people, or one JSON object.
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "text")]
    format: Format,
}

/// Runs the command.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Check(check) => examine(&check.source, Some(check.strict)),
        Command::Prove(source) => examine(&source, None),
        Command::List(list) => list::run(&list),
        Command::Show(show) => show::run(show),
        Command::Activate(activate) => activate::run(activate),
        Command::Unpin(unpin) => unpin::run(unpin),
    }
}

/// Looks at a set and tells what it found: `check`, if it is said how strictly, or `prove`.
fn examine(source: &Source, strict: Option<bool>) -> anyhow::Result<ExitCode> {
    let settings = settings(source)?;
    let mut verdict = Verdict {
        is_strict: strict.unwrap_or(false),
        ..Verdict::default()
    };
    let look = || match strict {
        Some(_) => check(source, &settings, &mut verdict),
        None => prove(source, &settings, &mut verdict),
    };
    let done = thread::scope(|scope| {
        let looking = thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, look)?;
        looking
            .join()
            .map_err(|_| io::Error::other("it did not come to an end"))
    })?;
    verdict.refused = done.err();
    verdict.print(source.format)?;
    Ok(verdict.exit().into())
}

fn check(source: &Source, settings: &Settings, verdict: &mut Verdict) -> Result<(), PolicyError> {
    let mut findings = Findings::default();
    let loaded = load(source, settings, verdict, &mut findings);
    if let Ok(set) = &loaded {
        let bounds = Bounds {
            solver: settings.solver.clone(),
            query_timeout: LINT_QUERY,
            timeout: LINTS,
        };
        findings.extend(set.findings().into());
        findings.extend(set.look(&Prover::new(bounds, Clock::system()), &Stop::default()));
    }
    verdict.findings = findings.sorted();
    loaded.map(drop)
}

fn prove(source: &Source, settings: &Settings, verdict: &mut Verdict) -> Result<(), PolicyError> {
    let set = load(source, settings, verdict, &mut Findings::default())?;
    let clock = Clock::system();
    let took = clock.stopwatch();
    let certificate = set.examine(&settings.prover(clock), &Stop::default())?;
    verdict.proof = Some((certificate, took.elapsed().as_millis()));
    Ok(())
}

/// Reads and checks the files, and notes what their texts show, also where the set is refused: often it is why.
fn load(
    source: &Source,
    settings: &Settings,
    verdict: &mut Verdict,
    findings: &mut Findings,
) -> Result<Validated, PolicyError> {
    let folder = Folder::of(settings);
    let draft = folder.draft()?;
    verdict.policy_set = Some(draft.digest().to_owned());
    findings.extend(draft.findings().into());
    let vocabulary = match &source.schema {
        None => folder.vocabulary()?,
        Some(path) => Vocabulary::replaced(&path.display().to_string(), &schema_text(path)?)?,
    };
    verdict.schema = Some(vocabulary.digest().to_owned());
    if let Some(path) = source.schema.as_ref().or(settings.extension.as_ref()) {
        findings.extend(vocabulary.findings(&path.display().to_string()).into());
    }
    let set = Validated::check(&draft, &vocabulary).map_err(|error| draft.advise(error))?;
    verdict.policies = Some(set.policy_count());
    Ok(set)
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
        solver: path("GATEPOST_POLICY_SOLVER").or(usual.solver),
        ..usual
    }
}
