//! The groups of an account, for the app itself and for nobody else: users would need a permission of their own. For the stand-in only.

use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::form;
use super::super::state::{Live, Premises, identifier};
use super::door::{About, Arrival};
use super::{is_version, page, refusal};

pub(super) async fn of_user(
    arrival: Arrival,
    Path(version): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    if !is_version(&version) {
        return refusal(StatusCode::NOT_FOUND, "There is nothing at this path.");
    }
    let query = form::pairs(&query.unwrap_or_default()).unwrap_or_default();
    let (Some(account), 1) = (form::only(&query, "accountId"), query.len()) else {
        let sentence = "The parameter accountId is needed, and no other.";
        return refusal(StatusCode::BAD_REQUEST, sentence);
    };
    match arrival.admit(About::People) {
        Err(refused) => return arrival.refusal(refused),
        Ok(caller) if caller.account.is_some() => {
            let sentence = "The user may not browse users and groups.";
            return refusal(StatusCode::FORBIDDEN, sentence);
        }
        Ok(_) => {}
    }
    let live = arrival.site.live();
    if live.world.standing(account).is_none() {
        return refusal(StatusCode::NOT_FOUND, "The user does not exist.");
    }
    let base = format!("{}/rest/api/{version}/group", arrival.site.base_url);
    let listed = groups(&arrival.site, &live, account).into_iter().map(|(name, id)| {
        json!({"name": name, "groupId": id, "self": format!("{base}?groupId={}", form::encode(&id))})
    });
    page(StatusCode::OK, &Value::Array(listed.collect()))
}

fn groups(site: &Premises, live: &Live, account: &str) -> Vec<(String, String)> {
    let said = live.groups.get(account).cloned();
    said.unwrap_or_else(|| {
        let name = format!("jira-users-{}", site.name);
        let id = identifier(&site.host, &name, 0);
        vec![(name, id)]
    })
}
