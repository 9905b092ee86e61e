//! Groups of Jira users: asked for where they matter, on record before that, kept for so long and no longer; unknown, a denial.

use std::time::Duration;

use gatepost::control::command::Command;
use gatepost::standin::{Fault, Role, account};
use serde_json::{Value, json};

use super::doors::{BREAK, execute};
use super::{ACME_1, act_as_grant, lines};
use crate::decision::groups::{LEAVERS, STAFF};
use crate::world::{Answer, World, until};

const ON: &str = "policy.jira_groups = true";
const GROUPS: &str = "/rest/api/3/user/groups?accountId=";
const GLOBEX_1: &str = "/v1/issue?site=https://globex.atlassian.net&issue=GLOBEX-1";

const STAFF_ONLY: &str = r#"@id("staff-only") @reason("Staff only.") forbid (principal, action, resource in Project::"T/ACME")
    unless { principal in Group::"T/276f955c-63d7-42c8-9520-92d01dca0625" };"#;
const NO_LEAVERS: &str = r#"@id("no-leavers") @reason("You left.")
    forbid (principal in Group::"T/6e87dc72-4f1f-421f-9382-2fee8b652487", action, resource is Issue);"#;

/// A world with these rules for acme, `T` being its name, in which Jira is asked for groups.
async fn world(rules: &str) -> World {
    with(ON, rules).await
}

async fn with(settings: &str, rules: &str) -> World {
    let world = World::builder().settings(settings).start().await;
    let tenant = format!("\"{}/", world.site("acme").client_key());
    let rules = rules.replace("\"T/", &tenant);
    world.edit_policy("40-groups.cedar", &rules).await;
    world.jira.clear_requests();
    world
}

/// What Jira was asked for groups, by account.
fn looked_up(world: &World) -> Vec<String> {
    let seen = world.jira_saw();
    let asked = seen.iter().filter_map(|target| target.strip_prefix(GROUPS));
    asked.map(|account| account.replace("%3A", ":")).collect()
}

/// The records of look-ups, oldest first.
async fn look_ups(world: &World) -> Vec<Value> {
    let mut log = world.log().await;
    log.retain(|record| record["kind"] == "lookup");
    log
}

/// The status and the code.
fn said(answer: &Answer) -> (u16, String) {
    let code = answer.json()["code"].as_str().unwrap_or("-").to_owned();
    (answer.status, code)
}

async fn ann_reads(world: &World) -> (u16, String) {
    said(&world.get(ACME_1, &world.token("acme", "ann")).await)
}

fn unknown() -> (u16, String) {
    (503, "groups_unknown".to_owned())
}

fn read() -> (u16, String) {
    (200, "-".to_owned())
}

fn denied() -> (u16, String) {
    (403, "policy_denied".to_owned())
}

#[tokio::test]
async fn who_is_in_the_group_reads_and_nobody_else() {
    let world = world(STAFF_ONLY).await;
    let acme = world.site("acme");
    acme.set_groups("ann", &[("staff", STAFF), ("others", LEAVERS)]);
    acme.set_groups("bob", &[("others", LEAVERS)]);
    assert_eq!(ann_reads(&world).await, read());
    let bob = world.get(ACME_1, &world.token("acme", "bob")).await;
    assert_eq!(said(&bob), denied());
    assert_eq!(bob.json()["detail"], "Staff only.");
    assert_eq!(looked_up(&world), [account("ann"), account("bob")]);
    let asked = world.seen(Role::Jira);
    assert_eq!(asked[0].host, "acme.atlassian.net");
    assert_eq!(
        (asked[0].status, asked[0].authorization_kind.as_deref()),
        (200, Some("JWT"))
    );
}

