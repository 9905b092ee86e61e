//! What each door costs alone: in this process, one call after another, with the policies and the upstream of the whole corridor.
//! Times are medians of single calls; the log's is processor time of the process a record while many callers append at once.

use std::path::Path;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use gatepost::clock::{Chance, Clock};
use gatepost::config::{Config, Environment};
use gatepost::decision::{ApiVersion, Query, Reading, Wish, decide};
use gatepost::identity::Window;
use gatepost::identity::presented::{Around, Call, Presented};
use gatepost::identity::verify::Verifiers;
use gatepost::ledger::{Draft, Ledger};
use gatepost::node::{Node, Shared};
use gatepost::outbound::{ApiHost, Bounds, Outbound, TokenServer};
use gatepost::policy::Snapshot;
use gatepost::screen::Screen;
use gatepost::secret::Secret;
use gatepost::tenant::IssueRef;
use gatepost::tenant::registry::SiteAsked;
use gatepost::upstream::{self, Exchange, Jira};

use super::process::{Cores, cpu_us};
use super::signed::{self, Keys};
use super::{gatepost_server, nginx};

const CALLS: usize = 2000;
const CALLERS: usize = 32;
const ENTRIES_A_CALLER: usize = 500;
const TARGET: &str = "/sites/acme.atlassian.net/rest/api/3/issue/ACME-1";

/// The doors, and how long each took.
#[derive(Default)]
struct Laps {
    verify: Vec<Duration>,
    resolve: Vec<Duration>,
    decide: Vec<Duration>,
    screen: Vec<Duration>,
}

struct Doors {
    verifiers: Verifiers,
    shared: Shared,
    rules: Arc<Snapshot>,
    jira: Jira,
    screen: Screen,
    clock: Clock,
}

/// Walks through the doors one by one, with an issue of 4 KiB and with one of 40.
pub(crate) fn measure(folder: &Path, keys: &Keys, cores: Cores) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let mut lines = vec![
        String::new(),
        "| door | µs |".to_owned(),
        "|---|---|".to_owned(),
    ];
    for kib in [4, 40] {
        let folder = folder.join(format!("doors-{kib}"));
        std::fs::create_dir_all(&folder)?;
        let upstream = nginx::upstream(&folder, keys, kib * 1024, cores.beside)?;
        let (mut laps, log_us) = runtime.block_on(visit(&folder, keys, upstream.port))?;
        if kib == 4 {
            lines.push(row("verify the token", &mut laps.verify));
            lines.push(row("find site and issue", &mut laps.resolve));
            lines.push(row(
                "decide: question, ten policies, entry",
                &mut laps.decide,
            ));
            lines.push(format!(
                "| record, {CALLERS} callers at once | {log_us:.1} |"
            ));
        }
        let name = format!("screen an issue of {kib} KiB");
        lines.push(row(&name, &mut laps.screen));
    }
    Ok(lines.join("\n") + "\n")
}

fn row(name: &str, laps: &mut [Duration]) -> String {
    laps.sort_unstable();
    let median = laps[laps.len() / 2].as_secs_f64() * 1e6;
    format!("| {name} | {median:.1} |")
}

async fn visit(folder: &Path, keys: &Keys, upstream: u16) -> anyhow::Result<(Laps, f64)> {
    let (config, port) = gatepost_server::configure(folder, upstream)?;
    let key = (
        "GATEPOST_MASTER_KEY".to_owned(),
        gatepost_server::master_key(),
    );
    let loaded = Config::load(Some(&config), &Environment::from_iter([key]))?;
    let clock = Clock::system();
    let node = Node::start(&loaded, clock.clone(), Chance::system()).await?;
    gatepost_server::install(keys, port)?;
    let doors = Doors::of(node.shared().clone(), &clock, upstream)?;
    let mut laps = Laps::default();
    let mut draft = None;
    for _ in 0..CALLS {
        draft = Some(doors.walk(&mut laps).await?);
    }
    let log_us = record(&doors.shared.opened.ledger, draft.context("no call")?).await?;
    node.stop().await;
    Ok((laps, log_us))
}

