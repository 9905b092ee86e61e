//! What it costs a decision that a policy names a group of Jira users: with groups at hand, beside the same policy with a team in the
//! group's place; and when they are looked up, with the record of that.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use gatepost::clock::Clock;
use gatepost::decision::{ApiVersion, Query, Reading, Ruling, Wish, decide};
use gatepost::identity::presented::{Around, Presented};
use gatepost::identity::verify::Verifiers;
use gatepost::ledger::entry::Entry;
use gatepost::outbound::{ApiHost, TokenServer};
use gatepost::policy::{
    Draft, Live, Proof, ProofMode, Settings, Snapshot, Stop, Validated, Vocabulary,
};
use gatepost::secret::Secret;
use gatepost::standin::{Site, Standin};
use gatepost::tenant::IssueRef;
use gatepost::tenant::registry::SiteAsked;
use gatepost::upstream::{self, Jira, Memberships};
use serde_json::json;

use super::beside::{self, Beside};
use super::cost::{cost, median};
use super::filled::{self, Filled};
use super::{CALL, Figures};

const GROUP: &str = "276f955c-63d7-42c8-9520-92d01dca0625";
const DECISIONS: u32 = 20_000;
const BATCHES: usize = 5;
/// Accounts that are looked up, each once.
const LOOKED_UP: u32 = 3_000;

pub(super) async fn measure(
    filled: &Filled,
    jira: &Standin,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let site = jira.site("globex");
    let tenant = site.client_key();
    let owner = (tenant.as_str(), site.shared_secret());
    let install = filled::install(&filled.clock, owner, site.base_url(), site.cloud_id())?;
    filled.opened.tenants.install(install).await?;
    let rules = |who: &str, project: &str| rules(&tenant, who, project, &filled.clock);
    let (group, team) = (
        format!("Group::\"{tenant}/{GROUP}\""),
        format!("Team::\"{tenant}/staff\""),
    );
    let bench = Bench {
        filled,
        verifiers: filled.verifiers(&filled.opened.issued),
        jira: way(filled, jira)?,
        site,
    };
    bench.staff("eve");
    for (name, rules) in [
        ("decide, a policy names a team", rules(&team, "GLOBEX")?),
        (
            "decide, it names a group, of another project",
            rules(&group, "OTHER")?,
        ),
        (
            "decide, it names a group, at hand",
            rules(&group, "GLOBEX")?,
        ),
    ] {
        figures.push((name, bench.decisions(&rules).await?));
    }
    let asked = jira.requests().len();
    bench.look_ups(&rules(&group, "GLOBEX")?, figures).await?;
    let asked = jira.requests().len() - asked;
    ensure!(asked == usize::try_from(LOOKED_UP)?, "asked {asked} times");
    Ok(())
}

struct Bench<'f> {
    filled: &'f Filled,
    verifiers: Verifiers,
    jira: Jira,
    site: Site,
}

