//! Client keys, as operators make and end them. Used by `office`.
//! The text of a key must be in the one answer that makes it, and in no other answer, refusal or record.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::identity::Bounds;
use crate::identity::issued::{
    ClientKey, IssueError, Made, NewKey, Owner, Rotation, Whose, text::claimed,
};
use crate::ledger::text::in_one_line;
use crate::tenant::{KeyId, SiteUrl, Tenant};

use super::command::{Refusal, WantedKey};
use super::office::{Office, account, refusal as refused_tenant, require_actions, wrong};

/// Makes a key; gives its text once, and what it is.
pub(super) async fn create(office: &Office, new: WantedKey, by: &str) -> Result<Value, Refusal> {
    let tenant = office.named(&new.tenant)?;
    require_active(&tenant)?;
    let owner = Owner::named(&tenant, account(&new.account)?);
    let now = office.tenants.now();
    let new = NewKey {
        bounds: bounds(&new)?,
        name: new.name,
        rate_per_minute: new.rate_per_minute,
        ends_at: new
            .span_us
            .map(|span| now.plus(Duration::from_micros(span))),
    };
    let made = office.issued.make_key_by(owner, new, by).await;
    Ok(shown(office, &made.map_err(refusal)?))
}

/// The keys, those in force first, from the newest.
pub(super) async fn list(
    office: &Office,
    tenant: Option<&str>,
    account: Option<&str>,
) -> Result<Value, Refusal> {
    let tenant = tenant.map(|name| office.named(name)).transpose()?;
    let tenant = tenant.as_ref().map(|tenant| &tenant.id);
    let account = account.map(self::account).transpose()?;
    let whose = Whose::of(tenant, account.as_ref());
    let keys = office.issued.keys(whose).await;
    let keys = keys.map_err(|error| refusal(error.into()))?;
    Ok(keys.items.iter().map(|key| describe(office, key)).collect())
}

/// Ends all keys of a tenant, of an account, or of an account on a tenant; gives how many those were.
pub(super) async fn revoke_all(
    office: &Office,
    tenant: Option<&str>,
    account: Option<&str>,
    by: &str,
) -> Result<Value, Refusal> {
    let account = account.map(self::account).transpose()?;
    let tenants = match (tenant, &account) {
        (Some(name), _) => vec![office.named(name)?.id.clone()],
        (None, Some(account)) => {
            let tenants = office.issued.tenants_of(account).await;
            tenants.map_err(refusal)?
        }
        (None, None) => {
            let told = "name whose keys: `--tenant`, `--account` or both, or one key by its id";
            return Err(wrong(told.to_owned()));
        }
    };
    let mut revoked = 0;
    for tenant in &tenants {
        let some = office.issued.revoke_keys(tenant, account.as_ref(), by);
        revoked += some.await.map_err(refusal)?;
    }
    Ok(json!({ "revoked": revoked }))
}

/// Ends a key at once; gives it as it is then.
pub(super) async fn revoke(office: &Office, key: &str, by: &str) -> Result<Value, Refusal> {
    let id = id(key)?;
    let (issued, entry) = (&office.issued, crate::ledger::entry::Entry::default());
    let done = issued.revoke_key(id.as_str(), Whose::Everybody, by, entry);
    done.await.map_err(|error| absent(&id, error))?;
    Ok(describe(office, &find(office, &id).await?))
}

/// Makes the successor of a key, with these spans of the overlap and of its own; gives its text once, and what it is.
pub(super) async fn rotate(
    office: &Office,
    key: &str,
    (overlap_us, span_us): (u64, Option<u64>),
    by: &str,
) -> Result<Value, Refusal> {
    let id = id(key)?;
    let old = find(office, &id).await?;
    if let Some(tenant) = office.tenants.current(&old.tenant) {
        require_active(&tenant)?;
    }
    let rotation = Rotation {
        replaces: id.clone(),
        overlap: Duration::from_micros(overlap_us),
        ends_at: span_us.map(|span| office.tenants.now().plus(Duration::from_micros(span))),
    };
    let made = office.issued.rotate_key_by(rotation, by).await;
    let mut shown = shown(office, &made.map_err(|error| absent(&id, error))?);
    let old = find(office, &id).await?;
    shown["old_expires_at"] = json!(old.ends_at.rfc3339());
    Ok(shown)
}

/// The key with this id, which must be there.
pub(super) async fn find(office: &Office, id: &KeyId) -> Result<ClientKey, Refusal> {
    let found = look_up(office, id).await?;
    found.ok_or_else(|| absent(id, IssueError::NoSuch("key")))
}

