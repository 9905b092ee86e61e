//! What the administrators of a site see and end: only they, only of their own site, and nothing that Jira has not confirmed just now.

use gatepost::control::command::{BlockedName, Command};
use gatepost::decision::{ApiVersion, Target};
use gatepost::gateway::{Ask, Managed, Trail};
use gatepost::identity::presented::{Call, Presented};
use gatepost::ledger::entry::Entry;
use gatepost::secret::Secret;
use gatepost::standin::{Fault, Role, account};
use gatepost::tenant::SiteRead;
use gatepost::tenant::registry::SiteAsked;
use serde_json::{Value, json};

use super::resource::code;
use super::{act_as_grant, names};
use crate::world::{Answer, COMPANY, World, until};

const SITE: &str = "/v1/site";
const OWN: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";

/// The overview of acme, as Carol sees it.
async fn overview(world: &World) -> Value {
    let answer = world.get(SITE, &world.fresh_token("acme", "carol")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn delete(world: &World, target: &str, bearer: &str) -> Answer {
    let bearer = format!("Bearer {bearer}");
    world
        .send("DELETE", target, &[("authorization", &bearer)])
        .await
}

/// Asks to keep somebody out of the site of whoever has this session.
async fn block(world: &World, session: &str, body: Value) -> Answer {
    let bearer = format!("Bearer {session}");
    world
        .send_json("POST", "/v1/site/blocks", &bearer, &body)
        .await
}

async fn operator_blocks(world: &World, who: &str, tenant: Option<&str>) -> Value {
    let on = BlockedName {
        account: Some(account(who)),
        tenant: tenant.map(str::to_owned),
        key: None,
    };
    let reason = Some("an incident at many sites".to_owned());
    let command = Command::Block {
        on,
        span_us: None,
        reason,
    };
    world.command(command).await
}

fn status_and_code(answer: &Answer) -> (u16, String) {
    (answer.status, code(answer))
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn an_administrator_sees_what_there_is_of_the_whole_own_site() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let key = world.key("acme", "bob", json!({"name": "nightly"})).await;
    world.session("globex", "eve").await;
    world.key("globex", "frank", json!({})).await;
    for (site, who, whom) in [
        ("acme.atlassian.net", "ann", "bob"),
        ("globex.atlassian.net", "eve", "frank"),
    ] {
        world.command(act_as_grant(site, who, whom)).await;
    }
    let rewritten = format!("{OWN}&act_as={}", account("bob"));
    world.get_as(&rewritten, &session).await;
    world.jira.clear_requests();
    let seen = overview(&world).await;
    let asked = "/rest/api/3/mypermissions?permissions=ADMINISTER";
    assert_eq!(world.jira_saw(), [asked]);
    assert_eq!(world.seen(Role::Jira)[0].account, Some(account("carol")));
    assert_eq!(seen["site"], "https://acme.atlassian.net");
    assert_eq!(seen["tenant"], world.site("acme").client_key());
    let of = |list: &str| -> Vec<&str> {
        let list = seen[list].as_array().unwrap().iter();
        list.map(|one| one["account"].as_str().unwrap()).collect()
    };
    assert_eq!(of("sessions"), [account("ann")]);
    assert_eq!(of("keys"), [account("bob")]);
    assert_eq!(seen["keys"][0]["id"], key["id"]);
    assert_eq!(of("grants"), [account("ann")]);
    assert_eq!(of("denials"), [account("ann")]);
    let denial = &seen["denials"][0];
    assert_eq!(
        (
            &denial["code"],
            &denial["act_as"],
            &denial["resource"]["id"]
        ),
        (
            &json!("request_rewritten"),
            &json!(account("bob")),
            &json!("ACME-1")
        )
    );
    assert_eq!(denial["credential_id"], seen["sessions"][0]["id"]);
    let text = seen.to_string();
    for hidden in [
        &session,
        key["key"].as_str().unwrap(),
        &account("eve"),
        "globex",
    ] {
        assert!(!text.contains(hidden), "`{hidden}`: {text}");
    }
}

#[tokio::test]
async fn the_overview_has_the_shape_that_is_described() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    world.key("acme", "bob", json!({})).await;
    world
        .command(act_as_grant("acme.atlassian.net", "ann", "bob"))
        .await;
    operator_blocks(&world, "bob", Some("acme.atlassian.net")).await;
    world
        .get_as(
            "/v1/issue?site=https://globex.atlassian.net&issue=AB-1",
            &session,
        )
        .await;
    let document = world.send("GET", "/openapi.json", &[]).await.json();
    let schemas = &document["components"]["schemas"];
    let seen = overview(&world).await;
    assert_eq!(names(&seen), names(&schemas["SiteOverview"]["properties"]));
    for (list, schema) in [
        ("sessions", "Session"),
        ("keys", "Key"),
        ("grants", "Grant"),
        ("blocks", "Block"),
        ("denials", "Denial"),
    ] {
        let described = names(&schemas[schema]["properties"]);
        assert_eq!(names(&seen[list][0]), described, "{list}");
    }
}

#[tokio::test]
async fn nobody_but_an_administrator_learns_anything() {
    let world = World::new().await;
    let ann = world.session("acme", "ann").await;
    let answer = world.get_as(SITE, &ann).await;
    assert_eq!(status_and_code(&answer), refused(403, "not_site_admin"));
    let log = world.decisions().await;
    let codes: Vec<_> = log.iter().map(|record| &record["code"]).collect();
    assert_eq!(codes, ["allowed", "not_site_admin", "not_site_admin"]);
    assert!(
        log.iter()
            .all(|record| record["decision_id"] == answer.decision_id())
    );

    // Asked anew each time: whoever was one a moment ago is none now.
    let carol = world.session("acme", "carol").await;
    assert_eq!(world.get_as(SITE, &carol).await.status, 200);
    world.site("acme").demote("carol");
    let answer = world.get_as(SITE, &carol).await;
    assert_eq!(status_and_code(&answer), refused(403, "not_site_admin"));
}

#[tokio::test]
async fn a_client_key_and_a_providers_token_supervise_nothing() {
    let world = World::builder().settings(COMPANY).start().await;
    let key = world.key("acme", "carol", json!({})).await;
    let key = key["key"].as_str().unwrap();
    // Carol administers acme: it is by her session alone that she does.
    supervises_nothing(&world, key).await;
    let token = world.company_token("acme-org", "carol");
    supervises_nothing(&world, &token).await;
    let session = world.session("acme", "carol").await;
    assert_eq!(world.get_as(SITE, &session).await.status, 200);
}

async fn supervises_nothing(world: &World, key: &str) {
    // What a provider publishes is fetched with its first token.
    world.get_as("/v1/whoami", key).await;
    world.jira.clear_requests();
    let before = world.decisions().await.len();
    let seen = world.get_as(SITE, key).await;
    assert_eq!(status_and_code(&seen), refused(403, "key_cannot_manage"));
    let blocked = block(world, key, json!({"account": account("bob")})).await;
    assert_eq!(status_and_code(&blocked), refused(403, "key_cannot_manage"));
    let ended = delete(world, "/v1/site/keys/key_0", key).await;
    assert_eq!(status_and_code(&ended), refused(403, "key_cannot_manage"));
    assert!(world.nothing_left());
    let log = world.decisions().await.split_off(before);
    assert!(
        log.iter().all(|record| record["action"] == "superviseSite"),
        "{log:?}"
    );
    let bearer = format!("Bearer {key}");
    let question = json!({"action": "superviseSite"});
    let told = world
        .send_json("POST", "/v1/check", &bearer, &question)
        .await
        .json();
    assert_eq!(
        (&told["allowed"], &told["code"]),
        (&json!(false), &json!("key_cannot_manage"))
    );
}

const DELEGATES: &str = r#"@id("delegates-supervise")
    permit (principal, action == Action::"superviseSite", resource)
    when { principal.tenant == resource.tenant && principal.mayActAs.contains(context.actAs) };"#;

#[tokio::test]
async fn who_acts_as_an_administrator_is_none() {
    let world = World::builder().policy("30.cedar", DELEGATES).start().await;
    world
        .command(Command::GrantCreate {
            tenant: "acme.atlassian.net".to_owned(),
            account: account("ann"),
            act_as: account("carol"),
            actions: vec!["superviseSite".to_owned()],
            until: None,
            reason: "a stand-in".to_owned(),
        })
        .await;
    let (gateway, _outbound) = world.node.shared().gateway().unwrap();
    let ask = |who: &str, act_as: Option<&str>| Ask {
        credential: Presented::Jwt(Secret::from(world.fresh_token("acme", who))),
        method: "GET",
        raw_target: SITE.to_owned(),
        site: SiteAsked::Own,
        target: Target::Site(SiteRead::Administrators, ApiVersion::Three),
        act_as: act_as.map(|who| account(who).parse().unwrap()),
        ip: [127, 0, 0, 1].into(),
    };
    let mut trail = Trail::new(Entry::default());
    let reply = gateway.pass(ask("carol", None), &mut trail).await.unwrap();
    assert!(reply.into_administrator().is_some());
    let mut trail = Trail::new(Entry::default());
    let reply = gateway.pass(ask("ann", Some("carol")), &mut trail).await;
    assert!(reply.unwrap().into_administrator().is_none());
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    let headers = [
        ("authorization", token.as_str()),
        ("x-gatepost-act-as", &account("carol")),
    ];
    for target in [
        SITE,
        "/v1/keys",
        "/v1/sessions",
        "/v1/whoami",
        "/oauth/token/accessible-resources",
    ] {
        let answer = world.get_with(target, &headers).await;
        let told = refused(400, "malformed_act_as");
        assert_eq!(status_and_code(&answer), told, "{target}");
    }
    for target in ["/v1/keys", "/v1/sessions", "/v1/site/blocks"] {
        let answer = world.send("POST", target, &headers).await;
        assert_eq!(answer.status, 400, "{target}: {}", answer.text);
    }
    let log = world.decisions().await;
    let last = log.iter().rev().find(|record| record["kind"] == "decision");
    assert_eq!(last.unwrap()["stage"], "parse", "on record");
}

#[tokio::test]
async fn a_session_supervises_from_its_own_page_alone() {
    let world = World::new().await;
    let (gateway, _outbound) = world.node.shared().gateway().unwrap();
    let tenant = world.site("acme").client_key().parse().unwrap();
    let carol = account("carol").parse().unwrap();
    let nonce = gateway.issued.page_nonce(&tenant, &carol);
    let other = gateway
        .issued
        .page_nonce(&tenant, &account("ann").parse().unwrap());
    let token = format!("JWT {}", world.fresh_token("acme", "carol"));
    let headers = [
        ("authorization", token.as_str()),
        ("x-gatepost-page", nonce.as_str()),
    ];
    let opened = world.send("POST", "/v1/sessions", &headers).await;
    assert_eq!(opened.status, 201, "{}", opened.text);
    let bearer = format!("Bearer {}", opened.json()["token"].as_str().unwrap());
    world.jira.clear_requests();
    let ask = async |page: Option<&str>| {
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(page.map(|page| ("x-gatepost-page", page)));
        world.get_with(SITE, &headers).await.status
    };
    assert_eq!((ask(None).await, ask(Some(&other)).await), (401, 401));
    assert!(world.nothing_left());
    assert_eq!(ask(Some(&nonce)).await, 200);
}

#[tokio::test]
async fn what_jira_does_not_say_outright_is_a_no() {
    let world = World::new().await;
    for (fault, told) in [
        (Fault::Status(500), refused(502, "jira_failed")),
        (Fault::CloseConnection, refused(502, "jira_failed")),
        (Fault::Instead("{}".to_owned()), refused(502, "jira_failed")),
        (
            Fault::RateLimited { retry_after_s: 7 },
            refused(429, "jira_limit"),
        ),
    ] {
        world.jira.set_fault(Role::Jira, Some(fault));
        let token = world.fresh_token("acme", "carol");
        let answer = world.get(SITE, &token).await;
        assert_eq!(status_and_code(&answer), told);
        assert!(!answer.text.contains("sessions"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_policy_can_keep_administrators_from_it_and_jira_is_not_asked() {
    let policy = r#"@id("no-supervision") @reason("Not here.") @code("no_supervision")
        forbid (principal, action == Action::"superviseSite", resource);"#;
    let world = World::builder().policy("90.cedar", policy).start().await;
    let answer = world.get(SITE, &world.fresh_token("acme", "carol")).await;
    assert_eq!(status_and_code(&answer), refused(403, "no_supervision"));
    assert!(world.nothing_left());
}

#[tokio::test]
async fn whom_something_ended_while_jira_answered_is_no_supervisor() {
    let world = World::new().await;
    let (carol, bob) = (
        world.session("acme", "carol").await,
        world.session("acme", "bob").await,
    );
    let id = overview(&world).await["sessions"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world.jira.clear_requests();
    world.jira.set_fault(Role::Jira, Some(Fault::Hold));
    let target = format!("/v1/site/sessions/{id}");
    let asked = delete(&world, &target, &carol);
    let blocked = async {
        until("Jira is asked", || world.jira_saw().len() == 1).await;
        operator_blocks(&world, "carol", None).await;
        world.jira.set_fault(Role::Jira, None);
    };
    let (answer, ()) = tokio::join!(asked, blocked);
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(world.get_as(OWN, &bob).await.status, 200);
}

#[tokio::test]
async fn what_was_proven_is_worth_nothing_once_something_ended_it() {
    let world = World::new().await;
    let (gateway, _outbound) = world.node.shared().gateway().unwrap();
    let supervise = async |who: Presented| {
        let call = Call {
            method: "GET",
            target: SITE,
        };
        let by = Managed {
            presented: &who,
            call,
            page: None,
            ip: [127, 0, 0, 1].into(),
        };
        let mut trail = Trail::new(Entry::default());
        let local = by.ip;
        gateway.supervise(by, local, &mut trail).await.unwrap()
    };
    let session = world.session("acme", "carol").await;
    let by_session = supervise(Presented::Issued(Secret::from(session.clone()))).await;
    assert!(gateway.oversee(&by_session).await.is_ok());
    assert_eq!(
        delete(&world, "/v1/sessions/current", &session)
            .await
            .status,
        204
    );
    assert!(gateway.oversee(&by_session).await.is_err(), "logout");
    let token = async || Presented::Jwt(Secret::from(world.fresh_token("acme", "carol")));
    let before_install = supervise(token().await).await;
    let install = world.site("acme").install(world.app_url());
    assert_eq!(world.deliver(&install).await.status, 204);
    assert!(gateway.oversee(&before_install).await.is_err(), "rotation");
    let before_block = supervise(token().await).await;
    operator_blocks(&world, "carol", None).await;
    assert!(gateway.oversee(&before_block).await.is_err(), "block");
}

#[tokio::test]
async fn what_an_administrator_ends_has_ended_and_is_on_record_with_its_decision() {
    let world = World::new().await;
    let carol = world.session("acme", "carol").await;
    let ann = world.session("acme", "ann").await;
    let key = world.key("acme", "bob", json!({})).await;
    let bob = key["key"].as_str().unwrap();
    world
        .command(act_as_grant("acme.atlassian.net", "ann", "bob"))
        .await;
    let seen = overview(&world).await;
    let sessions = seen["sessions"].as_array().unwrap().iter();
    let of_ann = sessions
        .clone()
        .find(|one| one["account"] == account("ann"));
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    let ends = [
        (
            format!("/v1/site/sessions/{}", id(of_ann.unwrap())),
            "session.ended",
        ),
        (
            format!("/v1/site/keys/{}", id(&seen["keys"][0])),
            "key.revoked",
        ),
        (
            format!("/v1/site/grants/{}", id(&seen["grants"][0])),
            "grant.revoked",
        ),
    ];
    for (target, operation) in ends {
        let answer = delete(&world, &target, &carol).await;
        assert_eq!(answer.status, 204, "{target}: {}", answer.text);
        let log = world.log().await;
        let record = log.iter().find(|record| record["operation"] == operation);
        let record = record.unwrap();
        assert_eq!(record["by"], format!("account:{}", account("carol")));
        assert_eq!(record["tenant"], world.site("acme").client_key());
        assert_eq!(record["decision_id"], answer.decision_id());
        let again = delete(&world, &target, &carol).await;
        assert_eq!(again.status, 404, "{target}: {}", again.text);
    }
    assert_eq!(world.get_as(OWN, &ann).await.status, 401);
    assert_eq!(world.get_as(OWN, bob).await.status, 401);
    let seen = overview(&world).await;
    assert_eq!(
        (&seen["grants"], &seen["keys"][0]["state"]),
        (&json!([]), &json!("revoked"))
    );
}

#[tokio::test]
async fn what_is_of_another_site_is_not_there() {
    let world = World::new().await;
    let eve = world.session("globex", "eve").await;
    let ann = world.session("acme", "ann").await;
    let key = world.key("acme", "ann", json!({})).await;
    world
        .command(act_as_grant("acme.atlassian.net", "ann", "bob"))
        .await;
    let carol = world.session("acme", "carol").await;
    let made = block(&world, &carol, json!({"account": account("bob")})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let seen = overview(&world).await;
    let sessions = seen["sessions"].as_array().unwrap().iter();
    let of_ann = sessions
        .clone()
        .find(|one| one["account"] == account("ann"));
    let there = [
        ("sessions", &of_ann.unwrap()["id"]),
        ("keys", &key["id"]),
        ("grants", &seen["grants"][0]["id"]),
        ("blocks", &made.json()["id"]),
    ];
    for (what, id) in there {
        let id = id.as_str().unwrap();
        let (kind, _) = id.split_once('_').unwrap();
        let unknown = format!("{kind}_01941f29-7c00-7000-8000-000000000009");
        let foreign = delete(&world, &format!("/v1/site/{what}/{id}"), &eve).await;
        let unknown = delete(&world, &format!("/v1/site/{what}/{unknown}"), &eve).await;
        assert_eq!(foreign.status, 404, "{what}: {}", foreign.text);
        assert_eq!(foreign.without_ids(), unknown.without_ids(), "{what}");
    }
    assert_eq!(world.get_as(OWN, &ann).await.status, 200);
    let kept = overview(&world).await;
    for list in ["grants", "blocks", "keys"] {
        assert_eq!(kept[list], seen[list], "{list}");
    }
}

#[tokio::test]
async fn nothing_tells_a_foreign_site_from_an_unknown_one() {
    let world = World::new().await;
    let session = world.session("acme", "ann").await;
    let token = world.fresh_token("acme", "ann");
    let forms = |host: &str| {
        [
            format!("/v1/issue?site=https://{host}&issue=GLOBEX-1"),
            format!("/sites/{host}/rest/api/3/issue/10001"),
            format!("/sites/{host}/rest/api/3/serverInfo"),
        ]
    };
    let mut told = Vec::new();
    for host in ["globex.atlassian.net", "nowhere.atlassian.net"] {
        for target in forms(host) {
            world.get_as(&target, &session).await;
            world.get(&target, &token).await;
        }
        let seen = overview(&world).await;
        let list = seen["denials"].as_array().unwrap()[..6].to_vec();
        let without = list.into_iter().map(|mut denial| {
            assert!(denial["site_asked"].as_str().unwrap().contains(host));
            for name in ["decision_id", "time", "site_asked"] {
                assert!(denial[name].is_string());
                denial[name] = Value::Null;
            }
            denial
        });
        told.push(without.collect::<Vec<_>>());
    }
    assert_eq!(told[0], told[1]);
    assert!(
        told[0]
            .iter()
            .all(|denial| denial["code"] == "issue_not_visible")
    );
    let text = overview(&world).await["denials"].to_string();
    for hidden in [
        world.site("globex").cloud_id(),
        &world.site("globex").client_key(),
    ] {
        assert!(!text.contains(hidden), "{text}");
    }
}

#[tokio::test]
async fn what_a_foreign_caller_tried_here_is_for_the_operator_alone() {
    let world = World::new().await;
    let eve = world.session("globex", "eve").await;
    assert_eq!(world.get_as(OWN, &eve).await.status, 404);
    let frank = world.token("globex", "frank");
    assert_eq!(world.get(OWN, &frank).await.status, 404);
    assert_eq!(overview(&world).await["denials"], json!([]));
    let log = world.decisions().await;
    assert_eq!(
        log.iter().filter(|it| it["cross_tenant"] == true).count(),
        2
    );
}

#[tokio::test]
async fn what_was_refused_of_an_answer_is_for_the_operator_alone() {
    let policy = r#"@id("secret-is-closed") @reason("The project is closed.") @code("closed")
        forbid (principal, action == Action::"getIssue", resource)
        when { resource.project.key == "SECRET" };"#;
    let world = World::builder().policy("90.cedar", policy).start().await;
    world.site("acme").move_issue("ACME-1", "SECRET");
    let answer = world.get(OWN, &world.token("acme", "ann")).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    let ann = world.session("acme", "ann").await;
    assert_eq!(world.get_as(SITE, &ann).await.status, 403);
    let denials = overview(&world).await["denials"].clone();
    let codes: Vec<_> = denials
        .as_array()
        .unwrap()
        .iter()
        .map(|denial| &denial["code"])
        .collect();
    assert_eq!(codes, ["not_site_admin"], "{denials}");
}

#[tokio::test]
async fn a_tenant_that_took_the_name_of_another_crowds_out_nothing() {
    let world = World::new().await;
    let ann = world.session("acme", "ann").await;
    world
        .get_as(&format!("{OWN}&act_as={}", account("bob")), &ann)
        .await;
    let named =
        "UPDATE tenants SET cloud_id = (SELECT id FROM tenants WHERE host = 'acme.atlassian.net')
        WHERE host = 'globex.atlassian.net'";
    super::doors::execute(&world, named).await;
    let entry = Entry {
        effect: Some(gatepost::ledger::entry::Effect::Deny),
        tenant: Some(world.site("globex").client_key()),
        ..Entry::default()
    };
    let mut appended = tokio::task::JoinSet::new();
    for _ in 0..1001 {
        let ledger = world.node.shared().opened.ledger.clone();
        let draft = gatepost::ledger::Draft::new(&entry).unwrap();
        appended.spawn(async move { ledger.append(draft).await.map(drop) });
    }
    for done in appended.join_all().await {
        done.unwrap();
    }
    let denials = overview(&world).await["denials"].clone();
    assert_eq!(denials.as_array().unwrap().len(), 1);
    assert_eq!(denials[0]["account"], account("ann"));
}

#[tokio::test]
async fn an_administrator_keeps_an_account_out_and_lets_it_in_again() {
    let world = World::new().await;
    let carol = world.session("acme", "carol").await;
    let bob = world.session("acme", "bob").await;
    let key = world.key("acme", "bob", json!({})).await;
    let key = key["key"].as_str().unwrap();
    let wish = json!({"account": account("bob"), "for_s": 60, "reason": "a lost laptop"});
    let made = block(&world, &carol, wish).await;
    assert_eq!(made.status, 201, "{}", made.text);
    for credential in [&bob, key] {
        assert_eq!(world.get_as(OWN, credential).await.status, 401);
    }
    let seen = overview(&world).await;
    assert_eq!(seen["blocks"], json!([made.json()]));
    assert_eq!(made.json()["can_end"], true);
    assert!(!seen["sessions"].to_string().contains(&account("bob")));
    let target = format!("/v1/site/blocks/{}", made.json()["id"].as_str().unwrap());
    let ended = delete(&world, &target, &carol).await;
    assert_eq!(ended.status, 204, "{}", ended.text);
    assert_eq!(world.get_as(OWN, key).await.status, 200);
    assert_eq!(
        world.get_as(OWN, &bob).await.status,
        401,
        "a session ends for good"
    );
    for (operation, answer) in [("block.created", &made), ("block.ended", &ended)] {
        let log = world.log().await;
        let record = log.iter().find(|record| record["operation"] == operation);
        let record = record.unwrap();
        assert_eq!(record["by"], format!("account:{}", account("carol")));
        assert_eq!(record["tenant"], world.site("acme").client_key());
        assert_eq!(record["decision_id"], answer.decision_id());
    }
}

#[tokio::test]
async fn a_block_by_an_administrator_ends_at_the_own_site() {
    let world = World::new().await;
    world.site("globex").promote("carol");
    let carol = world.session("globex", "carol").await;
    let elsewhere = world.session("acme", "ann").await;
    let made = block(&world, &carol, json!({"account": account("ann")})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(world.get_as(OWN, &elsewhere).await.status, 200);
}

#[tokio::test]
async fn an_operators_block_is_seen_and_neither_ended_nor_taken_over() {
    let world = World::new().await;
    let carol = world.session("acme", "carol").await;
    let key = world.key("acme", "bob", json!({})).await;
    let key = key["key"].as_str().unwrap();
    world.key("acme", "ann", json!({})).await;
    let here = operator_blocks(&world, "bob", Some("acme.atlassian.net")).await;
    let everywhere = operator_blocks(&world, "ann", None).await;
    operator_blocks(&world, "frank", None).await;
    operator_blocks(&world, "eve", Some("globex.atlassian.net")).await;
    let seen = overview(&world).await;
    let blocks: Vec<_> = seen["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|block| (&block["account"], &block["reason"], &block["can_end"]))
        .collect();
    let (ann, bob) = (json!(account("ann")), json!(account("bob")));
    let (reason, no) = (json!("an incident at many sites"), json!(false));
    assert_eq!(blocks, [(&bob, &reason, &no), (&ann, &Value::Null, &no)]);
    for block in [&here, &everywhere] {
        let target = format!("/v1/site/blocks/{}", block["id"].as_str().unwrap());
        let ended = delete(&world, &target, &carol).await;
        assert_eq!(status_and_code(&ended), refused(403, "operators_block"));
    }
    let over = block(
        &world,
        &carol,
        json!({"account": account("bob"), "for_s": 1}),
    )
    .await;
    assert_eq!(status_and_code(&over), refused(403, "operators_block"));
    assert_eq!(overview(&world).await["blocks"], seen["blocks"]);
    assert_eq!(world.get_as(OWN, key).await.status, 401);
}

#[tokio::test]
async fn administrators_make_so_many_blocks_a_day_and_operators_more() {
    let world = World::new().await;
    let carol = world.session("acme", "carol").await;
    // Ended by their own time, and counted all the same: to block and unblock all day is no way around.
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
        INSERT INTO blocks (id, account, tenant, until, made_by, made_at)
        SELECT 'block_' || i, 'a' || i, id, 1795435200000001, 'account:x', 1795435200000000 FROM n, tenants
        WHERE host = 'acme.atlassian.net'";
    super::doors::execute(&world, many).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let bob = json!({"account": account("bob")});
    assert_eq!(block(&world, &carol, bob.clone()).await.status, 201);
    let over = block(&world, &carol, json!({"account": account("ann")})).await;
    assert_eq!(status_and_code(&over), refused(409, "too_many_blocks"));
    world.site("globex").promote("eve");
    let elsewhere = world.session("globex", "eve").await;
    let elsewhere = block(&world, &elsewhere, bob).await;
    assert_eq!(elsewhere.status, 201, "{}", elsewhere.text);
    operator_blocks(&world, "ann", Some("acme.atlassian.net")).await;
    assert_eq!(
        overview(&world).await["blocks"].as_array().unwrap().len(),
        2
    );
    world.clock.advance(std::time::Duration::from_hours(24));
    let carol = world.session("acme", "carol").await;
    let next_day = block(&world, &carol, json!({"account": account("dave")})).await;
    assert_eq!(next_day.status, 201, "{}", next_day.text);
}

#[tokio::test]
async fn overviews_of_a_site_wait_for_each_other_and_nothing_else_does() {
    let world = World::new().await;
    let ann = world.session("acme", "ann").await;
    let lists = world.node.shared().opened.db.lists();
    let mut busy = Vec::new();
    for _ in 0..lists.options().get_max_connections() {
        busy.push(lists.acquire().await.unwrap());
    }
    let busy = std::sync::Mutex::new(busy);
    // One looks and four wait; whoever comes then is told so, and lets the others go on.
    let look = async || {
        let answer = world.get(SITE, &world.fresh_token("acme", "carol")).await;
        if answer.status == 429 {
            assert_eq!(world.get_as(OWN, &ann).await.status, 200);
            busy.lock().unwrap().clear();
        }
        answer
    };
    let six = tokio::join!(look(), look(), look(), look(), look(), look());
    let mut six = [six.0, six.1, six.2, six.3, six.4, six.5];
    six.sort_by_key(|answer| answer.status);
    let statuses = six.each_ref().map(|answer| answer.status);
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
    assert_eq!(status_and_code(&six[5]), refused(429, "site_busy"));
    assert_eq!(six[5].header("retry-after"), "1");
    assert_eq!(
        world
            .get(SITE, &world.fresh_token("acme", "carol"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn nobody_blocks_oneself_nor_what_is_no_account() {
    let world = World::new().await;
    let carol = world.session("acme", "carol").await;
    let own = block(&world, &carol, json!({"account": account("carol")})).await;
    assert_eq!(status_and_code(&own), refused(403, "own_account"));
    world.jira.clear_requests();
    for body in [
        json!({}),
        json!({"account": ""}),
        json!({"account": account("bob"), "for_s": 0}),
        json!({"account": account("bob"), "for_s": u64::MAX}),
        json!({"account": account("bob"), "reason": "two\nlines"}),
        json!({"account": account("bob"), "reason": "x".repeat(201)}),
        json!({"account": account("bob"), "reason": "tpotsal\u{202e}"}),
        json!({"account": account("bob"), "reason": "a\u{200b}b"}),
        json!({"account": account("bob"), "tenant": "globex"}),
    ] {
        let answer = block(&world, &carol, body).await;
        assert_eq!(status_and_code(&answer), refused(400, "malformed_body"));
    }
    assert!(world.nothing_left());
    assert_eq!(overview(&world).await["blocks"], json!([]));
}

#[tokio::test]
async fn a_page_of_another_origin_changes_nothing() {
    let world = World::new().await;
    let carol = format!("Bearer {}", world.session("acme", "carol").await);
    world.jira.clear_requests();
    for (method, target) in [
        ("DELETE", "/v1/site/sessions/x"),
        ("DELETE", "/v1/site/keys/x"),
        ("DELETE", "/v1/site/grants/x"),
        ("DELETE", "/v1/site/blocks/x"),
        ("POST", "/v1/site/blocks"),
    ] {
        let headers = [
            ("authorization", carol.as_str()),
            ("origin", "https://evil.example"),
        ];
        let answer = world.send(method, target, &headers).await;
        assert_eq!(
            status_and_code(&answer),
            refused(403, "other_origin"),
            "{target}"
        );
    }
    assert!(world.nothing_left());
}

#[tokio::test]
async fn without_a_log_nobody_is_asked_and_nothing_is_shown_or_ended() {
    let world = World::new().await;
    let carol = world.session("acme", "carol").await;
    let ann = world.session("acme", "ann").await;
    let sessions = overview(&world).await["sessions"].clone();
    let of_ann = sessions
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["account"] == account("ann"));
    let target = format!(
        "/v1/site/sessions/{}",
        of_ann.unwrap()["id"].as_str().unwrap()
    );
    world.jira.clear_requests();
    super::doors::execute(&world, super::doors::BREAK).await;
    for answer in [
        world.get_as(SITE, &carol).await,
        delete(&world, &target, &carol).await,
    ] {
        assert_eq!(status_and_code(&answer), refused(503, "log_unavailable"));
    }
    assert!(world.nothing_left());
    super::doors::execute(&world, "DROP TRIGGER broken").await;
    assert_eq!(world.get_as(OWN, &ann).await.status, 200);
}
