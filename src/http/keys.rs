//! `/v1/keys`: a fresh context token becomes a client key; one's own keys are seen and revoked. Used by the routes.
//! A key's text is in the one answer that makes it, and nowhere else.

use std::net::IpAddr;
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use ipnet::IpNet;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::decision::Action;
use crate::gateway::{Ended, Gateway, Wanted};
use crate::identity::Bounds;
use crate::identity::issued::{ClientKey, Made, NewKey, Rotation, Whose};

use super::parse::ParseError;
use super::visit::{Done, Failure, Visit};

/// The body of `POST /v1/keys`: a new key, or with `replaces` the successor of one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Body {
    name: Option<String>,
    expires_in_days: Option<u32>,
    expires_at: Option<String>,
    // Texts: what is wrong with one is told by its name, and not by line and column.
    sites: Vec<String>,
    actions: Vec<String>,
    networks: Vec<String>,
    act_as: Option<String>,
    rate_per_minute: Option<u32>,
    replaces: Option<String>,
    overlap_s: Option<u32>,
}

const DAY_S: u64 = 24 * 3600;
/// Both keys are good for a day, unless the request says otherwise.
const OVERLAP_S: u32 = 86_400;

/// `POST /v1/keys`.
pub(super) async fn make(mut visit: Visit) -> Response {
    let result = made(&mut visit).await;
    visit.finish(result).await
}

/// `GET /v1/keys`.
pub(super) async fn list(mut visit: Visit) -> Response {
    let result = listed(&mut visit).await;
    visit.finish(result).await
}

/// `DELETE /v1/keys/{id}`.
pub(super) async fn revoke(mut visit: Visit) -> Response {
    let result = revoked(&mut visit).await;
    visit.finish(result).await
}

async fn made(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    visit.require_own_origin()?;
    let token = visit
        .manage(async |gateway, by, trail| gateway.present(by, trail).await)
        .await?;
    let body: Body = visit.json_body().await?;
    let wanted = wanted(body, visit.app.clock().now())?;
    let made = visit
        .manage(async |gateway, by, trail| gateway.make_key(token, by.page, wanted, trail).await)
        .await?;
    Ok(Done::Created(shown(visit.app.gateway(), &made)))
}

fn wanted(body: Body, now: Timestamp) -> Result<Wanted, ParseError> {
    let ends_at = ends_at(&body, now)?;
    let Some(replaces) = &body.replaces else {
        return new_key(body, ends_at).map(Wanted::New);
    };
    let replaces = member("replaces", replaces, str::parse)?;
    let narrows = !(body.sites.is_empty() && body.actions.is_empty() && body.networks.is_empty());
    if narrows || body.name.is_some() || body.act_as.is_some() || body.rate_per_minute.is_some() {
        return Err(refused(
            "a successor has the name and the limits of the key that it `replaces`",
        ));
    }
    let overlap_s = body.overlap_s.unwrap_or(OVERLAP_S);
    Ok(Wanted::Rotation(Rotation {
        replaces,
        overlap: Duration::from_secs(u64::from(overlap_s)),
        ends_at,
    }))
}

fn new_key(body: Body, ends_at: Option<Timestamp>) -> Result<NewKey, ParseError> {
    if body.overlap_s.is_some() {
        return Err(refused("`overlap_s` belongs to `replaces`"));
    }
    let act_as = body.act_as.as_deref();
    Ok(NewKey {
        name: body.name.ok_or_else(|| refused("`name` is missing"))?,
        bounds: Bounds {
            act_as: act_as
                .map(|text| member("act_as", text, str::parse))
                .transpose()?,
            actions: members("actions", &body.actions, action)?,
            networks: members("networks", &body.networks, network)?,
            sites: members("sites", &body.sites, str::parse)?,
        },
        rate_per_minute: body.rate_per_minute,
        ends_at,
    })
}