/// The key with this id, if there is one.
pub(super) async fn look_up(office: &Office, id: &KeyId) -> Result<Option<ClientKey>, Refusal> {
    let found = office.issued.key(id).await;
    found.map_err(|error| refusal(error.into()))
}

/// A key's id as an operator writes it. Whoever pastes the key itself, alone or with more around it, is told so without an echo.
pub(super) fn id(text: &str) -> Result<KeyId, Refusal> {
    let mut rests = (0..text.len()).map(|at| &text.as_bytes()[at..]);
    let holds_credential = rests.any(|rest| claimed(rest).is_some());
    text.parse().map_err(|error| {
        if holds_credential {
            let told = "this is a credential itself, which commands do not take: shells and process lists keep what they see; \
                        name it by its id, as `gatepost key list` and `/v1/whoami` show it";
            return wrong(told.to_owned());
        }
        wrong(format!("`{text}`: {error}; `gatepost key list` shows them"))
    })
}

fn require_active(tenant: &Tenant) -> Result<(), Refusal> {
    if tenant.is_active() {
        return Ok(());
    }
    let told = "is not installed, or suspended: keys are made for active ones";
    Err(wrong(format!("tenant `{}` {told}", tenant.id)))
}

fn bounds(new: &WantedKey) -> Result<Bounds, Refusal> {
    require_actions(&new.actions)?;
    let sites = new.sites.iter().map(|text| site(text));
    let networks = new.networks.iter().map(|text| network(text));
    Ok(Bounds {
        act_as: new.act_as.as_deref().map(account).transpose()?,
        actions: new.actions.clone(),
        networks: networks.collect::<Result<_, _>>()?,
        sites: sites.collect::<Result<_, _>>()?,
    })
}

fn site(text: &str) -> Result<SiteUrl, Refusal> {
    let site = text.parse().or_else(|_| SiteUrl::from_host(text));
    site.map_err(|error| wrong(format!("`{text}`: {error}")))
}

fn network(text: &str) -> Result<IpNet, Refusal> {
    let single = |_| text.parse::<IpAddr>().map(IpNet::from);
    let network = text.parse().or_else(single);
    let form = "is no network such as `192.0.2.0/24` and no address";
    network.map_err(|_| wrong(format!("`{text}` {form}")))
}

fn shown(office: &Office, made: &Made) -> Value {
    let mut shown = describe(office, &made.key);
    shown["key"] = json!(String::from_utf8_lossy(made.text.expose()));
    shown
}

fn describe(office: &Office, key: &ClientKey) -> Value {
    let tenant = office.tenants.current(&key.tenant);
    json!({
        "id": key.id,
        "name": key.name,
        "tenant": key.tenant,
        "site": tenant.map(|tenant| tenant.site.to_string()),
        "account": key.account,
        "state": office.issued.state_of(key).as_str(),
        "expires_at": key.ends_at.rfc3339(),
        "last_used_at": key.last_used_at.map(Timestamp::rfc3339),
        "revoked_at": key.revoked_at.map(Timestamp::rfc3339),
        "sites": key.bounds.sites,
        "actions": key.bounds.actions,
        "networks": key.bounds.networks,
        "act_as": key.bounds.act_as,
        "rate_per_minute": key.rate_per_minute,
        "replaces": key.replaces,
        "made_by": key.made_by,
        "made_at": key.made_at.rfc3339(),
    })
}

/// What there is not is told by its name.
fn absent(id: &KeyId, error: IssueError) -> Refusal {
    match error {
        IssueError::NoSuch(what) => wrong(format!(
            "there is no {what} `{id}`; `gatepost key list` shows those that there are"
        )),
        error => refusal(error),
    }
}

/// A refusal in the words of the command line.
fn refusal(error: IssueError) -> Refusal {
    let flag = |member: &str| match member {
        "expires_at" => Some("--for"),
        "name" => Some("--name"),
        "rate_per_minute" => Some("--rate"),
        "sites" => Some("--site"),
        "act_as" => Some("--act-as"),
        _ => None,
    };
    match error {
        IssueError::Member(member, why) => {
            wrong(format!("`{}`: {why}", flag(member).unwrap_or(member)))
        }
        IssueError::Tenant(error) => refused_tenant(error),
        IssueError::Db(_) | IssueError::Ledger(_) | IssueError::Lookup(_) => Refusal {
            message: in_one_line(&error),
            wrong: false,
        },
        IssueError::Replayed
        | IssueError::Stale(_)
        | IssueError::ForeignPage
        | IssueError::Outlived
        | IssueError::TooMany(_)
        | IssueError::NotByKey
        | IssueError::NoSuch(_) => wrong(error.to_string()),
    }
}
