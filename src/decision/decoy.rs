//! The question about a site that nobody has, for `gateway`: it takes as long to answer as one about a foreign site, so that time does
//! not tell them apart. What is said to it must never be used.

use crate::identity::Principal;
use crate::tenant;

use super::query::Wish;
use super::question::{self, Action, Circumstances, Question, Thing};

/// What policies see of the site: of the length that such names have.
const HOST: &str = "nowhere.atlassian.net";
const OWNER: &str = "00000000-0000-0000-0000-000000000000";

/// May `principal` do `action` to `thing` of a tenant that is not its own?
#[must_use]
pub fn nowhere(
    principal: &Principal,
    action: Action,
    thing: &tenant::Thing,
    wish: &Wish,
) -> Question {
    let act_as = wish.act_as.as_ref().unwrap_or(principal.account());
    Question {
        action,
        context: Circumstances {
            act_as: act_as.to_string(),
            auth: principal.credential().kind.clone(),
            ip: wish.ip,
            now: wish.now.micros(),
        },
        groups: None,
        principal: question::Principal {
            account: principal.account().to_string(),
            may_act_as: Vec::new(),
            tenant: principal.tenant().to_string(),
        },
        resource: Thing::on(HOST.to_owned(), OWNER.to_owned(), thing),
    }
}
