//! `gatepost log query` and `tail`: which records, in which order, how many. What restricts them is never left unsaid.

use std::time::Duration;

use clap::builder::PossibleValuesParser;

use super::moment::Moment;
use super::{Format, Out, Source};
use crate::clock::Clock;
use crate::config::Environment;
use crate::decision::{Action, LIST_GROUPS};
use crate::ledger::entry::Kind;
use crate::ledger::read::{Filter, PAGE_RECORDS_MAX, Page, ReadError, Reader};

/// Rows of a table when nobody says how many.
const TABLE_RECORDS: u32 = 50;
const FOLLOW_EVERY: Duration = Duration::from_millis(500);
/// What is recorded like an action and asks no policy.
const WHOAMI: &str = "whoami";

#[derive(Debug, clap::Args)]
pub(super) struct Query {
    #[command(flatten)]
    source: Source,
    /// Not before: RFC 3339, or a span ago such as `1h`.
    #[arg(long, env = "GATEPOST_LOG_SINCE", value_name = "TIME")]
    since: Option<Moment>,
    /// Before: RFC 3339, or a span ago.
    #[arg(long, env = "GATEPOST_LOG_UNTIL", value_name = "TIME")]
    until: Option<Moment>,
    /// The caller's tenant: client key, host, cloud id or installation.
    #[arg(long, env = "GATEPOST_LOG_TENANT")]
    tenant: Option<String>,
    /// The tenant that owns what was asked for: client key, host, cloud id or installation.
    #[arg(long, env = "GATEPOST_LOG_RESOURCE_TENANT", value_name = "TENANT")]
    resource_tenant: Option<String>,
    /// Only where the two are different tenants.
    #[arg(long, env = "GATEPOST_LOG_CROSS_TENANT")]
    cross_tenant: bool,
    /// The caller's account.
    #[arg(long, env = "GATEPOST_LOG_ACCOUNT")]
    account: Option<String>,
    /// The account that the caller wished to act as.
    #[arg(long, env = "GATEPOST_LOG_ACT_AS", value_name = "ACCOUNT")]
    act_as: Option<String>,
    /// What was decided.
    #[arg(long, env = "GATEPOST_LOG_EFFECT", value_parser = ["allow", "deny"])]
    effect: Option<String>,
    /// The action, such as `getIssue`.
    #[arg(long, env = "GATEPOST_LOG_ACTION", value_parser = actions())]
    action: Option<String>,
    /// The site's host.
    #[arg(long, env = "GATEPOST_LOG_SITE")]
    site: Option<String>,
    /// The issue's key or id.
    #[arg(long, env = "GATEPOST_LOG_ISSUE")]
    issue: Option<String>,
    /// The key of the issue's project.
    #[arg(long, env = "GATEPOST_LOG_PROJECT", value_name = "KEY")]
    project: Option<String>,
    /// The code of the result.
    #[arg(long, env = "GATEPOST_LOG_CODE")]
    code: Option<String>,
    /// The kind of entry, such as `decision`.
    #[arg(long, env = "GATEPOST_LOG_KIND", value_parser = kinds())]
    kind: Option<String>,
    /// The digest of the policy set that decided: `sha256:…`.
    #[arg(long, env = "GATEPOST_LOG_POLICY_SET", value_name = "DIGEST")]
    policy_set: Option<String>,
    /// The decision's id.
    #[arg(long, env = "GATEPOST_LOG_DECISION", value_name = "ID")]
    decision: Option<String>,
    /// The request's id.
    #[arg(long, env = "GATEPOST_LOG_REQUEST", value_name = "ID")]
    request: Option<String>,
    /// The newest so many, at most 10,000. Without it JSON gives everything, a table the newest 50.
    #[arg(long, short = 'n', env = "GATEPOST_LOG_LIMIT", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: Option<u32>,
    /// Records before this place: what an earlier call named to see older ones.
    #[arg(long, env = "GATEPOST_LOG_CURSOR", value_name = "SEQ")]
    cursor: Option<u64>,
}

