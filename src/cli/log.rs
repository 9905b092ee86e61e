//! `gatepost log`: what was decided, for auditors. Opens the database for reading only, also while a server writes it.

use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};

use super::ConfigFile;
use crate::clock::Clock;
use crate::config::ConfigError;
use crate::db::{self, DbError};
use crate::ledger::read::{Filter, PAGE_RECORDS_MAX, Page, ReadError, Reader, Record};

mod moment;
mod show;
mod table;

use moment::Moment;
use table::Table;

/// Exit code of a mistake in the call or the configuration.
const USAGE: u8 = 2;
/// Rows of a table when nobody says how many.
const TABLE_RECORDS: u32 = 50;
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

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
    Query(Query),
    /// Show records as they are written, until interrupted.
    #[command(after_help = "Example:\n  gatepost log tail -n 10 --tenant acme")]
    Tail(Query),
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
    #[arg(long, env = "GATEPOST_FORMAT", default_value = "table")]
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

#[derive(Debug, clap::Args)]
struct Query {
    #[command(flatten)]
    source: Source,
    /// Not before: RFC 3339, or a span ago such as `1h`.
    #[arg(long, env = "GATEPOST_SINCE", value_name = "TIME")]
    since: Option<Moment>,
    /// Before: RFC 3339, or a span ago.
    #[arg(long, env = "GATEPOST_UNTIL", value_name = "TIME")]
    until: Option<Moment>,
    /// The caller's tenant.
    #[arg(long, env = "GATEPOST_TENANT")]
    tenant: Option<String>,
    /// The caller's account.
    #[arg(long, env = "GATEPOST_ACCOUNT")]
    account: Option<String>,
    /// What was decided.
    #[arg(long, env = "GATEPOST_EFFECT", value_parser = ["allow", "deny"])]
    effect: Option<String>,
    /// The action, such as `getIssue`.
    #[arg(long, env = "GATEPOST_ACTION")]
    action: Option<String>,
    /// The site's host.
    #[arg(long, env = "GATEPOST_SITE")]
    site: Option<String>,
    /// The issue's key or id.
    #[arg(long, env = "GATEPOST_ISSUE")]
    issue: Option<String>,
    /// The code of the result.
    #[arg(long, env = "GATEPOST_CODE")]
    code: Option<String>,
    /// The kind of entry, such as `decision`.
    #[arg(long, env = "GATEPOST_KIND")]
    kind: Option<String>,
    /// The decision's id.
    #[arg(long, env = "GATEPOST_DECISION", value_name = "ID")]
    decision: Option<String>,
    /// The request's id.
    #[arg(long, env = "GATEPOST_REQUEST", value_name = "ID")]
    request: Option<String>,
    /// The newest so many, at most 10,000. Without it JSON gives everything, a table the newest 50.
    #[arg(long, short = 'n', env = "GATEPOST_LIMIT", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: Option<u32>,
    /// Records before this place: what an earlier call named to see older ones.
    #[arg(long, env = "GATEPOST_CURSOR", value_name = "SEQ")]
    cursor: Option<u64>,
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
    let done = runtime.block_on(async {
        match args.command {
            Command::Query(query) => query.run().await,
            Command::Tail(query) => query.follow().await,
            Command::Show(show) => show.run().await,
        }
    });
    match done {
        Err(error) if is_usage(&error) => {
            eprintln!("error: {error:#}");
            Ok(ExitCode::from(USAGE))
        }
        // `| head` has seen enough.
        Err(error) if is_closed_pipe(&error) => Ok(ExitCode::SUCCESS),
        done => done,
    }
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

impl Query {
    async fn run(&self) -> anyhow::Result<ExitCode> {
        let reader = self.source.reader().await?;
        let mut out = Out::new(self.source.format, false);
        match (self.limit, self.source.format) {
            (None, Format::Json) => self.everything(&reader, &mut out).await?,
            (limit, _) => {
                let page = newest(&reader, &self.filter(), limit.unwrap_or(TABLE_RECORDS)).await?;
                out.records(&page.records)?;
                if let Some(next) = page.next {
                    eprintln!("there is more: see older records with `--cursor {next}`");
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Page by page, so that a log larger than memory can be read, and no further than the log reached at the start.
    async fn everything(&self, reader: &Reader, out: &mut Out) -> anyhow::Result<()> {
        let mut filter = self.filter();
        let end = reader.head().await?.saturating_add(1);
        filter.before_seq = Some(filter.before_seq.map_or(end, |cursor| cursor.min(end)));
        loop {
            let page = reader.page(&filter, PAGE_RECORDS_MAX).await?;
            out.records(&page.records)?;
            match page.next {
                Some(next) => filter.after_seq = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn follow(&self) -> anyhow::Result<ExitCode> {
        let reader = self.source.reader().await?;
        let mut out = Out::new(self.source.format, true);
        let mut filter = self.filter();
        let mut head = reader.head().await?;
        if let Some(limit) = self.limit {
            filter.before_seq = Some(head.saturating_add(1));
            out.records(&newest(&reader, &filter, limit).await?.records)?;
        }
        loop {
            tokio::time::sleep(FOLLOW_EVERY).await;
            let reached = reader.head().await?;
            filter.after_seq = Some(head);
            filter.before_seq = Some(reached.saturating_add(1));
            while let Some(next) = self.follow_page(&reader, &filter, &mut out).await? {
                filter.after_seq = Some(next);
            }
            head = reached;
        }
    }

    async fn follow_page(
        &self,
        reader: &Reader,
        filter: &Filter,
        out: &mut Out,
    ) -> anyhow::Result<Option<u64>> {
        let page = reader.page(filter, PAGE_RECORDS_MAX).await?;
        out.records(&page.records)?;
        Ok(page.next)
    }

    fn filter(&self) -> Filter {
        let now = Clock::system().now();
        Filter {
            since: self.since.map(|moment| moment.before(now)),
            until: self.until.map(|moment| moment.before(now)),
            tenant: self.tenant.clone(),
            account: self.account.clone(),
            effect: self.effect.clone(),
            action: self.action.clone(),
            site: self.site.as_deref().map(host),
            // Keys are recorded in upper case.
            issue: self.issue.as_deref().map(str::to_ascii_uppercase),
            code: self.code.clone(),
            kind: self.kind.clone(),
            decision: self.decision.clone(),
            request: self.request.clone(),
            before_seq: self.cursor,
            ..Filter::default()
        }
    }
}

/// `acme.atlassian.net`, also from the address that one copies out of a browser.
fn host(site: &str) -> String {
    let site = site.strip_prefix("https://").unwrap_or(site);
    site.trim_end_matches('/').to_ascii_lowercase()
}

/// The newest `limit` records in the order of the log, and where older ones begin.
async fn newest(reader: &Reader, filter: &Filter, limit: u32) -> Result<Page, ReadError> {
    let mut filter = Filter {
        newest_first: true,
        ..filter.clone()
    };
    let mut records = Vec::new();
    let next = loop {
        // INVARIANT: a page is never longer than what was asked for.
        let missing = limit - u32::try_from(records.len()).expect("no more than the limit");
        let page = reader.page(&filter, missing).await?;
        records.extend(page.records);
        filter.before_seq = page.next;
        if page.next.is_none() || records.len() >= limit as usize {
            break page.next;
        }
    };
    records.reverse();
    Ok(Page { records, next })
}

impl Show {
    async fn run(&self) -> anyhow::Result<ExitCode> {
        let records = self.source.reader().await?.find(&self.id).await?;
        if records.is_empty() {
            let id = crate::ledger::text::visible(&self.id);
            anyhow::bail!("nothing in the log has the id `{id}`");
        }
        let mut out = io::stdout().lock();
        for record in &records {
            match self.source.format {
                Format::Json => writeln!(out, "{}", record.json())?,
                Format::Table => write!(out, "{}", show::sheet(record))?,
            }
        }
        Ok(ExitCode::SUCCESS)
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

fn is_usage(error: &anyhow::Error) -> bool {
    let Some(ReadError::Db(database)) = error.downcast_ref() else {
        return false;
    };
    !matches!(
        database,
        DbError::Sql(_) | DbError::Stopped | DbError::Short
    )
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests;
