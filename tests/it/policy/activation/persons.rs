//! Persons who say which set is in force: by command, by token, and who may not.

use gatepost::control::tokens::Role;

use super::*;
use crate::node::wire;

#[tokio::test]
async fn a_pinned_set_stays_until_it_is_unpinned_and_then_the_folder_goes_live() {
    let world = World::new().await;
    let first = live(&world).await;
    world.edit_policy("30-closed.cedar", CLOSED).await;
    let closed = live(&world).await;
    world.command(activate(&first[..20], &[])).await;
    assert_eq!(reads(&world).await, 200, "in force when it returns");
    let told = world.policy_status().await;
    assert_eq!(told["pin"]["digest"], first);
    assert_eq!(told["pin"]["by"], "unix:1000");
    assert_eq!(told["pin"]["reason"], "incident 42");
    world
        .edit_policy("30-closed.cedar", &format!("{CLOSED} // again"))
        .await;
    let candidate = world.policy_status().await["candidate"].clone();
    let why = candidate["why"].as_str().expect("a reason");
    assert!(why.contains("is pinned by unix:1000"), "{why}");
    assert_eq!(reads(&world).await, 200);
    // A restart keeps it, although the folder says something else.
    let world = world.restart("", async |_| ()).await;
    assert_eq!(live(&world).await, first);
    until_told(&world, "the folder waits", |told| told.candidate.is_some()).await;
    let told = world.policy_status().await;
    assert_eq!(told["pin"]["digest"], first);
    assert_eq!(told["candidate"]["digest"], candidate["digest"]);
    let reason = Some("it is over".to_owned());
    let gone = world.command(Command::PolicyUnpin { reason }).await;
    assert_eq!(gone["unpinned"]["digest"], first);
    assert_eq!(live(&world).await, digest(&candidate));
    assert_ne!(closed, digest(&candidate));
    assert_eq!(reads(&world).await, 403);
    let told = world.policy_status().await;
    assert_eq!(
        (&told["pin"], &told["candidate"]),
        (&Value::Null, &Value::Null)
    );
    let unpinned = records(&world, "policy.unpinned").await;
    assert_eq!(unpinned[0]["detail"]["why"], "it is over");
    let activated = records(&world, "policy_activated").await;
    let by: Vec<_> = activated.iter().map(|record| &record["by"]).collect();
    assert_eq!(by, ["folder", "folder", "unix:1000", "start", "folder"]);
    assert_eq!(activated[2]["detail"]["reason"], "incident 42");
}

#[tokio::test]
async fn a_lost_guarantee_is_refused_until_a_person_gives_it_up_by_name() {
    let world = World::new().await;
    std::fs::create_dir(world.policies().join("guarantees")).expect("a folder");
    world
        .edit_policy("guarantees/oneself.cedar", GUARANTEE)
        .await;
    let kept = live(&world).await;
    std::fs::remove_file(world.policies().join("guarantees/oneself.cedar")).expect("it is there");
    world.node.rescan_policies();
    let state = &world.node.shared().live;
    until("the loss is refused", || state.status().refused.is_some()).await;
    assert_eq!(live(&world).await, kept);
    let refused = world.policy_status().await["refused"].clone();
    let new = digest(&refused);
    let help = refused["errors"][0]["help"].as_str().expect("a remedy");
    assert!(
        help.contains(&format!("policy activate {new} --drop-guarantee oneself")),
        "{help}"
    );
    let rejected = records(&world, "policy_rejected").await;
    assert_eq!(rejected[0]["policy_set"], new);
    // Not without its name, and no other name.
    let told = world.command_in_vain(activate(&new, &[])).await;
    assert!(
        told.contains("`oneself`") && told.contains("--drop-guarantee"),
        "{told}"
    );
    let told = world
        .command_in_vain(activate(&new, &["oneself", "payroll"]))
        .await;
    assert!(told.contains("`payroll` would not be lost"), "{told}");
    assert_eq!(live(&world).await, kept);
    world.command(activate(&new, &["oneself"])).await;
    assert_eq!(live(&world).await, new);
    let activated = records(&world, "policy_activated").await;
    let last = activated.last().expect("its record");
    assert_eq!(last["detail"]["dropped_guarantees"], "oneself");
    let unknown = world.command_in_vain(activate("00000000", &[])).await;
    assert_eq!(unknown, "there is no policy set `00000000`");
}