impl Query {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        self.tell_environment();
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
        Ok(())
    }

    fn tell_environment(&self) {
        let filters = [
            // Their text is not kept: told whenever the variable is set.
            ("SINCE", None),
            ("UNTIL", None),
            ("LIMIT", None),
            ("CURSOR", None),
            ("CROSS_TENANT", None),
            ("TENANT", self.tenant.as_deref()),
            ("RESOURCE_TENANT", self.resource_tenant.as_deref()),
            ("ACCOUNT", self.account.as_deref()),
            ("ACT_AS", self.act_as.as_deref()),
            ("EFFECT", self.effect.as_deref()),
            ("ACTION", self.action.as_deref()),
            ("SITE", self.site.as_deref()),
            ("ISSUE", self.issue.as_deref()),
            ("PROJECT", self.project.as_deref()),
            ("CODE", self.code.as_deref()),
            ("KIND", self.kind.as_deref()),
            ("POLICY_SET", self.policy_set.as_deref()),
            ("DECISION", self.decision.as_deref()),
            ("REQUEST", self.request.as_deref()),
        ];
        if let Some(told) = told(&Environment::of_process(), &filters) {
            eprintln!("{told}");
        }
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

    pub(super) async fn follow(&self) -> anyhow::Result<()> {
        self.tell_environment();
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

    pub(super) fn filter(&self) -> Filter {
        let now = Clock::system().now();
        Filter {
            since: self.since.map(|moment| moment.before(now)),
            until: self.until.map(|moment| moment.before(now)),
            tenant: self.tenant.as_deref().map(tenant),
            resource_tenant: self.resource_tenant.as_deref().map(tenant),
            cross_tenant: self.cross_tenant.then_some(true),
            account: self.account.clone(),
            act_as: self.act_as.clone(),
            effect: self.effect.clone(),
            action: self.action.clone(),
            site: self.site.as_deref().map(host),
            // Keys are recorded in upper case.
            issue: self.issue.as_deref().map(str::to_ascii_uppercase),
            project: self.project.as_deref().map(str::to_ascii_uppercase),
            code: self.code.clone(),
            kind: self.kind.clone(),
            policy_set: self.policy_set.clone(),
            decision: self.decision.clone(),
            request: self.request.clone(),
            before_seq: self.cursor,
            ..Filter::default()
        }
    }
}

/// What the variables among `filters` say: a variable that somebody exported long ago must not hide records in silence. A flag wins
/// over its variable, so a value that differs from the variable's came from a flag.
fn told(environment: &Environment, filters: &[(&str, Option<&str>)]) -> Option<String> {
    let from_there = filters.iter().filter_map(|(name, value)| {
        let variable = format!("GATEPOST_LOG_{name}");
        let text = environment.value(&variable)?;
        value
            .is_none_or(|value| value == text)
            .then(|| format!("{variable}={}", crate::ledger::text::visible(text)))
    });
    let told: Vec<_> = from_there.collect();
    (!told.is_empty()).then(|| format!("filtered by the environment: {}", told.join(" ")))
}

fn actions() -> PossibleValuesParser {
    let names = Action::ALL.into_iter().map(Action::as_str);
    names
        .chain([WHOAMI, LIST_GROUPS])
        .collect::<Vec<_>>()
        .into()
}

fn kinds() -> PossibleValuesParser {
    let kinds = Kind::ALL.iter().map(|kind| kind.as_str());
    kinds.collect::<Vec<_>>().into()
}

/// A tenant's id as it is, a site's address without what is around its host.
fn tenant(name: &str) -> String {
    if name.starts_with("https://") {
        host(name)
    } else {
        name.to_owned()
    }
}

/// `acme.atlassian.net`, also from the address that one copies out of a browser.
fn host(site: &str) -> String {
    let site = site.strip_prefix("https://").unwrap_or(site);
    site.trim_end_matches('/').to_ascii_lowercase()
}

/// The newest `limit` records in the order of the log, and where older ones begin.
pub(super) async fn newest(
    reader: &Reader,
    filter: &Filter,
    limit: u32,
) -> Result<Page, ReadError> {
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
