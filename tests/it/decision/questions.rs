//! Questions and sets for tests, in one line each.

use std::net::IpAddr;

use gatepost::decision::evaluate::rehearse;
use gatepost::decision::{Action, Circumstances, Principal, Question, Thing};
use gatepost::policy::{Draft, Validated, Vocabulary};

pub(crate) const SEPARATION: &str = include_str!("../../../policies/00-tenant-separation.cedar");
pub(crate) const ACT_AS: &str = include_str!("../../../policies/10-act-as.cedar");
pub(crate) const MEMBERS: &str = include_str!("../../../policies/20-members.cedar");
pub(crate) const SITE_ADMINS: &str = include_str!("../../../policies/30-site-admins.cedar");
pub(crate) const EXAMPLES: &str = include_str!("../../../policies/90-examples.cedar");

/// 2026-11-23T12:00:00Z, a Monday.
pub(crate) const NOON: i64 = 1_795_435_200_000_000;

/// The shipped set and some files more.
pub(crate) fn shipped_with(more: &[(&str, &str)]) -> Validated {
    let shipped = [
        ("00-tenant-separation.cedar", SEPARATION),
        ("10-act-as.cedar", ACT_AS),
        ("20-members.cedar", MEMBERS),
        ("30-site-admins.cedar", SITE_ADMINS),
        ("90-examples.cedar", EXAMPLES),
    ];
    let draft = Draft::from_files(shipped.iter().chain(more).copied()).expect("files in order");
    Validated::check(&draft, &Vocabulary::core()).unwrap_or_else(|error| panic!("{error}"))
}

/// Ann of acme reads PAY-17 of acme, as herself, at noon, from 192.0.2.7.
pub(crate) fn ann_reads() -> Question {
    Question {
        action: Action::GetIssue,
        context: Circumstances {
            act_as: "ann".to_owned(),
            auth: "connect_request".to_owned(),
            ip: IpAddr::from([192, 0, 2, 7]),
            now: NOON,
        },
        groups: None,
        principal: Principal {
            account: "ann".to_owned(),
            may_act_as: Vec::new(),
            tenant: "acme".to_owned(),
        },
        resource: issue("acme", "PAY-17"),
    }
}

pub(crate) fn issue(tenant: &str, key: &str) -> Thing {
    Thing::Issue {
        host: format!("{tenant}.atlassian.net"),
        key: key.to_owned(),
        project: key.split('-').next().expect("a key has parts").to_owned(),
        tenant: tenant.to_owned(),
    }
}

pub(crate) fn site(tenant: &str) -> Thing {
    Thing::Site {
        host: format!("{tenant}.atlassian.net"),
        tenant: tenant.to_owned(),
    }
}

/// The same question about another thing.
pub(crate) fn to(action: Action, resource: Thing) -> Question {
    Question {
        action,
        resource,
        ..ann_reads()
    }
}

/// The same question by another account, as itself.
pub(crate) fn by(tenant: &str, account: &str) -> Question {
    let mut question = ann_reads();
    tenant.clone_into(&mut question.principal.tenant);
    account.clone_into(&mut question.principal.account);
    account.clone_into(&mut question.context.act_as);
    question
}

/// The same question, acting as another under these grants.
pub(crate) fn acting_as(account: &str, may: &[&str]) -> Question {
    let mut question = ann_reads();
    account.clone_into(&mut question.context.act_as);
    question.principal.may_act_as = may.iter().map(|&account| account.to_owned()).collect();
    question
}

/// The code, and the ids of the policies that determined it.
pub(crate) fn says(set: &Validated, question: &Question) -> String {
    let verdict = rehearse(set, question);
    assert_eq!(verdict.errors, Vec::<String>::new());
    let ids = verdict.policies.iter().map(|policy| policy.id.as_str());
    format!("{}: {}", verdict.code, ids.collect::<Vec<_>>().join(" "))
}
