//! A site that nobody has is worth the same evaluation as a foreign one: the same policies answer, and with the same word.

use std::net::IpAddr;

use gatepost::clock::Timestamp;
use gatepost::decision::evaluate::rehearse;
use gatepost::decision::{Action, ApiVersion, Question, Reading, Wish, nowhere};
use gatepost::identity::presented::{Around, Call, Presented};
use gatepost::identity::verify::Verifiers;
use gatepost::identity::window::Window;
use gatepost::ledger::entry::Entry;
use gatepost::secret::Secret;
use gatepost::tenant::IssueRef;

use super::questions::{by, issue, shipped_with, site};
use crate::world::{NOON, World};

#[tokio::test]
async fn the_question_about_nowhere_is_that_about_a_foreign_site() {
    let world = World::new().await;
    let tenants = world.node.shared().opened.tenants.clone();
    let window = Window {
        lifetime_s_max: 3600,
        leeway_s: 30,
    };
    let issued = world.node.shared().opened.issued.clone();
    let verifiers = Verifiers::new(tenants, issued, window, String::new(), world.clock.clock());
    let token = Presented::Jwt(Secret::from(world.token("acme", "ann")));
    let call = Call {
        method: "GET",
        target: "/v1/issue",
    };
    let principal = verifiers
        .verify(&token, call, Around::nowhere())
        .await
        .expect("a good token");
    let wish = Wish {
        reading: Reading::new(ApiVersion::Three, None, None, None).expect("nothing is wished"),
        act_as: None,
        ip: IpAddr::from([192, 0, 2, 7]),
        now: NOON,
        deadline: Timestamp::from_micros(NOON.micros() + 1),
        entry: Entry::default(),
    };
    let set = shipped_with(&[]);
    for (named, thing) in [
        ("PAY-17", issue("globex", "PAY-17")),
        ("10001", site("globex")),
    ] {
        let issue: IssueRef = named.parse().expect("an issue");
        let asked = issue.into();
        let unknown = nowhere(&principal, Action::reading(&asked), &asked, &wish);
        let foreign = Question {
            action: unknown.action,
            context: unknown.context.clone(),
            resource: thing,
            ..by(&unknown.principal.tenant, &unknown.principal.account)
        };
        let verdict = rehearse(&set, &unknown);
        assert_eq!(verdict, rehearse(&set, &foreign), "{named}");
        assert_eq!((verdict.allows(), verdict.errors.len()), (false, 0));
        assert!(!verdict.policies.is_empty(), "it was evaluated");
    }
}