impl Bench<'_> {
    /// Makes it somebody of the site, in the group and in one more.
    fn staff(&self, account: &str) {
        self.site.activate(account);
        let other = "6e87dc72-4f1f-421f-9382-2fee8b652487";
        self.site
            .set_groups(account, &[("staff", GROUP), ("others", other)]);
    }

    /// Decisions about one account's reading, which is allowed.
    async fn decisions(&self, rules: &Arc<Snapshot>) -> anyhow::Result<f64> {
        let ledger = &self.filled.opened.ledger;
        // It has the groups looked up, where they matter.
        let ruling = self.rule(rules, self.query("eve").await?).await?;
        let receipt = ledger.append(ruling.entry()).await?;
        let _permit = ruling.seal(receipt)?;
        let mut batches = Vec::new();
        for _ in 0..=BATCHES {
            let mut queries = Vec::new();
            for _ in 0..DECISIONS {
                queries.push(self.query("eve").await?);
            }
            let rule = async |_| {
                let query = queries.pop().context("a query")?;
                let _ruling = self.rule(rules, query).await?;
                Ok(())
            };
            batches.push(cost(DECISIONS, rule).await?.0);
        }
        // The first one warms up.
        Ok(median(batches.split_off(1)))
    }

    async fn look_ups(&self, rules: &Arc<Snapshot>, figures: &mut Figures) -> anyhow::Result<()> {
        let mut queries = Vec::new();
        for number in 0..LOOKED_UP {
            let account = format!("account-{number}");
            self.staff(&account);
            queries.push(self.query(&account).await?);
        }
        let rule = async |_| {
            let query = queries.pop().context("a query")?;
            let _ruling = self.rule(rules, query).await?;
            Ok(())
        };
        let before = Beside::cpu_us()?;
        let (all, _) = cost(LOOKED_UP, rule).await?;
        let others = (Beside::cpu_us()? - before) / f64::from(LOOKED_UP);
        figures.push(("decide, it names a group, looked up first", all - others));
        figures.push((
            "the stand-in's part of that look-up, not counted in it",
            others,
        ));
        Ok(())
    }

    /// As the gateway does between its doors.
    async fn rule(&self, rules: &Arc<Snapshot>, query: Query) -> anyhow::Result<Ruling> {
        let (rules, ledger) = (rules.clone(), &self.filled.opened.ledger);
        if query.asks_for(&rules, query.action()).is_empty() {
            Ok(decide(rules, query)?.settled()?)
        } else {
            Ok(Box::pin(self.jira.decide(rules, query, ledger)).await?)
        }
    }

    async fn query(&self, account: &str) -> anyhow::Result<Query> {
        let tenants = &self.filled.opened.tenants;
        let token = Presented::Jwt(Secret::from(self.site.context_token(account)));
        let verified = self.verifiers.verify(&token, CALL, Around::nowhere());
        let principal = verified.await?;
        let asked = SiteAsked::Site(self.site.base_url().parse()?);
        let issue: IssueRef = "GLOBEX-1".parse()?;
        let named = tenants.find(&asked, principal.tenant());
        let resource = tenants.resolve(named, issue.into())?;
        let now = self.filled.clock.now();
        let wish = Wish {
            reading: Reading::new(ApiVersion::Three, None, None, None)?,
            act_as: None,
            ip: [127, 0, 0, 1].into(),
            now,
            deadline: now.plus(Duration::from_mins(5)),
            entry: Entry::default(),
        };
        Ok(Query::new(principal, resource, wish))
    }
}

/// The shipped policies, seven more that are evaluated for every request and concern nobody, and one that closes a project to all but
/// `who`: in a set without proof.
fn rules(tenant: &str, who: &str, project: &str, clock: &Clock) -> anyhow::Result<Arc<Snapshot>> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut files = Draft::read(&shipped)?.files().clone();
    let teams = (1..=7).map(|number| format!("{tenant}/team-{number}"));
    let others = teams.clone().map(|team| {
        format!(
            "@id(\"{team}\") @reason(\"Not for this team.\")\n\
             forbid (principal, action, resource) when {{ principal in Team::\"{team}\" }};\n"
        )
    });
    let one = format!(
        "@id(\"closed\") @reason(\"Not open to you.\")\n\
         forbid (principal, action, resource in Project::\"{tenant}/{project}\") unless {{ principal in {who} }};\n"
    );
    files.insert(
        "bench.cedar".to_owned(),
        others.chain([one]).collect::<String>(),
    );
    let staff = json!({"type": "Team", "id": format!("{tenant}/staff")});
    let eve =
        json!({"type": "Account", "id": format!("{tenant}/{}", gatepost::standin::account("eve"))});
    let team = |id: String| json!({"uid": {"type": "Team", "id": id}});
    let mut entities: Vec<_> = teams.map(team).collect();
    entities.push(json!({"uid": staff}));
    entities.push(json!({"uid": eve, "parents": [staff]}));
    files.insert(
        "entities.json".to_owned(),
        serde_json::Value::from(entities).to_string(),
    );
    let set = Validated::check(&Draft::from_files(files)?, &Vocabulary::core())?;
    let prover = Settings::default().prover(clock.clone());
    let waived = Proof::asked(ProofMode::Off, true, prover);
    let live = Live::new(clock.clone());
    live.publish(set.prove(&waived, &Stop::default())?, None);
    live.current().context("a set in force")
}

/// The way to the stand-in, which is asked for groups.
fn way(filled: &Filled, jira: &Standin) -> anyhow::Result<Jira> {
    let server = TokenServer::new(&jira.oauth_server())?;
    let api = ApiHost::new(&jira.api_base())?;
    let (tenants, clock) = (filled.opened.tenants.clone(), filled.clock.clone());
    let shared =
        upstream::Shared::new(tenants, server, api, clock).asking_for_groups(Memberships {
            app_key: "com.example.gatepost".to_owned(),
            age_max: Duration::from_mins(5),
            timeout: Duration::from_secs(2),
        });
    Ok(Jira::new(shared, beside::outbound(jira)?))
}