#[tokio::test]
async fn a_token_of_the_role_security_changes_what_is_in_force_and_others_look() {
    let world = World::new().await;
    let first = live(&world).await;
    world.edit_policy("30-closed.cedar", CLOSED).await;
    let order = json!({ "digest": first, "reason": "by token" }).to_string();
    for role in [Role::Auditor, Role::Operator] {
        for path in ["/policy/v1/activate", "/policy/v1/unpin"] {
            let answer = world.admin_as(role, "POST", path, &order).await;
            assert_eq!(answer.status, 403, "{}", answer.text);
        }
        let sets = world.admin_as(role, "GET", "/policy/v1/sets", "").await;
        assert_eq!(sets.json().as_array().expect("a list").len(), 2);
    }
    assert_eq!(reads(&world).await, 403, "nothing has changed");
    let path = "/policy/v1/activate";
    let done = world.admin_as(Role::Security, "POST", path, &order).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(reads(&world).await, 200);
    let status = world
        .admin_as(Role::Auditor, "GET", "/policy/v1/status", "")
        .await;
    let by = status.json()["pin"]["by"].as_str().expect("who").to_owned();
    assert!(by.starts_with("token:token_"), "{by}");
    let path = format!("/policy/v1/sets/{}", &first[..20]);
    let set = world.admin_as(Role::Auditor, "GET", &path, "").await;
    assert_eq!(set.json()["pinned"], true, "{}", set.text);
    let path = "/policy/v1/unpin";
    let done = world.admin_as(Role::Security, "POST", path, "").await;
    assert_eq!(done.status, 200, "{}", done.text);
    let records = records(&world, "policy_activated").await;
    assert_eq!(records[2]["by"], by);
    assert_eq!(records[2]["detail"]["reason"], "by token");
}

#[tokio::test]
async fn what_is_no_order_is_refused_and_no_plane_answers_without_a_token() {
    let world = World::new().await;
    let first = live(&world).await;
    let long = "a".repeat(100_000);
    for (body, status) in [
        (String::new(), 400),
        ("[]".to_owned(), 400),
        (json!({ "digest": first }).to_string(), 400),
        (json!({ "digest": first, "reason": " " }).to_string(), 400),
        (json!({ "digest": "x", "reason": "r" }).to_string(), 400),
        (
            json!({ "digest": "00000000", "reason": "r" }).to_string(),
            404,
        ),
        (
            json!({ "digest": first, "reason": "r", "force": true }).to_string(),
            400,
        ),
        (json!({ "digest": first, "reason": long }).to_string(), 413),
        (
            json!({ "digest": first, "reason": "r", "drop_guarantees": ["x"] }).to_string(),
            400,
        ),
    ] {
        let path = "/policy/v1/activate";
        let answer = world.admin_as(Role::Security, "POST", path, &body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    assert_eq!(world.policy_status().await["pin"], Value::Null);
    let (data, admin) = (world.node.data_address(), world.node.admin_address());
    let user = format!("JWT {}", world.token("acme", "ann"));
    for path in [
        "/policy/v1/sets",
        "/policy/v1/sets/00000000",
        "/policy/v1/status",
    ] {
        assert_eq!(wire::get(admin, path, None).await.status, 401, "{path}");
        assert_eq!(wire::get(admin, path, Some(&user)).await.status, 401);
        assert_eq!(wire::get(data, path, Some(&user)).await.status, 404);
    }
    for path in ["/policy/v1/activate", "/policy/v1/unpin"] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(wire::one(admin, &request).await.status, 401, "{path}");
        assert_eq!(wire::one(data, &request).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_set_that_was_never_proven_is_proven_before_a_person_puts_it_in_force() {
    // Live while proofs were waived: sound, and with a hole.
    let world = World::new().await;
    let sound = live(&world).await;
    world
        .edit_policy("00-tenant-separation.cedar", "// gone")
        .await;
    world.edit_policy("30-open.cedar", OPEN).await;
    let hole = live(&world).await;
    let world = world
        .restart("", async |dir| {
            let config = dir.join("gatepost.toml");
            let text = std::fs::read_to_string(&config).expect("it is there");
            let text = text.replace("policy.proof = \"off\"", "policy.proof = \"required\"");
            std::fs::write(&config, text).expect("it is written");
        })
        .await;
    assert_eq!(
        world.policy_status().await["live"],
        Value::Null,
        "not even at the start"
    );
    let answer = world.command(activate(&hole, &[])).await;
    assert_eq!(answer["refused"]["unproven"], true, "{answer}");
    let errors = answer["refused"]["errors"].as_array().expect("faults");
    let shown = |fault: &Value| fault["counterexample"].is_object();
    assert!(errors.iter().any(shown), "{answer}");
    assert_eq!(world.policy_status().await["pin"], Value::Null);
    world.command(activate(&sound, &[])).await;
    let told = world.policy_status().await;
    assert_eq!(told["live"]["digest"], sound);
    assert_eq!(told["live"]["proof"]["status"], "proven");
    assert_eq!(reads(&world).await, 200);
}
