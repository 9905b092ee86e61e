//! `gatepost policy`: for those who write the rules.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::Exit;
use crate::policy::{Folder, PolicyError, Validated, Vocabulary, schema_text};

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
        after_help = "Examples:\n  gatepost policy check\n  gatepost policy check --policies /etc/gatepost/policies\n\nExit code 3: a policy does not parse or validate; each fault is shown with file and line."
    )]
    Check(Check),
}

#[derive(Debug, clap::Args)]
struct Check {
    /// The folder of the policy files.
    #[arg(
        long,
        value_name = "DIR",
        env = "GATEPOST_POLICIES",
        default_value = "policies"
    )]
    policies: PathBuf,
    /// A schema in place of the built-in one, for this analysis only.
    #[arg(long, value_name = "FILE", env = "GATEPOST_SCHEMA")]
    schema: Option<PathBuf>,
}

/// Runs the command.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that all subcommands have"
)]
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Command::Check(check) = &args.command;
    match load(check) {
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

fn load(check: &Check) -> Result<Validated, PolicyError> {
    let folder = Folder::new(&check.policies);
    let vocabulary = match &check.schema {
        Some(path) => Vocabulary::replaced(&path.display().to_string(), &schema_text(path)?)?,
        None => Vocabulary::core(),
    };
    Validated::check(&folder.draft()?, &vocabulary)
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
