//! Sessions, keys, and what an administrator sees of them. A table of `openapi`.

use serde_json::{Value, json};

use super::route::{Route, delete, get, post};
use super::schemas::{
    Block, BlockWish, KeyWish, Keys, NewKey, NewSession, Sessions, SiteOverview, Whoami,
};
use super::security::Callers;
use super::{ACME, ACME_CLOUD, ANN, BOB, MADE_AT, TENANT};

const SESSION: &str = "session_01941f29-7c00-7000-8000-000000000001";
const KEY: &str = "key_01941f29-7c00-7000-8000-000000000002";

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![whoami()];
    routes.extend(sessions());
    routes.extend(keys());
    routes.extend(site());
    routes
}

fn whoami() -> Route {
    let example = json!({
        "tenant": TENANT, "tenant_basis": "verified", "site": ACME, "cloud_id": ACME_CLOUD, "account": ANN,
        "credential": {"kind": "connect_context", "issued_at": 1_795_435_200, "expires_at": 1_795_436_100},
    });
    get("/v1/whoami", "whoami", "The verified principal")
        .tag("Access")
        .says(
            "For people who set a client up. With an API token or access token of Atlassian it takes the site at which that is checked.",
        )
        .query(
            "site",
            "The site: where a credential that Atlassian gave to a user is checked. Any other has one site, and names none but that.",
        )
        .by(Callers::Verified)
        .gives::<Whoami>(200, "Who asks.", example)
        .refuses(&[404, 502, 504])
}

fn sessions() -> [Route; 4] {
    let made = json!({
        "token": "gps_…", "id": SESSION, "tenant": TENANT, "site": ACME, "account": ANN, "made_at": MADE_AT, "idle_s": 900,
        "ends_at": "2026-11-24T20:00:00Z",
    });
    [
        post(
            "/v1/sessions",
            "makeSession",
            "A session for a context token",
        )
        .tag("Sessions")
        .says("Each context token is exchanged once.")
        .by(Callers::Context)
        .header(
            "X-Gatepost-Page",
            "The nonce of the page; the session then manages nothing without it.",
        )
        .gives::<NewSession>(201, "The session, with its text.", made)
        .refuses(&[409]),
        get("/v1/sessions", "listSessions", "One's own sessions")
            .tag("Sessions")
            .by(Callers::Managers)
            .gives::<Sessions>(
                200,
                "The sessions.",
                json!({"sessions": [session()], "truncated": false}),
            ),
        delete("/v1/sessions/current", "endSession", "Log out")
            .tag("Sessions")
            .by(Callers::Session)
            .gives_nothing("The session has ended.")
            .refuses(&[404]),
        delete(
            "/v1/sessions/{id}",
            "endOtherSession",
            "End a session of one's own",
        )
        .tag("Sessions")
        .by(Callers::Managers)
        .gives_nothing("The session has ended.")
        .refuses(&[404]),
    ]
}

fn keys() -> [Route; 3] {
    let wish = json!({
        "name": "ci", "expires_in_days": 90, "sites": [ACME], "actions": ["read"], "networks": ["192.0.2.0/24"],
        "rate_per_minute": 60,
    });
    let mut made = key();
    if let Some(members) = made.as_object_mut() {
        members.insert("key".to_owned(), json!("gp_…"));
    }
    [
        post("/v1/keys", "makeKey", "A client key")
            .tag("Keys")
            .says(
                "The context token must be at most 60 seconds old and is used once. A body with `replaces` rotates a key: the old \
                 one works on for `overlap_s`.",
            )
            .by(Callers::Context)
            .body::<KeyWish>(true, wish)
            .gives::<NewKey>(201, "The key, with its text.", made)
            .refuses(&[404, 409]),
        get("/v1/keys", "listKeys", "One's own keys")
            .tag("Keys")
            .by(Callers::Managers)
            .gives::<Keys>(200, "The keys.", json!({"keys": [key()], "truncated": false})),
        delete("/v1/keys/{id}", "revokeKey", "Revoke a key of one's own")
            .tag("Keys")
            .by(Callers::Managers)
            .gives_nothing("The key is revoked.")
            .refuses(&[404]),
    ]
}