impl Doors {
    fn of(shared: Shared, clock: &Clock, upstream: u16) -> anyhow::Result<Self> {
        let (tenants, ledger) = (&shared.opened.tenants, &shared.opened.ledger);
        let window = Window {
            leeway_s: 30,
            lifetime_s_max: 3600,
        };
        let issued = shared.opened.issued.clone();
        let verifiers = Verifiers::new(
            tenants.clone(),
            issued,
            window,
            String::new(),
            clock.clone(),
        );
        let server = TokenServer::new(&format!("http://127.0.0.1:{upstream}"))?;
        let api = ApiHost::new(&format!("http://127.0.0.1:{upstream}"))?;
        let bounds = Bounds {
            connect_timeout: Duration::from_secs(3),
            site_timeout: Duration::from_secs(20),
            site_body_bytes_max: 8 * 1024 * 1024,
        };
        let site = (
            "acme.atlassian.net".to_owned(),
            ([127, 0, 0, 1], upstream).into(),
        );
        let outbound = Outbound::new(bounds, [site].into())?;
        let to_jira = upstream::Shared::new(tenants.clone(), server, api, clock.clone());
        let jira = Jira::new(to_jira, outbound);
        Ok(Self {
            verifiers,
            rules: shared.live.current().context("no policies")?,
            screen: Screen::new(
                ledger.clone(),
                jira.clone(),
                clock.clone(),
                Chance::system(),
            ),
            jira,
            clock: clock.clone(),
            shared,
        })
    }

    async fn walk(&self, laps: &mut Laps) -> anyhow::Result<Draft> {
        let presented = Presented::Jwt(Secret::from(signed::context_token()));
        let site = SiteAsked::Site("https://acme.atlassian.net".parse()?);
        let (issue, now) = ("ACME-1".parse::<IssueRef>()?, self.clock.now());
        let wish = Wish {
            reading: Reading::new(ApiVersion::Three, None, None, None)?,
            act_as: None,
            ip: [127, 0, 0, 1].into(),
            now,
            deadline: now.plus(Duration::from_secs(30)),
            entry: gatepost::ledger::entry::Entry::default(),
        };
        let call = Call {
            method: "GET",
            target: TARGET,
        };
        let (tenants, ledger) = (&self.shared.opened.tenants, &self.shared.opened.ledger);

        let watch = self.clock.stopwatch();
        let principal = self
            .verifiers
            .verify(&presented, call, Around::nowhere())
            .await?;
        laps.verify.push(watch.elapsed());

        let watch = self.clock.stopwatch();
        let resource = tenants.resolve(tenants.find(&site, principal.tenant()), issue.into())?;
        laps.resolve.push(watch.elapsed());

        let watch = self.clock.stopwatch();
        let step = decide(self.rules.clone(), Query::new(principal, resource, wish))?;
        let ruling = step.settled()?;
        laps.decide.push(watch.elapsed());

        let draft = ruling.entry();
        let permit = ruling.seal(ledger.append(draft.clone()).await?)?;
        let answer = self.jira.send(permit, &mut Exchange::default()).await?;

        let watch = self.clock.stopwatch();
        let reply = self.screen.release(answer, &mut Vec::new()).await?;
        laps.screen.push(watch.elapsed());
        drop(reply);
        Ok(draft)
    }
}

/// Processor time of a record under load, waiting callers and all.
async fn record(ledger: &Ledger, draft: Draft) -> anyhow::Result<f64> {
    let before = cpu_us(process::id())?;
    let callers = (0..CALLERS).map(|_| {
        let (ledger, draft) = (ledger.clone(), draft.clone());
        tokio::spawn(async move {
            for _ in 0..ENTRIES_A_CALLER {
                let _receipt = ledger.append(draft.clone()).await?;
            }
            Ok::<_, gatepost::ledger::LedgerError>(())
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.map_err(|error| anyhow!(error))??;
    }
    let entries = u32::try_from(CALLERS * ENTRIES_A_CALLER)?;
    Ok((cpu_us(process::id())? - before) / f64::from(entries))
}