#[tokio::test]
async fn a_look_up_is_on_record_before_the_decision_that_waits_for_it() {
    let world = world(STAFF_ONLY).await;
    world.site("acme").set_groups("ann", &[("staff", STAFF)]);
    let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let look_up = look_ups(&world).await.pop().unwrap();
    let decision = world.decisions().await.swap_remove(0);
    assert!(look_up["seq"].as_u64() < decision["seq"].as_u64());
    for member in [
        "decision_id",
        "request_id",
        "tenant",
        "account",
        "policy_set",
        "site",
    ] {
        assert_eq!(look_up[member], decision[member], "{member}");
    }
    assert_eq!(look_up["decision_id"], answer.decision_id());
    assert_eq!(look_up["action"], "listGroups");
    assert_eq!(
        look_up["resource"],
        json!({"type": "account", "id": account("ann")})
    );
    assert_eq!(
        (&look_up["effect"], &look_up["outcome"]),
        (&Value::Null, &Value::Null)
    );
    // The replay data is masked when it is read; what is in it, it says on the disk.
    let replay = replay_of(&world, answer.decision_id()).await;
    let of = json!({account("ann"): [STAFF]});
    assert_eq!(
        replay["groups"]["known"],
        json!({"asked": [STAFF], "of": of})
    );
}

