//! `gatepost policy activate`: a person puts a set in force, on record.

use std::process::ExitCode;

use serde_json::Value;

use crate::cli::{ConfigFile, Exit, office};
use crate::control::command::Command;
use crate::ledger::text::visible;

/// `policy activate`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatepost policy activate 3f1c09aa --reason 'back to the rules of Monday, incident 42'\n  gatepost policy activate 3f1c09aa --drop-guarantee payroll --reason 'payroll moved out'\n\nThe set is checked again: its text, and its certificate or a proof made now. It is in force when the command returns, or when the\nserver starts, and stays so until `gatepost policy unpin`.\nExit code 2: there is no such set, or it loses guarantees that are not named. Exit code 5: it is not proven."
)]
pub(super) struct Activate {
    #[command(flatten)]
    config: ConfigFile,
    /// Its digest, or the first eight or more digits of it
    digest: String,
    /// A guarantee of the set in force that is given up; several with commas, or the flag once for each
    #[arg(
        long = "drop-guarantee",
        value_name = "NAME",
        env = "GATEPOST_DROP_GUARANTEE",
        value_delimiter = ','
    )]
    drop_guarantees: Vec<String>,
    /// What for; goes into the decision log
    #[arg(long, env = "GATEPOST_REASON")]
    reason: String,
}

pub(super) fn run(activate: Activate) -> anyhow::Result<ExitCode> {
    let Activate {
        config,
        digest,
        drop_guarantees,
        reason,
    } = activate;
    let command = Command::PolicyActivate {
        digest,
        drop_guarantees,
        reason,
    };
    let answer = office::execute(&config.load()?, command)?;
    let refused = &answer["refused"];
    if !refused.is_null() {
        return Ok(tell(refused).into());
    }
    println!("in force and pinned: {}", text(&answer["digest"]));
    Ok(Exit::Ok.into())
}

/// Why the set cannot be in force, and how the program ends for it.
fn tell(refused: &Value) -> Exit {
    for fault in refused["errors"].as_array().into_iter().flatten() {
        let place = match fault["line"].as_u64() {
            Some(line) => format!("{}:{line}", text(&fault["file"])),
            None => text(&fault["file"]),
        };
        eprintln!("{place}: {}", text(&fault["message"]));
        if fault["help"].is_string() {
            eprintln!("  help: {}", text(&fault["help"]));
        }
        if fault["counterexample"].is_object() {
            eprintln!("  {}", visible(&fault["counterexample"].to_string()));
        }
    }
    eprintln!("refused: {}", text(&refused["digest"]));
    if refused["unproven"] == true {
        Exit::NotProven
    } else {
        Exit::PolicyInvalid
    }
}

fn text(value: &Value) -> String {
    visible(value.as_str().unwrap_or_default())
}