fn members<T, E: std::fmt::Display>(
    name: &'static str,
    texts: &[String],
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, ParseError> {
    let read = |text: &String| member(name, text, &read);
    texts.iter().map(read).collect()
}

fn member<T, E: std::fmt::Display>(
    name: &'static str,
    text: &str,
    read: impl Fn(&str) -> Result<T, E>,
) -> Result<T, ParseError> {
    read(text).map_err(|error| {
        let text = crate::ledger::entry::shorten(text, 64);
        ParseError::Member(name, format!("`{text}`: {error}"))
    })
}

fn action(name: &str) -> Result<String, String> {
    if Action::is_name(name) {
        return Ok(name.to_owned());
    }
    let known: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    let known = known.join(", ");
    Err(format!(
        "no action; there are {known} and the groups read, write, admin"
    ))
}

fn network(text: &str) -> Result<IpNet, &'static str> {
    let single = |_| text.parse::<IpAddr>().map(IpNet::from);
    let network = text.parse().or_else(single);
    network.map_err(|_| "no network such as 192.0.2.0/24 and no address such as 192.0.2.7")
}

fn ends_at(body: &Body, now: Timestamp) -> Result<Option<Timestamp>, ParseError> {
    match (body.expires_in_days, body.expires_at.as_deref()) {
        (Some(_), Some(_)) => Err(refused(
            "`expires_at` and `expires_in_days` exclude each other",
        )),
        (Some(days), None) => Ok(Some(now.plus(Duration::from_secs(u64::from(days) * DAY_S)))),
        (None, Some(text)) => {
            let moment = Timestamp::parse_rfc3339(text);
            let form = "`expires_at` is no time such as 2027-01-31T12:00:00Z";
            moment.map(Some).map_err(|_| refused(form))
        }
        (None, None) => Ok(None),
    }
}

fn refused(why: &str) -> ParseError {
    ParseError::Members(why.to_owned())
}

fn shown(gateway: &Gateway, made: &Made) -> Bytes {
    // INVARIANT: a key's text is hexadecimal with a prefix.
    let text = std::str::from_utf8(made.text.expose()).expect("a key is ASCII");
    let mut body = json!({ "key": text });
    let described = describe(gateway, &made.key);
    if let (Some(body), Value::Object(described)) = (body.as_object_mut(), described) {
        body.extend(described);
    }
    Bytes::from(body.to_string())
}

async fn listed(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    let body = visit
        .manage(async |gateway, by, trail| {
            let principal = gateway.manage(by, "listKeys", trail).await?;
            let whose = Whose::Account(principal.tenant(), principal.account());
            let keys = gateway.issued.keys(whose).await;
            let keys = gateway.readable(keys, trail).await?;
            let list = keys.items.iter().map(|key| describe(gateway, key));
            let list: Vec<Value> = list.collect();
            Ok(json!({ "keys": list, "truncated": keys.truncated }))
        })
        .await?;
    Ok(Done::Json(Bytes::from(body.to_string())))
}

/// A key as people see it.
pub(super) fn describe(gateway: &Gateway, key: &ClientKey) -> Value {
    let tenant = gateway.tenants.current(&key.tenant);
    json!({
        "id": key.id,
        "name": key.name,
        "tenant": key.tenant,
        "site": tenant.map(|tenant| tenant.site.to_string()),
        "account": key.account,
        "made_by": key.made_by,
        "made_at": key.made_at.rfc3339(),
        "expires_at": key.ends_at.rfc3339(),
        "last_used_at": key.last_used_at.map(Timestamp::rfc3339),
        "sites": key.bounds.sites,
        "actions": key.bounds.actions,
        "networks": key.bounds.networks,
        "act_as": key.bounds.act_as,
        "rate_per_minute": key.rate_per_minute,
        "state": gateway.issued.state_of(key).as_str(),
        "replaces": key.replaces,
    })
}

async fn revoked(visit: &mut Visit) -> Result<Done, Failure> {
    visit.parameters(&[])?;
    visit.require_own_origin()?;
    let id = visit.param("id").to_owned();
    visit
        .manage(async |gateway, by, trail| gateway.end_own(by, Ended::Key(&id), trail).await)
        .await?;
    Ok(Done::Empty)
}