fn site() -> [Route; 6] {
    let overview = json!({
        "site": ACME, "tenant": TENANT, "sessions": [session()], "keys": [key()],
        "grants": [{
            "id": "grant_01941f29-7c00-7000-8000-000000000003", "tenant": TENANT, "account": ANN, "act_as": BOB,
            "actions": ["read"], "until": null, "reason": "holiday", "given_by": "unix:1000", "given_at": MADE_AT,
        }],
        "blocks": [block()],
        "denials": [{
            "decision_id": "01941f29-7c00-7000-8000-000000000000", "time": MADE_AT, "account": BOB, "act_as": BOB,
            "action": "getIssue", "resource": {"type": "issue", "id": "SECRET-7", "project": "SECRET"}, "site_asked": ACME,
            "code": "policy_denied", "reason": null, "credential": "client_key", "credential_id": KEY,
        }],
        "truncated": false,
    });
    let revoke = |path: &str, id: &str, summary: &str| {
        delete(path, id, summary)
            .tag("Site")
            .says("Only for administrators of the site, which Jira is asked as the caller.")
            .by(Callers::Managers)
            .gives_nothing("It has ended.")
            .refuses(&[404, 502, 504])
    };
    [
        get(
            "/v1/site",
            "superviseSite",
            "Sessions, keys, grants, blocks and refusals of one's own site",
        )
        .tag("Site")
        .says("Only for administrators of the site, which Jira is asked as the caller.")
        .by(Callers::Managers)
        .gives::<SiteOverview>(200, "The site.", overview)
        .refuses(&[502, 504]),
        revoke(
            "/v1/site/sessions/{id}",
            "endSiteSession",
            "End a session of the site",
        ),
        revoke(
            "/v1/site/keys/{id}",
            "revokeSiteKey",
            "Revoke a key of the site",
        ),
        revoke(
            "/v1/site/grants/{id}",
            "revokeSiteGrant",
            "Revoke a grant of the site",
        ),
        post("/v1/site/blocks", "blockOnSite", "Keep an account out of the site")
            .tag("Site")
            .says(
                "Only for administrators of the site, which Jira is asked as the caller. It ends the account's sessions, and is in force \
                 when the answer comes. A block is never shortened by another one; nobody blocks oneself.",
            )
            .by(Callers::Managers)
            .body::<BlockWish>(true, json!({"account": BOB, "for_s": 3600, "reason": "a lost laptop"}))
            .gives::<Block>(201, "The block.", block())
            .refuses(&[409, 502, 504]),
        revoke(
            "/v1/site/blocks/{id}",
            "unblockOnSite",
            "End a block that administrators of the site made",
        ),
    ]
}

fn block() -> Value {
    json!({
        "id": "block_01941f29-7c00-7000-8000-000000000004", "account": BOB, "key": null, "until": "2026-11-24T13:00:00Z",
        "reason": "a lost laptop", "made_by": format!("account:{ANN}"), "made_at": MADE_AT, "can_end": true,
    })
}

fn session() -> Value {
    json!({
        "id": SESSION, "account": ANN, "made_at": MADE_AT, "last_used_at": MADE_AT, "ends_at": "2026-11-24T20:00:00Z",
        "user_agent": "Mozilla/5.0", "current": true,
    })
}

fn key() -> Value {
    json!({
        "id": KEY, "name": "ci", "tenant": TENANT, "site": ACME, "account": ANN, "made_by": format!("account:{ANN}"), "made_at": MADE_AT, "expires_at": "2027-02-22T12:00:00Z",
        "last_used_at": null, "sites": [ACME], "actions": ["read"], "networks": ["192.0.2.0/24"], "act_as": null,
        "rate_per_minute": 60, "state": "active", "replaces": null,
    })
}
