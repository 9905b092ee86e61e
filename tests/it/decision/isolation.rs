//! Tenants are kept apart, on questions made by chance with the extremes that chance seldom makes.

use std::net::IpAddr;
use std::sync::LazyLock;

use gatepost::decision::evaluate::rehearse;
use gatepost::decision::{Action, Circumstances, Principal, Question, Thing};
use gatepost::policy::Validated;
use proptest::prelude::*;

use super::questions::shipped_with;

/// The shipped policies, and one that permits everything else.
static GENEROUS: LazyLock<Validated> = LazyLock::new(|| {
    shipped_with(&[(
        "30.cedar",
        r#"@id("all") permit (principal, action, resource);"#,
    )])
});

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("acme".to_owned()),
        Just("ann".to_owned()),
        Just("\u{0}\"\\ Tenant::\"".to_owned()),
        "[a-z0-9:.\"\\\\/_-]{1,6}",
        "\\PC{1,8}",
    ]
}

fn thing() -> impl Strategy<Value = Thing> {
    let parts = (name(), name(), name(), name(), any::<bool>());
    parts.prop_map(|(tenant, host, project, key, is_site)| {
        if is_site {
            Thing::Site { host, tenant }
        } else {
            Thing::Issue {
                host,
                key,
                project,
                tenant,
            }
        }
    })
}

fn question() -> impl Strategy<Value = Question> {
    let who = (name(), name(), prop::collection::vec(name(), 0..4));
    let moment = prop_oneof![
        Just(0),
        Just(i64::MAX),
        Just(i64::MIN),
        0..4_000_000_000_000_000_i64
    ];
    let context = (name(), name(), any::<IpAddr>(), moment);
    let action = prop::sample::select(&Action::ALL[..]);
    (who, action, thing(), context).prop_map(
        |((tenant, account, may_act_as), action, resource, (act_as, auth, ip, now))| Question {
            action,
            context: Circumstances {
                act_as,
                auth,
                ip,
                now,
            },
            groups: None,
            principal: Principal {
                account,
                may_act_as,
                tenant,
            },
            resource,
        },
    )
}

proptest! {
    #[test]
    fn no_question_crosses_tenants(question in question()) {
        let crosses = question.principal.tenant != question.resource.tenant();
        let verdict = rehearse(&GENEROUS, &question);
        prop_assert!(!(crosses && verdict.allows()));
        // The other side of it: what is denied is denied by a rule or as malformed, not because nothing is ever allowed.
        if !crosses && verdict.errors.is_empty() {
            let is_granted = question.context.act_as == question.principal.account
                || question.principal.may_act_as.contains(&question.context.act_as);
            prop_assert_eq!(verdict.allows(), is_granted);
        }
    }

    #[test]
    fn a_question_reads_back_and_is_decided_alike(question in question()) {
        let replayed: Question = serde_json::from_str(question.replay().get()).expect("a question");
        prop_assert_eq!(&replayed, &question);
        prop_assert_eq!(rehearse(&GENEROUS, &replayed), rehearse(&GENEROUS, &question));
    }
}
