//! The GraphQL gateway: the app's system token in, a user's token out. For this folder only. It knows one mutation, in the form that
//! Atlassian documents, and answers 400 to whatever else: values belong into variables, never into the text of a query.

use std::sync::Arc;

use axum::extract::State as Held;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::credentials::Opens;
use super::forge;
use super::jira::door;
use super::state::{Premises, State};
use super::token_server::Given;

/// The mutation, letter for letter but for blanks and the name of the operation.
const MUTATION: &str = "( $input : OfflineUserAuthTokenInput ! ) { offlineUserAuthToken ( input : $input ) \
                        { success errors { message } authToken { token ttl } } }";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    query: String,
    variables: Variables,
    operation_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variables {
    input: Input,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    context_ids: Vec<String>,
    user_id: String,
}

pub(super) async fn query(
    Held(state): Held<Arc<State>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let Some(place) = application(&state, &headers) else {
        return door::unauthorized("Unauthorized");
    };
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if kind.and_then(|kind| kind.split(';').next()) != Some("application/json") {
        return malformed("the content type is not `application/json`");
    }
    let document = match serde_json::from_str::<Document>(&body) {
        Ok(document) => document,
        Err(error) => return malformed(&error.to_string()),
    };
    match operation(&document.query) {
        Some(name) if document.operation_name.is_none_or(|asked| asked == name) => {}
        _ => return malformed("not the mutation `offlineUserAuthToken` as it is documented"),
    }
    exchange(&state, &place, &document.variables.input)
}

/// The site of the app's own token, if it is good.
fn application(state: &State, headers: &HeaderMap) -> Option<Arc<Premises>> {
    let grant = state.credentials.grant(door::bearer(headers)?)?;
    let Opens::ForgeApp { site, installation } = &grant.opens else {
        return None;
    };
    let place = state.site(site)?;
    let live = place.live();
    let is_good = live.on_forge && live.installation == *installation;
    (is_good && grant.expires > state.clock.now()).then(|| place.clone())
}

/// The name of the operation, if the text is the mutation.
fn operation(text: &str) -> Option<String> {
    let rest = text.trim_start().strip_prefix("mutation")?;
    let (name, rest) = rest.split_at(rest.find('(')?);
    let name = name.trim();
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let spaced: String = rest
        .chars()
        .map(|letter| match letter {
            '(' | ')' | '{' | '}' | ':' | '!' => format!(" {letter} "),
            _ => letter.to_string(),
        })
        .collect();
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    (is_name && words(&spaced) == words(MUTATION)).then(|| name.to_owned())
}

fn exchange(state: &State, place: &Premises, input: &Input) -> Response {
    let context = format!("ari:cloud:jira::site/{}", place.cloud_id);
    if input.context_ids != [context] {
        return refused("the context is not that of the installation");
    }
    let reachable = {
        let live = place.live();
        live.world.is_active(&input.user_id) && !live.out_of_reach.contains(&input.user_id)
    };
    if !reachable {
        return refused("the app may not act as this user");
    }
    let (token, ttl) = forge::user_token(state, place, &input.user_id);
    let mut answer = told(&json!({
        "success": true, "errors": null, "authToken": {"token": token, "ttl": ttl},
    }));
    answer.extensions_mut().insert(Given {
        account: Some(input.user_id.clone()),
        scope: super::credentials::SCOPES.join(" "),
    });
    answer
}

fn told(payload: &Value) -> Response {
    page(
        StatusCode::OK,
        &json!({"data": {"offlineUserAuthToken": payload}}),
    )
}

/// A refusal of the mutation itself: a success as far as HTTP and GraphQL go.
fn refused(sentence: &str) -> Response {
    told(&json!({"success": false, "errors": [{"message": sentence}], "authToken": null}))
}

fn malformed(sentence: &str) -> Response {
    let error =
        json!({"message": sentence, "extensions": {"statusCode": 400, "errorType": "BAD_REQUEST"}});
    page(
        StatusCode::BAD_REQUEST,
        &json!({"errors": [error], "data": null}),
    )
}

fn page(status: StatusCode, body: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json;charset=utf-8")];
    (status, kind, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mutation_is_known_by_its_words() {
        let documented = "mutation forge_remote_offlineUserAuthToken($input: OfflineUserAuthTokenInput!) {\n  \
                          offlineUserAuthToken(input: $input) {\n    success\n    errors {\n      message\n    }\n    \
                          authToken {\n      token\n      ttl\n    }\n  }\n}\n";
        assert_eq!(
            operation(documented).as_deref(),
            Some("forge_remote_offlineUserAuthToken")
        );
        for wrong in [
            documented.replace("mutation", "query"),
            documented.replace("$input)", "{userId: \"x\"})"),
            documented.replace("success", ""),
            documented.replace("forge_remote_offlineUserAuthToken", ""),
            format!("{documented} {{ me {{ id }} }}"),
        ] {
            assert_eq!(operation(&wrong), None, "{wrong}");
        }
    }
}
