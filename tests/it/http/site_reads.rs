//! What clients ask of a site before they ask for an issue: who it is, who they are, which fields there are. Nothing of an issue, and
//! nothing of another tenant's site.

use gatepost::decision::{ApiVersion, Target};
use gatepost::gateway::{Ask, Stop, Trail};
use gatepost::identity::presented::Presented;
use gatepost::ledger::entry::Entry;
use gatepost::screen::{Reply, ScreenError};
use gatepost::secret::Secret;
use gatepost::standin::{Fault, Role, account};
use gatepost::tenant::SiteRead;
use gatepost::tenant::registry::SiteAsked;
use serde_json::json;

use super::names;
use super::resource::code;
use crate::world::World;

const READS: [(&str, &str); 3] = [
    ("serverInfo", "getServerInfo"),
    ("myself", "getMyself"),
    ("field", "listFields"),
];

#[tokio::test]
async fn each_read_in_each_form_and_version_is_asked_of_the_own_site_and_recorded() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let cloud = world.site("acme").cloud_id().to_owned();
    for form in [
        format!("/ex/jira/{cloud}"),
        "/sites/acme.atlassian.net".to_owned(),
        String::new(),
    ] {
        for (read, action) in READS {
            for version in ["2", "3", "latest"] {
                world.jira.clear_requests();
                let target = format!("{form}/rest/api/{version}/{read}");
                let answer = world.get(&target, &ann).await;
                assert_eq!(answer.status, 200, "{target}: {}", answer.text);
                assert_eq!(
                    world.jira_saw(),
                    [format!("/rest/api/{version}/{read}")],
                    "{target}"
                );
                assert_eq!(world.seen(Role::Jira)[0].host, "acme.atlassian.net");
                let log = world.decisions().await;
                let [.., decision, outcome] = log.as_slice() else {
                    panic!("{log:?}")
                };
                assert_eq!(decision["decision_id"], answer.decision_id());
                assert_eq!(decision["action"], action);
                assert_eq!(decision["resource"], json!({"type": "site", "id": cloud}));
                assert_eq!(decision["site"], "acme.atlassian.net");
                assert_eq!(
                    decision["policies"][0]["id"], "members-read-site",
                    "{target}"
                );
                assert_eq!(outcome["outcome"]["upstream_status"], 200);
            }
        }
    }
}

#[tokio::test]
async fn what_a_site_says_is_what_clients_read_and_no_more() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let read = async |read: &str| {
        let target = format!("/sites/acme.atlassian.net/rest/api/3/{read}");
        world.get(&target, &ann).await.json()
    };
    let info = read("serverInfo").await;
    assert_eq!(info["baseUrl"], "https://acme.atlassian.net");
    assert_eq!(info["versionNumbers"], json!([1001, 0, 0]));
    assert_eq!(info["deploymentType"], "Cloud");
    let myself = read("myself").await;
    assert_eq!(myself["accountId"], account("ann"));
    assert_eq!(myself["displayName"], "Ann Archer");
    assert_eq!(myself["groups"], json!(null));
    let fields = read("field").await;
    let fields = fields.as_array().unwrap();
    assert!(fields.len() > 30, "{fields:?}");
    let epic = fields
        .iter()
        .find(|field| field["id"] == "customfield_10014");
    assert_eq!(epic.unwrap()["name"], "Epic Link");
    assert_eq!(
        names(&epic.unwrap()["schema"]),
        ["custom", "customId", "type"],
        "what configures a field may name anything"
    );
    let log = world.decisions().await;
    let withheld: Vec<_> = log
        .iter()
        .filter(|record| record["kind"] == "outcome")
        .map(|record| &record["outcome"]["withheld_fields"])
        .collect();
    assert_eq!(withheld[1], &json!(["applicationRoles", "groups"]));
    assert_eq!(withheld[2], &json!(["schema.configuration"]));
}

#[tokio::test]
async fn another_tenants_site_and_an_unknown_one_are_told_alike_and_nothing_is_sent() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let globex = world.site("globex").cloud_id().to_owned();
    for (read, action) in READS {
        let mut told = Vec::new();
        for form in [
            format!("/ex/jira/{globex}"),
            "/sites/globex.atlassian.net".to_owned(),
            "/ex/jira/00000000-0000-4000-8000-000000000000".to_owned(),
            "/sites/nobody.atlassian.net".to_owned(),
        ] {
            let answer = world.get(&format!("{form}/rest/api/3/{read}"), &ann).await;
            assert_eq!(answer.status, 404, "{form} {}", answer.text);
            told.push(answer.without_ids());
            let log = world.decisions().await;
            let record = log.last().unwrap();
            assert_eq!(
                (&record["action"], &record["effect"]),
                (&json!(action), &json!("deny"))
            );
            assert_eq!(record["resource"]["type"], "site");
        }
        assert!(told.iter().all(|text| *text == told[0]), "{told:?}");
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn a_site_is_asked_with_no_parameter_that_a_client_wrote() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    for (target, status) in [
        ("myself?expand=groups,applicationRoles", 400),
        ("myself?accountId=x", 400),
        ("serverInfo?doHealthCheck=true", 400),
        ("field?x", 400),
        ("field?jwt=x", 400),
        ("mypermissions?permissions=ADMINISTER", 404),
        ("myself/", 404),
        ("user", 404),
        ("serverinfo", 404),
    ] {
        let target = format!("/sites/acme.atlassian.net/rest/api/3/{target}");
        let answer = world.get(&target, &ann).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.text);
    }
    let version = "/sites/acme.atlassian.net/rest/api/1/myself";
    assert_eq!(code(&world.get(version, &ann).await), "unknown_route");
    assert!(world.nothing_left());
}

