//! Which credentials of users' own a tenant takes, as an operator says it. Used by `office`.

use serde_json::{Value, json};

use crate::tenant::own::{OwnKind, OwnKinds};

use super::command::Refusal;
use super::office::{Office, refusal, wrong};

/// Takes exactly the kinds that are named; none is none.
pub(super) async fn take(
    office: &Office,
    tenant: &str,
    allow: &[String],
    by: &str,
) -> Result<Value, Refusal> {
    let kinds = allow.iter().map(|word| word.parse::<OwnKind>());
    let kinds: Result<OwnKinds, _> = kinds.collect();
    let kinds = kinds.map_err(|error| wrong(error.to_string()))?;
    let id = office.named(tenant)?.id.clone();
    let taken = office.tenants.take_own(&id, kinds, by).await;
    taken.map_err(refusal)?;
    let mut told = office.summary(office.named(id.as_str())?.as_ref());
    told["own_credentials"] = json!(kinds.words());
    Ok(told)
}