/// The replay data of a decision, as it is stored.
async fn replay_of(world: &World, decision_id: &str) -> Value {
    let text: String = sqlx::query_scalar(
        "SELECT body ->> '$.entry.replay' FROM ledger_entries WHERE body ->> '$.entry.decision_id' = ?1 AND body ->> '$.entry.kind' = 'decision'",
    )
    .bind(decision_id)
    .fetch_one(world.node.shared().opened.db.reads())
    .await
    .unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn who_leaves_a_group_is_in_it_until_the_answer_is_too_old() {
    let world = with(
        &format!("{ON}\npolicy.jira_groups_age_s_max = 60"),
        STAFF_ONLY,
    )
    .await;
    let acme = world.site("acme");
    acme.set_groups("ann", &[("staff", STAFF)]);
    assert_eq!(ann_reads(&world).await, read());
    acme.set_groups("ann", &[]);
    world.clock.advance(Duration::from_secs(59));
    assert_eq!(ann_reads(&world).await, read());
    assert_eq!(looked_up(&world).len(), 1);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(ann_reads(&world).await, denied());
    assert_eq!(looked_up(&world).len(), 2);
    // And the other way round: who comes into a group waits as long.
    acme.set_groups("ann", &[("staff", STAFF)]);
    assert_eq!(ann_reads(&world).await, denied());
    world.clock.advance(Duration::from_mins(1));
    assert_eq!(ann_reads(&world).await, read());
}

#[tokio::test]
async fn a_forbid_for_a_group_never_ends_silently() {
    let world = world(NO_LEAVERS).await;
    let acme = world.site("acme");
    acme.set_groups("ann", &[("leavers", LEAVERS)]);
    world.jira.set_fault(Role::Jira, Some(Fault::Status(500)));
    assert_eq!(ann_reads(&world).await, unknown());
    assert_eq!(world.jira_saw().len(), 1, "nothing but the look-up");
    world.jira.set_fault(Role::Jira, None);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(ann_reads(&world).await, denied());
    // Groups of globex are named nowhere: nothing is asked there.
    let eve = world.get(GLOBEX_1, &world.token("globex", "eve")).await;
    assert_eq!(eve.status, 200, "{}", eve.text);
    assert_eq!(looked_up(&world).len(), 2);
}

#[tokio::test]
async fn an_answer_that_is_none_is_unknown_and_says_why_in_the_log() {
    let settings = format!("{ON}\n[limits]\njira_groups_timeout_ms = 700");
    let world = with(&settings, STAFF_ONLY).await;
    let told = |text: &str| Fault::Instead(text.to_owned());
    let faults = [
        (Fault::Status(401), "status_401"),
        (Fault::Status(403), "status_403"),
        (Fault::Status(404), "status_404"),
        (Fault::Status(500), "status_500"),
        (Fault::Status(302), "status_302"),
        (
            Fault::Redirect("https://globex.atlassian.net/".to_owned()),
            "status_307",
        ),
        (Fault::RateLimited { retry_after_s: 1 }, "limited"),
        (Fault::Hang, "slow"),
        (Fault::Delay(Duration::from_mins(1)), "slow"),
        (Fault::CloseConnection, "unreachable"),
        (Fault::Truncated, "unreachable"),
        (Fault::NotJson, "malformed"),
        (Fault::Oversized(2_000_000), "malformed"),
        (Fault::Inflating(1_500_000), "malformed"),
        (told("null"), "malformed"),
        (told(r#"[{"groupId":null,"name":"staff"}]"#), "malformed"),
        (told(r#"[{"name":"staff"}]"#), "malformed"),
    ];
    for (fault, why) in faults {
        world.jira.clear_requests();
        world.jira.set_fault(Role::Jira, Some(fault.clone()));
        let answer = world.get(ACME_1, &world.token("acme", "ann")).await;
        assert_eq!(said(&answer), unknown(), "{fault:?}");
        assert_eq!(answer.header("retry-after"), "2", "{fault:?}");
        let detail = answer.json()["detail"].clone();
        assert_eq!(
            detail,
            "The rules ask for your Jira groups, and these are not known now."
        );
        assert_eq!(
            world.jira_saw().len(),
            1,
            "{fault:?}: nothing but the look-up"
        );
        let record = world.decisions().await.pop().unwrap();
        assert_eq!(record["detail"]["groups_unknown"], why, "{fault:?}");
        assert_eq!(
            (&record["effect"], &record["denied_by"], &record["stage"]),
            (&json!("deny"), &json!("groups"), &json!("policy"))
        );
        world.clock.advance(Duration::from_secs(1));
    }
    world.jira.set_fault(Role::Jira, None);
    world.site("acme").set_groups("ann", &[("staff", STAFF)]);
    assert_eq!(ann_reads(&world).await, read());
}

#[tokio::test]
async fn a_jira_that_fails_is_left_alone_for_a_while() {
    let world = world(STAFF_ONLY).await;
    world.site("acme").set_groups("ann", &[("staff", STAFF)]);
    world
        .jira
        .set_fault_times(Role::Jira, Fault::Status(503), 1);
    for _ in 0..3 {
        assert_eq!(ann_reads(&world).await, unknown());
    }
    assert_eq!(looked_up(&world).len(), 1);
    assert_eq!(
        look_ups(&world).await.len(),
        1,
        "what is not asked is not recorded"
    );
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(ann_reads(&world).await, read());
    // After a limit as long as Jira says.
    world.clock.advance(Duration::from_mins(5));
    let limited = Fault::RateLimited { retry_after_s: 30 };
    world.jira.set_fault_times(Role::Jira, limited, 1);
    assert_eq!(ann_reads(&world).await, unknown());
    let asked = looked_up(&world).len();
    world.clock.advance(Duration::from_secs(29));
    assert_eq!(ann_reads(&world).await, unknown());
    // The limit is the app's on this site: nobody else is asked about either.
    let bob = world.get(ACME_1, &world.token("acme", "bob")).await;
    assert_eq!(said(&bob), unknown());
    let record = world.decisions().await.pop().unwrap();
    assert_eq!(record["detail"]["groups_unknown"], "limited");
    assert_eq!(looked_up(&world).len(), asked);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(ann_reads(&world).await, read());
}

#[tokio::test]
async fn an_answer_that_is_too_old_is_none_also_where_jira_is_down() {
    let world = world(STAFF_ONLY).await;
    world.site("acme").set_groups("ann", &[("staff", STAFF)]);
    let ann = world.token("acme", "ann");
    assert_eq!(ann_reads(&world).await, read());
    world
        .jira
        .set_fault(Role::Jira, Some(Fault::CloseConnection));
    world.clock.advance(Duration::from_secs(299));
    assert_eq!(check(&world, &ann, "ACME-1").await, "allowed");
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(check(&world, &ann, "ACME-1").await, "groups_unknown");
    assert_eq!(ann_reads(&world).await, unknown());
}

#[tokio::test]
async fn an_answer_that_was_too_long_in_coming_is_none() {
    let settings = format!("{ON}\npolicy.jira_groups_age_s_max = 1");
    let world = with(&settings, STAFF_ONLY).await;
    world.site("acme").set_groups("ann", &[("staff", STAFF)]);
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let released = async {
        until("groups are asked for", || world.jira_saw().len() == 1).await;
        world.clock.advance(Duration::from_secs(1));
        world.jira.set_fault(Role::Jira, None);
    };
    let (answer, ()) = tokio::join!(ann_reads(&world), released);
    assert_eq!(answer, unknown());
    let record = world.decisions().await.pop().unwrap();
    assert_eq!(record["detail"]["groups_unknown"], "slow");
    assert_eq!(ann_reads(&world).await, read());
}

#[tokio::test]
async fn what_was_known_before_jira_answered_is_asked_for_anew_if_it_is_too_old() {
    let world = world(NO_LEAVERS).await;
    let acme = world.site("acme");
    acme.set_groups("ann", &[]);
    assert_eq!(ann_reads(&world).await, read());
    world.clock.advance(Duration::from_secs(299));
    world.jira.clear_requests();
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let by_number = ACME_1.replace("ACME-1", "10107");
    let ann = world.fresh_token("acme", "ann");
    let released = async {
        until("the issue is asked for", || world.jira_saw().len() == 1).await;
        acme.set_groups("ann", &[("leavers", LEAVERS)]);
        world.clock.advance(Duration::from_secs(1));
        world.jira.set_fault(Role::Jira, None);
    };
    let (answer, ()) = tokio::join!(world.get(&by_number, &ann), released);
    assert_eq!(answer.status, 404, "{}", answer.text);
    assert_eq!(looked_up(&world), [account("ann")]);
}

/// The code of the answer to a check.
async fn check(world: &World, token: &str, issue: &str) -> String {
    let authorization = format!("JWT {token}");
    let body = json!({"issue": issue});
    let answer = world
        .send_json("POST", "/v1/check", &authorization, &body)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_check_asks_nobody() {
    let world = world(STAFF_ONLY).await;
    world.site("acme").set_groups("ann", &[("staff", STAFF)]);
    let ann = world.token("acme", "ann");
    assert_eq!(check(&world, &ann, "ACME-1").await, "groups_unknown");
    assert_eq!(check(&world, &ann, "SECRET-7").await, "allowed");
    assert!(world.nothing_left());
    assert_eq!(ann_reads(&world).await, read());
    world.jira.clear_requests();
    assert_eq!(check(&world, &ann, "ACME-1").await, "allowed");
    assert!(world.nothing_left());
    assert_eq!(look_ups(&world).await.len(), 1);
}

#[tokio::test]
async fn switched_off_it_is_unknown_and_nobody_is_asked() {
    let world = with("", STAFF_ONLY).await;
    world.site("acme").set_groups("ann", &[("staff", STAFF)]);
    assert_eq!(ann_reads(&world).await, unknown());
    assert!(world.nothing_left());
    let record = world.decisions().await.pop().unwrap();
    assert_eq!(record["detail"]["groups_unknown"], "off");
    assert_eq!(look_ups(&world).await.len(), 0);
}

#[tokio::test]
async fn what_is_denied_anyway_and_what_no_group_bears_on_is_not_asked_for() {
    let closed = r#"@id("closed") @reason("PAY is closed.") forbid (principal, action, resource in Project::"T/PAY");"#;
    let world = world(&[STAFF_ONLY, closed].concat()).await;
    let ann = world.token("acme", "ann");
    let secret = world.get(&ACME_1.replace("ACME-1", "SECRET-7"), &ann).await;
    assert_eq!(secret.status, 200, "{}", secret.text);
    assert_eq!(
        said(&world.get(&ACME_1.replace("ACME-1", "PAY-1"), &ann).await),
        denied()
    );
    let bob = account("bob");
    let as_bob = world.get(&format!("{ACME_1}&act_as={bob}"), &ann).await;
    assert_eq!(said(&as_bob), (403, "act_as_denied".to_owned()));
    let as_nobody = world.get(&format!("{ACME_1}&act_as=nobody"), &ann).await;
    assert_eq!(as_nobody.without_ids(), as_bob.without_ids());
    assert_eq!(looked_up(&world), [""; 0]);
    assert_eq!(look_ups(&world).await.len(), 0);
}

#[tokio::test]
async fn a_foreign_site_and_an_unknown_one_are_told_alike_and_nobody_is_asked() {
    // A separation that is itself about a group: it cannot be evaluated, and that must not show.
    let rules = r#"@id("tenant-separation") @reason("no") forbid (principal, action, resource)
        unless { principal.tenant == resource.tenant && principal in Group::"T/276f955c-63d7-42c8-9520-92d01dca0625" };"#;
    for rules in [STAFF_ONLY, NO_LEAVERS, rules] {
        let world = world(rules.trim_start()).await;
        if rules.contains("tenant-separation") {
            std::fs::remove_file(world.policies().join("00-tenant-separation.cedar")).unwrap();
            world.edit_policy("41.cedar", "").await;
        }
        let ann = world.token("acme", "ann");
        let mut told = Vec::new();
        for site in ["globex", "nobody"] {
            let target = GLOBEX_1.replace("globex", site);
            let answer = world.get(&target, &ann).await;
            assert_eq!(answer.status, 404, "{}", answer.text);
            told.push(answer.without_ids());
        }
        assert_eq!(told[0], told[1]);
        assert!(world.nothing_left());
        assert_eq!(look_ups(&world).await.len(), 0);
    }
}

#[tokio::test]
async fn the_groups_of_both_accounts_are_asked_for_where_a_grant_lets_one_act_as_the_other() {
    let rules = r#"
        @id("delegates") permit (principal, action in Action::"read", resource) when { principal.mayActAs.contains(context.actAs) };
        @id("not-as-staff") @reason("Not as staff.") forbid (principal, action, resource)
        when { context.actAs in Group::"T/276f955c-63d7-42c8-9520-92d01dca0625" } unless { context.actAs == principal };"#;
    let world = world(rules).await;
    let acme = world.site("acme");
    acme.set_groups("bob", &[("others", LEAVERS)]);
    acme.set_groups("carol", &[("staff", STAFF)]);
    for whom in ["bob", "carol"] {
        world
            .command(act_as_grant("acme.atlassian.net", "ann", whom))
            .await;
    }
    let ann = world.token("acme", "ann");
    let as_bob = format!("{ACME_1}&act_as={}", account("bob"));
    assert_eq!(said(&world.get(&as_bob, &ann).await), read());
    assert_eq!(looked_up(&world), [account("ann"), account("bob")]);
    let as_carol = format!("{ACME_1}&act_as={}", account("carol"));
    assert_eq!(said(&world.get(&as_carol, &ann).await), denied());
    assert_eq!(looked_up(&world)[2..], [account("carol")]);
    // Unknown of either is unknown; and whoever is blocked is asked about no more.
    world.clock.advance(Duration::from_mins(5));
    world
        .jira
        .set_fault_times(Role::Jira, Fault::Status(500), 1);
    assert_eq!(said(&world.get(&as_bob, &ann).await), unknown());
    assert_eq!(looked_up(&world).len(), 4);
}

#[tokio::test]
async fn many_requests_of_one_account_ask_once() {
    let world = world(STAFF_ONLY).await;
    world.site("acme").set_groups("ann", &[("staff", STAFF)]);
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let ann = world.token("acme", "ann");
    let released = async {
        until("groups are asked for", || world.jira_saw().len() == 1).await;
        world.jira.set_fault(Role::Jira, None);
    };
    let (one, two, three, four, ()) = tokio::join!(
        world.get(ACME_1, &ann),
        world.get(ACME_1, &ann),
        world.get(ACME_1, &ann),
        world.get(ACME_1, &ann),
        released,
    );
    for answer in [one, two, three, four] {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert_eq!(looked_up(&world).len(), 1);
    assert_eq!(look_ups(&world).await.len(), 1);
}

#[tokio::test]
async fn a_look_up_that_cannot_be_recorded_is_not_made() {
    let world = world(STAFF_ONLY).await;
    world.site("acme").set_groups("ann", &[("staff", STAFF)]);
    execute(&world, BREAK).await;
    assert_eq!(ann_reads(&world).await, (503, "log_unavailable".to_owned()));
    assert!(world.nothing_left());
    execute(&world, "DROP TRIGGER broken").await;
    // It is not remembered: nobody asked.
    assert_eq!(ann_reads(&world).await, read());
}

#[tokio::test]
async fn what_jira_says_after_a_revocation_is_nobodys() {
    let world = world(STAFF_ONLY).await;
    let acme = world.site("acme");
    acme.set_groups("ann", &[("staff", STAFF)]);
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let ann = world.token("acme", "ann");
    let asked = world.get(ACME_1, &ann);
    let revoked = async {
        until("groups are asked for", || world.jira_saw().len() == 1).await;
        let gone = world.deliver(&acme.uninstall(world.app_url())).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
        world.jira.set_fault(Role::Jira, None);
    };
    let (answer, ()) = tokio::join!(asked, revoked);
    assert_eq!(said(&answer), unknown());
    assert_eq!(looked_up(&world).len(), world.jira_saw().len());
    let record = world.decisions().await.pop().unwrap();
    assert_eq!(record["detail"]["groups_unknown"], "revoked");
    assert_eq!(world.get(ACME_1, &ann).await.status, 401);
    // What was kept for the former installation is not for the next one.
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(
        world.deliver(&acme.install(world.app_url())).await.status,
        204
    );
    acme.set_groups("ann", &[]);
    let before = looked_up(&world).len();
    assert_eq!(ann_reads(&world).await, denied());
    assert_eq!(looked_up(&world).len(), before + 1);
}

#[tokio::test]
async fn an_answer_that_waits_for_groups_does_not_outlive_the_grant_it_was_asked_under() {
    let secret = STAFF_ONLY.replace("T/ACME", "T/SECRET");
    let delegates = r#"@id("delegates") permit (principal, action in Action::"read", resource)
        when { principal.mayActAs.contains(context.actAs) };"#;
    let world = world(&[&secret, delegates].concat()).await;
    world.site("acme").set_groups("ann", &[("staff", STAFF)]);
    let grant = act_as_grant("acme.atlassian.net", "ann", "carol");
    let grant = world.command(grant).await["id"].clone();
    let ann = world.token("acme", "ann");
    let by_number = ACME_1.replace("ACME-1", "10107");
    let as_carol = format!("{by_number}&act_as={}", account("carol"));
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let asked = world.get(&as_carol, &ann);
    let revoked = async {
        until("the issue is asked for", || world.jira_saw().len() == 1).await;
        // The issue goes, and what is asked next is held.
        world.jira.set_fault(Role::Jira, Some(Fault::Hold));
        until("groups are asked for", || !looked_up(&world).is_empty()).await;
        let grant = grant.as_str().unwrap().to_owned();
        world.command(Command::GrantRevoke { grant }).await;
        world.jira.set_fault(Role::Jira, None);
    };
    let (answer, ()) = tokio::join!(asked, revoked);
    assert_eq!(said(&answer), (401, "unauthenticated".to_owned()));
    // Without a grant that ends, the same is read.
    world
        .command(act_as_grant("acme.atlassian.net", "ann", "carol"))
        .await;
    assert_eq!(said(&world.get(&as_carol, &ann).await), read());
}

#[tokio::test]
async fn one_person_on_two_sites_is_in_the_groups_of_each() {
    let rules = r#"@id("acme") @reason("no") forbid (principal, action, resource in Project::"T/ACME") unless { principal in Group::"T/276f955c-63d7-42c8-9520-92d01dca0625" };
        @id("globex") @reason("no") forbid (principal, action, resource in Project::"U/GLOBEX") unless { principal in Group::"U/276f955c-63d7-42c8-9520-92d01dca0625" };"#;
    let other = World::builder().settings(ON).start().await;
    let tenant = |site: &str| format!("\"{}/", other.site(site).client_key());
    let rules = rules
        .replace("\"T/", &tenant("acme"))
        .replace("\"U/", &tenant("globex"));
    other.edit_policy("40-groups.cedar", &rules).await;
    other.jira.clear_requests();
    // The very same group id on both sites; Carol is in that of acme only.
    other.site("acme").set_groups("carol", &[("staff", STAFF)]);
    other.site("globex").set_groups("carol", &[]);
    let reads = async |site: &str, target: &str| {
        said(&other.get(target, &other.token(site, "carol")).await)
    };
    assert_eq!(reads("acme", ACME_1).await, read());
    assert_eq!(reads("globex", GLOBEX_1).await, denied());
    let hosts: Vec<_> = other
        .seen(Role::Jira)
        .into_iter()
        .map(|seen| seen.host)
        .collect();
    assert!(
        hosts.contains(&"globex.atlassian.net".to_owned()),
        "{hosts:?}"
    );
    assert_eq!(looked_up(&other), [account("carol"), account("carol")]);
}

#[tokio::test]
async fn an_issue_that_turns_out_to_be_one_of_a_group_is_decided_with_its_groups() {
    let rules = STAFF_ONLY.replace("T/ACME", "T/SECRET");
    let world = world(&rules).await;
    let acme = world.site("acme");
    acme.set_groups("ann", &[("staff", STAFF)]);
    acme.set_groups("carol", &[]);
    // By its number nobody knows yet whose it is: groups are asked for once Jira has said so.
    let by_number = ACME_1.replace("ACME-1", "10107");
    let found = world.get(&by_number, &world.token("acme", "ann")).await;
    assert_eq!(found.status, 200, "{}", found.text);
    assert_eq!(found.json()["key"], "SECRET-7");
    assert_eq!(looked_up(&world), [account("ann")]);
    let look_up = look_ups(&world).await.pop().unwrap();
    let log = world.decisions().await;
    assert_eq!(look_up["decision_id"], log[1]["decision_id"]);
    assert_eq!(log[1]["stage"], "answer");
    // Who is not in it is told what is told of an issue that is not there.
    let missing = world
        .get(
            &ACME_1.replace("ACME-1", "99999"),
            &world.token("acme", "carol"),
        )
        .await;
    let hidden = world.get(&by_number, &world.token("acme", "carol")).await;
    assert_eq!(
        (hidden.status, hidden.without_ids()),
        (404, missing.without_ids())
    );
    world.clock.advance(Duration::from_mins(5));
    acme.move_issue("ACME-2", "SECRET");
    let moved = ACME_1.replace("ACME-1", "ACME-2");
    assert_eq!(
        world.get(&moved, &world.token("acme", "ann")).await.status,
        200
    );
    let code = lines(&world.decisions().await);
    assert_eq!(
        code.iter()
            .filter(|line| *line == "deny answer policy_denied")
            .count(),
        1
    );
}
