//! Jira's own paths in their three forms, and the founding question's. A table of `openapi`.

use serde_json::{Value, json};

use super::route::{Route, get};
use super::schemas::{AccessibleResource, Check, Checked, Field, Issue, Myself, ServerInfo};
use super::security::Callers;
use super::{ACME, ACME_CLOUD, ANN};

/// A form's path up to the resource, what operation ids end in, and how it names the site.
const FORMS: [(&str, &str, &str); 3] = [
    (
        "/ex/jira/{cloudId}/rest/api/{version}",
        "ByCloud",
        "by cloud id",
    ),
    ("/sites/{host}/rest/api/{version}", "ByHost", "by host"),
    ("/rest/api/{version}", "Own", "of the credential's own site"),
];

const ACT_AS: &str = "The account to act as. Without it, the caller.";
const FIELDS: &str =
    "Names of fields, separated by commas: `summary,status`. Without it, all of the issue's own.";
const EXPAND: &str = "What else to show: `names`.";
const NAMES: &str =
    "A credential of another site gets the same answer as for a site that does not exist.";

pub(super) fn routes() -> Vec<Route> {
    let forms = FORMS
        .into_iter()
        .flat_map(|form| [issue(form), server_info(form), myself(form), fields(form)]);
    forms.chain([own_issue(), check(), resources()]).collect()
}

fn issue((path, id, how): (&str, &str, &str)) -> Route {
    read(
        format!("{path}/issue/{{issue}}"),
        &format!("getIssue{id}"),
        &format!("An issue, {how}"),
    )
    .query("fields", FIELDS)
    .query("expand", EXPAND)
    .query("properties", "Names of properties, separated by commas.")
    .gives::<Issue>(200, "The issue.", acme_1())
}

fn server_info((path, id, how): (&str, &str, &str)) -> Route {
    let example = json!({
        "baseUrl": ACME, "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0], "deploymentType": "Cloud",
        "buildNumber": 100_287, "serverTitle": "Jira",
    });
    let (id, summary) = (
        format!("getServerInfo{id}"),
        format!("What the site says of itself, {how}"),
    );
    read(format!("{path}/serverInfo"), &id, &summary).gives::<ServerInfo>(200, "The site.", example)
}

fn myself((path, id, how): (&str, &str, &str)) -> Route {
    let example = json!({
        "accountId": ANN, "accountType": "atlassian", "displayName": "Ann Archer", "active": true, "timeZone": "Etc/UTC",
    });
    let (id, summary) = (
        format!("getMyself{id}"),
        format!("The account acted as, {how}"),
    );
    read(format!("{path}/myself"), &id, &summary).gives::<Myself>(200, "The account.", example)
}

fn fields((path, id, how): (&str, &str, &str)) -> Route {
    let example = json!([{"id": "summary", "key": "summary", "name": "Summary", "custom": false, "schema": {"type": "string"}}]);
    let (id, summary) = (
        format!("listFields{id}"),
        format!("The fields of issues, {how}"),
    );
    read(format!("{path}/field"), &id, &summary).gives_list::<Field>("The fields.", example)
}

fn own_issue() -> Route {
    read("/v1/issue".to_owned(), "getIssue", "An issue of a site")
        .required_query("site", "The site's address.", ACME)
        .required_query("issue", "Key or id of the issue.", "ACME-1")
        .query("act_as", ACT_AS)
        .query("fields", FIELDS)
        .query("expand", EXPAND)
        .gives::<Issue>(200, "The issue.", acme_1())
}

fn check() -> Route {
    let example = json!({
        "allowed": true, "code": "allowed", "reason": null, "decision_id": "01941f29-7c00-7000-8000-000000000000",
    });
    super::route::post(
        "/v1/check",
        "check",
        "Whether a request would be allowed, without sending or looking anything up",
    )
    .tag("Access")
    .says(
        "Recorded as a check. An unknown site and a foreign one are answered alike. What only Jira knows of the issue is not asked: \
         the answer is that of the policies alone.",
    )
    .by(Callers::Verified)
    .body::<Check>(true, json!({"site": ACME, "issue": "ACME-1", "action": "getIssue"}))
    .gives::<Checked>(200, "What was decided.", example)
    .refuses(&[429])
}

fn resources() -> Route {
    let example = json!([{
        "id": ACME_CLOUD, "url": ACME, "name": "acme", "scopes": ["read:jira-work"], "avatarUrl": format!("{ACME}/favicon.ico"),
    }]);
    get(
        "/oauth/token/accessible-resources",
        "listAccessibleResources",
        "The caller's own site, in Atlassian's form",
    )
    .tag("Access")
    .says("For clients that look up their cloud id.")
    .by(Callers::Verified)
    .gives_list::<AccessibleResource>("One site.", example)
    .refuses(&[429])
}

/// What all of Jira's paths have in common.
fn read(path: String, id: &str, summary: &str) -> Route {
    get(path, id, summary)
        .tag("Jira")
        .says(NAMES)
        .by(Callers::Verified)
        .header("X-Gatepost-Act-As", ACT_AS)
        .refuses(&[403, 404, 429, 502, 504])
}

fn acme_1() -> Value {
    json!({
        "id": "10001", "key": "ACME-1", "self": format!("{ACME}/rest/api/3/issue/10001"),
        "fields": {"summary": "Checkout in one page (acme)"},
    })
}
