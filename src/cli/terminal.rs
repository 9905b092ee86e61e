//! What people see: the log of the program on stderr, tables and JSON on stdout. Used by subcommands.

use std::io::{IsTerminal as _, Write as _};

use anyhow::Context as _;
use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Telemetry};
use crate::ledger::text::visible;

/// How to print a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Table,
    /// A JSON object a line.
    Json,
}

/// Starts the program's own log on stderr.
pub(super) fn start_telemetry(telemetry: &Telemetry) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&telemetry.log_filter)
        .context("`telemetry.log_filter` is not a filter")?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match telemetry.log_format {
        LogFormat::Text => lines.with_target(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log does not start: {error}"))
}

/// Prints objects: as lines of JSON, or these members of them as a table.
pub(super) fn print_list(list: &Value, columns: &[&str], format: Format) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let rows = list.as_array().map_or(&[][..], Vec::as_slice);
    if format == Format::Json {
        for row in rows {
            writeln!(out, "{row}")?;
        }
        return Ok(());
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(columns.iter().map(|column| column.replace('_', " ")));
    for row in rows {
        table.add_row(columns.iter().map(|column| cell(&row[*column])));
    }
    writeln!(out, "{table}")?;
    Ok(())
}

/// Prints one object, a member a line, or as JSON.
pub(super) fn print_object(object: &Value, format: Format) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if format == Format::Json {
        writeln!(out, "{object}")?;
        return Ok(());
    }
    for (name, value) in object.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                writeln!(out, "{name}:")?;
                for item in items {
                    writeln!(out, "  {}", visible(&item.to_string()))?;
                }
            }
            value => writeln!(out, "{name}: {}", cell(value))?,
        }
    }
    Ok(())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => visible(text),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(" "),
        other => visible(&other.to_string()),
    }
}
