//! A tenant that changes while one of its requests is under way: the credential of before opens nothing any more.

use gatepost::control::command::Command;
use gatepost::standin::{Fault, Role};

use super::{ACME_1, lines};
use crate::world::{Answer, World, until};

#[derive(Clone, Copy, Debug)]
enum Change {
    Suspend,
    Uninstall,
    Rotate,
    Import,
}

const ALL: [Change; 4] = [
    Change::Suspend,
    Change::Uninstall,
    Change::Rotate,
    Change::Import,
];

async fn carry_out(world: &World, change: Change) {
    let site = world.site("acme");
    let callback = match change {
        Change::Suspend => {
            let (tenant, reason) = ("acme.atlassian.net".to_owned(), "a test".to_owned());
            world
                .command(Command::TenantSuspend { tenant, reason })
                .await;
            return;
        }
        Change::Uninstall => site.uninstall(world.app_url()),
        Change::Rotate => {
            site.rotate_secret();
            site.install(world.app_url())
        }
        Change::Import => {
            site.import();
            site.install(world.app_url())
        }
    };
    // The installs of a world and of a test are told apart by their second.
    assert_eq!(world.deliver(&callback).await.status, 204, "{change:?}");
}

/// Asks for ACME-1; as soon as the request has reached `role`, the tenant changes, while the answer is held back.
async fn meanwhile(world: &World, role: Role, change: Change) -> Answer {
    let ann = world.token("acme", "ann");
    world.jira.set_fault(role, Some(Fault::Hold));
    let changed = async {
        until("the request is held", || !world.seen(role).is_empty()).await;
        carry_out(world, change).await;
        world.jira.set_fault(role, None);
    };
    let (answer, ()) = tokio::join!(world.get(ACME_1, &ann), changed);
    answer
}

#[tokio::test]
async fn who_changes_while_a_user_token_is_asked_for_gets_nothing_for_it() {
    for change in ALL {
        let world = World::new().await;
        let answer = meanwhile(&world, Role::Token, change).await;
        assert_eq!(answer.status, 401, "{change:?}: {}", answer.text);
        let role = Role::Jira;
        assert_eq!(world.seen(role).len(), 0, "{change:?}: Jira was not asked");
        let log = world.decisions().await;
        let expected = ["allow policy allowed", "outcome 401 unauthenticated"];
        assert_eq!(lines(&log), expected, "{change:?}");
    }
}

#[tokio::test]
async fn what_jira_answers_after_the_change_is_not_passed_on() {
    for change in ALL {
        let world = World::new().await;
        let answer = meanwhile(&world, Role::Jira, change).await;
        assert_eq!(answer.status, 401, "{change:?}: {}", answer.text);
        let log = world.decisions().await;
        let expected = ["allow policy allowed", "outcome 401 unauthenticated"];
        assert_eq!(lines(&log), expected, "{change:?}");
    }
}

#[tokio::test]
async fn a_tenant_that_is_switched_off_is_nobodys_and_not_there() {
    for change in [Change::Suspend, Change::Uninstall] {
        let world = World::new().await;
        let ann = world.token("acme", "ann");
        carry_out(&world, change).await;
        world.jira.clear_requests();
        let answer = world.get(ACME_1, &ann).await;
        assert_eq!(answer.status, 401, "{change:?}: {}", answer.text);
        let other = world.get(ACME_1, &world.token("globex", "eve")).await;
        assert_eq!(other.status, 404, "{change:?}: {}", other.text);
        assert!(world.nothing_left());
        let log = world.decisions().await;
        let expected = [
            "deny authenticate unauthenticated",
            "deny resolve site_unknown",
        ];
        assert_eq!(lines(&log), expected, "{change:?}");
        assert_eq!(log[0]["authentication_error"], "unknown_issuer");
    }
}

#[tokio::test]
async fn a_suspended_tenant_serves_again_after_it_is_resumed() {
    let world = World::new().await;
    let ann = world.token("acme", "ann");
    carry_out(&world, Change::Suspend).await;
    let tenant = "acme.atlassian.net".to_owned();
    world.command(Command::TenantResume { tenant }).await;
    assert_eq!(world.get(ACME_1, &ann).await.status, 200);
}

#[tokio::test]
async fn a_token_of_the_secret_before_is_worth_nothing() {
    let world = World::new().await;
    let old = world.token("acme", "ann");
    assert_eq!(world.get(ACME_1, &old).await.status, 200);
    carry_out(&world, Change::Rotate).await;
    world.jira.clear_requests();
    assert_eq!(world.get(ACME_1, &old).await.status, 401);
    assert!(world.nothing_left());
    let new = world.token("acme", "ann");
    assert_eq!(world.get(ACME_1, &new).await.status, 200);
    assert_eq!(
        world.seen(Role::Token).len(),
        1,
        "the user token of before is gone"
    );
}
