//! `gatepost policy show`: one set that was kept.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::Value;

use crate::cli::terminal::{Format, print_object};
use crate::cli::{ConfigFile, Exit, office};
use crate::control::command::Command;
use crate::ledger::text::visible;

/// `policy show`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gatepost policy show 3f1c09aa\n  gatepost policy show sha256:3f1c09aa --files\n  gatepost policy show 3f1c09aa --certificate > certificate.json\n\nA set is named by its digest, or by the first eight or more digits of it. Its text and its certificate are checked before they\nare shown."
)]
pub(super) struct Show {
    #[command(flatten)]
    config: ConfigFile,
    /// Its digest, or the first eight or more digits of it
    digest: String,
    /// Print the text of each file
    #[arg(long, env = "GATEPOST_FILES", conflicts_with = "certificate")]
    files: bool,
    /// Print the signed certificate, as JSON
    #[arg(long, env = "GATEPOST_CERTIFICATE")]
    certificate: bool,
    /// How to print
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "table")]
    format: Format,
}

pub(super) fn run(show: Show) -> anyhow::Result<ExitCode> {
    let Show {
        config,
        digest,
        files,
        certificate,
        format,
    } = show;
    let command = Command::PolicyShow {
        digest,
        files,
        certificate,
    };
    let answer = office::execute(&config.load()?, command)?;
    if certificate {
        return print_certificate(&answer);
    }
    match answer["files"]
        .as_object()
        .filter(|_| format == Format::Table)
    {
        Some(files) => print_files(files)?,
        None => print_object(&answer, format)?,
    }
    Ok(Exit::Ok.into())
}

fn print_certificate(answer: &Value) -> anyhow::Result<ExitCode> {
    let certificate = &answer["certificate"];
    if certificate.is_null() {
        eprintln!("this set has no certificate: nothing was proven of it");
        return Ok(Exit::NotProven.into());
    }
    writeln!(std::io::stdout().lock(), "{certificate}")?;
    eprintln!("the signature is this gateway's own, and of this text");
    Ok(Exit::Ok.into())
}

fn print_files(files: &serde_json::Map<String, Value>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for (path, text) in files {
        writeln!(out, "// {}", visible(path))?;
        // Somebody else wrote it: a line at a time, so that only line ends survive.
        for line in text.as_str().unwrap_or_default().lines() {
            writeln!(out, "{}", visible(line))?;
        }
        writeln!(out)?;
    }
    Ok(())
}
