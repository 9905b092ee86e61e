//! `gatepost log`: what was decided, for auditors. Opens the database for reading only, also while a server writes it.

use std::io::{self, IsTerminal as _, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};

use super::exit::Mistake;
use super::{ConfigFile, Exit};
use crate::config::ConfigError;
use crate::db;
use crate::ledger::read::{Reader, Record};

pub(super) mod moment;
mod query;
mod show;
mod table;

use query::Query;
use table::Table;

/// Read the decision log.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the records that match, in the order of the log.
    #[command(
        after_help = "Examples:\n  gatepost log query --effect deny --since 1h\n  gatepost log query --issue ACME-1 --format json | jq .code"
    )]
    Query(Box<Query>),
    /// Show records as they are written, until interrupted.
    #[command(after_help = "Example:\n  gatepost log tail -n 10 --tenant acme.atlassian.net")]
    Tail(Box<Query>),
    /// Show everything about a decision, a request or a place in the log, with what is linked to it.
    #[command(after_help = "Examples:\n  gatepost log show 17\n  gatepost log show 019a9f3e-…")]
    Show(Show),
}

#[derive(Debug, clap::Args)]
struct Source {
    #[command(flatten)]
    config: ConfigFile,
    /// The database; without it the one of the configuration.
    #[arg(
        long,
        alias = "database",
        env = "GATEPOST_LOG_DATABASE",
        value_name = "URL"
    )]
    database_url: Option<String>,
    /// How to print: a table for people, or a JSON object a line.
    #[arg(long, env = "GATEPOST_LOG_FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

#[derive(Debug, clap::Args)]
struct Show {
    #[command(flatten)]
    source: Source,
    /// A decision's id, a request's id, or a place in the log.
    id: String,
}

/// Runs `gatepost log`.
///
/// # Errors
/// What went wrong, with its cause.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime does not start")?;
    runtime.block_on(async {
        match args.command {
            Command::Query(query) => query.run().await?,
            Command::Tail(query) => query.follow().await?,
            Command::Show(show) => show.run().await?,
        }
        Ok(Exit::Ok.into())
    })
}

impl Source {
    async fn reader(&self) -> anyhow::Result<Reader> {
        Ok(Reader::open(&self.database()?).await?)
    }

    /// Where the log is. Who names a database needs no configuration: it may be a copy on an auditor's machine.
    fn database(&self) -> Result<db::Settings, ConfigError> {
        match &self.database_url {
            Some(url) => Ok(db::Settings { url: url.clone() }),
            None => Ok(self.config.load()?.config.database),
        }
    }
}

impl Show {
    async fn run(&self) -> anyhow::Result<()> {
        let records = self.source.reader().await?.find(&self.id).await?;
        if records.is_empty() {
            let id = crate::ledger::text::visible(&self.id);
            return Err(Mistake(format!("nothing in the log has the id `{id}`")).into());
        }
        let mut out = io::stdout().lock();
        for record in &records {
            match self.source.format {
                Format::Json => writeln!(out, "{}", record.json())?,
                Format::Table => write!(out, "{}", show::sheet(record))?,
            }
        }
        Ok(())
    }
}

/// Where records go.
struct Out(Option<Table>);

impl Out {
    fn new(format: Format, one_by_one: bool) -> Self {
        let coloured = io::stdout().is_terminal();
        Self((format == Format::Table).then(|| Table::new(coloured, one_by_one, width())))
    }

    fn records(&mut self, records: &[Record]) -> io::Result<()> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        match &mut self.0 {
            Some(table) => write!(out, "{}", table.rows(records))?,
            None => {
                for record in records {
                    writeln!(out, "{}", record.json())?;
                }
            }
        }
        out.flush()
    }
}

/// The terminal's columns, where there is one: what is piped or kept has the same width everywhere.
fn width() -> u16 {
    let terminal = rustix::termios::tcgetwinsize(io::stdout()).ok();
    terminal.map_or(table::WIDTH_MIN, |size| size.ws_col.max(table::WIDTH_MIN))
}

#[cfg(test)]
mod tests;