const DELEGATES: &str = r#"@id("delegates-see-themselves")
    permit (principal, action in [Action::"getMyself", Action::"superviseSite"], resource)
    when { principal.tenant == resource.tenant && principal.mayActAs.contains(context.actAs) };"#;

async fn give_bob(world: &World, actions: &[&str]) {
    let command = gatepost::control::command::Command::GrantCreate {
        tenant: "acme.atlassian.net".to_owned(),
        account: account("ann"),
        act_as: account("bob"),
        actions: actions.iter().map(|&action| action.to_owned()).collect(),
        until: None,
        reason: "a stand-in".to_owned(),
    };
    world.command(command).await;
}

#[tokio::test]
async fn myself_is_the_account_that_is_acted_as_or_nobody() {
    let world = World::builder().policy("30.cedar", DELEGATES).start().await;
    let authorization = format!("JWT {}", world.token("acme", "ann"));
    let bob = account("bob");
    let headers = [
        ("authorization", authorization.as_str()),
        ("x-gatepost-act-as", bob.as_str()),
    ];
    let target = "/sites/acme.atlassian.net/rest/api/3/myself";
    let refused = world.get_with(target, &headers).await;
    assert_eq!(
        (refused.status, code(&refused).as_str()),
        (403, "act_as_denied")
    );
    assert!(world.nothing_left());
    give_bob(&world, &["getMyself"]).await;
    let answer = world.get_with(target, &headers).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["accountId"], bob);
}

/// Asks whether somebody administers the own site, as the gateway does for its page.
async fn administers(world: &World, person: &str) -> Result<Reply, Stop> {
    let ask = Ask {
        credential: Presented::Jwt(Secret::from(world.token("acme", person))),
        method: "GET",
        raw_target: "/v1/site".to_owned(),
        site: SiteAsked::Own,
        target: Target::Site(SiteRead::Administrators, ApiVersion::Three),
        act_as: None,
        ip: [127, 0, 0, 1].into(),
    };
    let mut trail = Trail::new(Entry::default());
    let (gateway, _outbound) = world.node.shared().gateway().unwrap();
    gateway.pass(ask, &mut trail).await
}

#[tokio::test]
async fn whoever_administers_the_site_is_told_so_by_jira_alone() {
    let world = World::new().await;
    let reply = administers(&world, "carol").await.unwrap();
    assert!(reply.into_body().starts_with(br#"{"permissions""#));
    let asked = "/rest/api/3/mypermissions?permissions=ADMINISTER";
    assert_eq!(world.jira_saw(), [asked]);
    assert_eq!(world.seen(Role::Jira)[0].account, Some(account("carol")));
    let refused = administers(&world, "ann").await;
    assert!(
        matches!(refused, Err(Stop::Screen(ScreenError::NotAdministrator))),
        "{refused:?}"
    );
    let log = world.decisions().await;
    let denials: Vec<_> = log.iter().filter(|it| it["effect"] == "deny").collect();
    let [denial] = denials.as_slice() else {
        panic!("{log:?}")
    };
    assert_eq!(
        (&denial["code"], &denial["stage"], &denial["action"]),
        (
            &json!("not_site_admin"),
            &json!("answer"),
            &json!("superviseSite")
        )
    );
}

#[tokio::test]
async fn an_answer_that_is_no_outright_yes_lets_nobody_supervise() {
    let world = World::new().await;
    for body in [
        r#"{"permissions":{"ADMINISTER":{"havePermission":"true"}}}"#,
        r#"{"permissions":{"BROWSE_PROJECTS":{"havePermission":true}}}"#,
        "{}",
        "true",
    ] {
        let fault = Fault::Instead(body.to_owned());
        world.jira.set_fault_times(Role::Jira, fault, 1);
        let refused = administers(&world, "carol").await;
        assert!(
            matches!(refused, Err(Stop::Screen(ScreenError::NotOfSite(_)))),
            "{body}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_about_another_account_does_not_leave() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    let body = format!(
        r#"{{"accountId":"{}","displayName":"Eve"}}"#,
        account("eve")
    );
    world.jira.set_fault(Role::Jira, Some(Fault::Instead(body)));
    let target = "/sites/acme.atlassian.net/rest/api/3/myself";
    let answer = world.get(target, &ann).await;
    assert_eq!(
        (answer.status, code(&answer).as_str()),
        (502, "jira_failed")
    );
    assert!(!answer.text.contains("Eve"));
    let outcome = world.decisions().await.pop().unwrap();
    assert_eq!(outcome["stage"], "upstream");
}
