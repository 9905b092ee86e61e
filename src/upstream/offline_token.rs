//! Tokens that act as a user where Forge alone knows the tenant: asked of Atlassian's GraphQL with the token that the last trigger
//! brought. Used by `user_token` only. Forge's tokens are opaque: nothing of them is read.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use crate::clock::Timestamp;
use crate::outbound::{ApiHost, Outbound};
use crate::tenant::AccountId;

use super::keys::Signer;
use super::user_token::{TokenFailure, UserToken, usable};

/// As Atlassian documents it.
const MUTATION: &str = "mutation forge_remote_offlineUserAuthToken($input: OfflineUserAuthTokenInput!) { offlineUserAuthToken(input: $input) \
                        { success errors { message } authToken { token ttl } } }";

#[derive(Deserialize)]
struct Page {
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    offline_user_auth_token: Option<Given>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    success: bool,
    auth_token: Option<Token>,
}

#[derive(Deserialize)]
struct Token {
    token: String,
    ttl: u32,
}

/// A token for `account` on the signer's site.
pub(super) async fn ask(
    outbound: &Outbound,
    api: &ApiHost,
    signer: &Signer,
    account: &AccountId,
    now: Timestamp,
) -> Result<Arc<UserToken>, TokenFailure> {
    let system = signer.system_token(now).ok_or(TokenFailure::Stale)?;
    let cloud = signer.tenant().cloud_id.ok_or(TokenFailure::NoClient)?;
    let body = json!({
        "query": MUTATION,
        "variables": { "input": {
            "contextIds": [format!("ari:cloud:jira::site/{cloud}")],
            "userId": account,
        } },
    });
    let received = outbound.request_offline_token(api, system, body.to_string());
    let received = received.await?;
    match received.status {
        200 => read(&received.body, now),
        429 => Err(TokenFailure::Limited(received.retry_after_s())),
        status @ 400..=499 => Err(TokenFailure::Refused(status)),
        _ => Err(TokenFailure::Malformed),
    }
}

fn read(body: &[u8], now: Timestamp) -> Result<Arc<UserToken>, TokenFailure> {
    let answer: Page = serde_json::from_slice(body).map_err(|_| TokenFailure::Malformed)?;
    let given = answer.data.and_then(|data| data.offline_user_auth_token);
    let given = given.ok_or(TokenFailure::Malformed)?;
    if !given.success {
        return Err(TokenFailure::NotGiven);
    }
    let token = given.auth_token.ok_or(TokenFailure::Malformed)?;
    usable(token.token, token.ttl, now).ok_or(TokenFailure::Malformed)
}
