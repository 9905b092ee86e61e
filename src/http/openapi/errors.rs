//! The answers in error, one for each status, with the codes that it can carry. Used by `openapi` alone; what is really answered is
//! `problem`'s matter, and a test compares the two.

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::response::Response;
use utoipa::openapi::{ContentBuilder, Ref};

use super::route::answer;
use super::schemas::Problem;

/// Status, name of the component, one code with its sentence as an example, and when this is the answer.
struct Refusal {
    status: u16,
    name: &'static str,
    example: (&'static str, &'static str, &'static str),
    when: &'static str,
}

const REFUSALS: [Refusal; 11] = [
    Refusal {
        status: 400,
        name: "Malformed",
        example: (
            "malformed_issue",
            "Bad Request",
            "The issue `ACME` is neither a key nor an id.",
        ),
        when: "The request cannot be understood; nothing was sent to Jira. Codes: `malformed_message`, `malformed_target`, \
            `malformed_site`, `malformed_issue`, `malformed_act_as`, `malformed_body`, `malformed_member`, `unknown_member`, `missing_member`, `duplicate_parameter`, `unknown_parameter`, \
            `missing_parameter`, `unknown_value`, `embeds_issues`, `several_credentials`, `lost_path_segment`; `jira_refused` if Jira \
            does not accept it.",
    },
    Refusal {
        status: 401,
        name: "Unauthenticated",
        example: (
            "unauthenticated",
            "Unauthorized",
            "The request has no valid credential.",
        ),
        when: "No credential, or one that is bad in any way: one text for all causes. Only a token that is good but too old to make a key of \
            is told apart (`token_stale`). With a credential \
            that Atlassian gave to a user this is also the answer for a site that is not registered, or takes none.",
    },
    Refusal {
        status: 403,
        name: "Denied",
        example: ("policy_denied", "Forbidden", "No policy allows this."),
        when: "A policy says no, with its reason; or the credential is not for this: `key_site`, `key_action`, `key_network`, \
            `key_act_as`, `request_rewritten`, `own_credential_act_as`, `key_cannot_manage`; or the caller is not who may do it: `not_site_admin`, `operators_block`, \
            `own_account`, `other_origin`.",
    },
    Refusal {
        status: 404,
        name: "NotVisible",
        example: (
            "issue_not_visible",
            "Not Found",
            "Issue does not exist or you do not have permission to see it.",
        ),
        when: "Not there, or not for this caller to see: another tenant's site, an unknown one and an unseen issue are answered \
            alike (`issue_not_visible`). `no_such_credential` and `not_on_this_site`, also for what is another's. `unknown_route` where there is no such route.",
    },
    Refusal {
        status: 408,
        name: "Slow",
        example: (
            "body_too_slow",
            "Request Timeout",
            "The body did not come in time.",
        ),
        when: "The body did not come in time.",
    },
    Refusal {
        status: 409,
        name: "Stale",
        example: (
            "stale_event",
            "Conflict",
            "A newer event of this installation was carried out before.",
        ),
        when: "A newer event of this installation was carried out before (`stale_event`); or there are as many as there may be: \
            `too_many_credentials` of an account, `too_many_blocks` of a site.",
    },
    Refusal {
        status: 413,
        name: "TooLarge",
        example: (
            "body_too_large",
            "Payload Too Large",
            "The body is larger than 65536 bytes, or broke off.",
        ),
        when: "The body is too large.",
    },
    Refusal {
        status: 429,
        name: "Limited",
        example: (
            "jira_limit",
            "Too Many Requests",
            "Jira limits requests to this site: this is Jira's limit, not the gateway's.",
        ),
        when: "A limit, and whose: `key_limit` is the key's own, `site_busy` the gateway's, `credential_limit` the gateway's on \
            credentials of Atlassian that are tried, `atlassian_limit` Atlassian's on their checks, `jira_limit` Jira's. \
            `Retry-After` says when to try again.",
    },
    Refusal {
        status: 502,
        name: "JiraFailed",
        example: (
            "jira_failed",
            "Bad Gateway",
            "Jira did not give a usable answer.",
        ),
        when: "Jira or Atlassian's authorization server failed: `jira_failed`, `user_token_refused`, `token_server_failed`, \
            `atlassian_failed`.",
    },
    Refusal {
        status: 503,
        name: "Unavailable",
        example: (
            "no_policies",
            "Service Unavailable",
            "No policy set is in force.",
        ),
        when: "Nothing is answered that cannot be decided and recorded: `no_policies`, `log_unavailable`, `log_full`, `groups_unknown`, \
            `key_server`, `registry`, `credentials_unavailable`, `site_unavailable`. `Retry-After` says when to try again.",
    },
    Refusal {
        status: 504,
        name: "JiraSlow",
        example: (
            "jira_slow",
            "Gateway Timeout",
            "Jira did not answer in time.",
        ),
        when: "Jira did not answer in time (`jira_slow`), or Atlassian did not say in time whose a credential is (`atlassian_slow`).",
    },
];

/// The component's name.
pub(super) fn name(status: u16) -> &'static str {
    let refusal = REFUSALS.iter().find(|refusal| refusal.status == status);
    // INVARIANT: the tables beside this file use no other status; the document is made in a test.
    refusal.expect("a status that has a refusal").name
}

/// Every answer in error, by name.
pub(super) fn responses() -> impl Iterator<Item = (&'static str, Response)> {
    REFUSALS
        .iter()
        .map(|refusal| (refusal.name, response(refusal)))
}

fn response(refusal: &Refusal) -> Response {
    let mut alone = example(refusal);
    let content = |example: Value| {
        ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(Problem::name())))
            .example(Some(example))
            .build()
    };
    let merged = content(alone.clone());
    if let Some(members) = alone.as_object_mut() {
        members.retain(|name, _| !["errorMessages", "errors"].contains(&name.as_str()));
    }
    answer(refusal.when)
        .content("application/json", merged)
        .content("application/problem+json", content(alone))
        .build()
}

fn example(refusal: &Refusal) -> Value {
    const DECISION: &str = "01941f29-7c00-7000-8000-000000000000";
    let (code, title, sentence) = refusal.example;
    json!({
        "errorMessages": [format!("{sentence} (decision {DECISION})")],
        "errors": {},
        "type": format!("urn:gatepost:problem:{code}"),
        "title": title,
        "status": refusal.status,
        "detail": sentence,
        "code": code,
        "decision_id": DECISION,
        "hint": "What the caller can do about it.",
    })
}
