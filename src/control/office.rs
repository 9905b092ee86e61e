//! Carries commands out: on the file when no server holds it, inside the server otherwise. Used by `socket` and `cli`.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::decision::Action;
use crate::identity::issued::Issued;
use crate::ledger::text::in_one_line;
use crate::tenant::operations::NewGrant;
use crate::tenant::record::{Grant, State};
use crate::tenant::{AccountId, SharedTenant, Tenant, TenantError, Tenants};

use super::blocks;
use super::command::{Command, Refusal};
use super::keys;
use super::own;
use super::policies;
use super::rules::{Rules, Wish};
use super::tokens::AdminTokens;

/// Where commands are carried out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Office {
    /// The registry.
    pub tenants: Tenants,
    /// Sessions and client keys.
    pub issued: Issued,
    /// The admin side's tokens.
    pub tokens: AdminTokens,
    /// The policy sets.
    pub rules: Rules,
}

impl Office {
    /// Carries `command` out for `by`, such as `unix:1000`.
    pub async fn run(&self, command: Command, by: &str) -> Result<Value, Refusal> {
        match command {
            Command::TenantList {} => Ok(self
                .tenants
                .all()
                .iter()
                .map(|tenant| self.summary(tenant))
                .collect()),
            Command::TenantShow { tenant } => self.in_full(self.named(&tenant)?.as_ref()).await,
            Command::TenantSuspend { tenant, reason } => {
                let id = self.named(&tenant)?.id.clone();
                let done = self.tenants.suspend(&id, reason, by).await;
                done.map_err(refusal)?;
                Ok(self.summary(self.named(id.as_str())?.as_ref()))
            }
            Command::TenantResume { tenant } => {
                let id = self.named(&tenant)?.id.clone();
                self.tenants.resume(&id, by).await.map_err(refusal)?;
                Ok(self.summary(self.named(id.as_str())?.as_ref()))
            }
            Command::TenantCredentials { tenant, allow } => {
                own::take(self, &tenant, &allow, by).await
            }
            Command::GrantCreate {
                tenant,
                account,
                act_as,
                actions,
                until,
                reason,
            } => {
                let tenant = self.named(&tenant)?;
                let new = new_grant(&account, &act_as, actions, until.as_deref(), reason)?;
                let id = self.tenants.give(&tenant.id, new, by).await;
                Ok(json!({ "id": id.map_err(refusal)? }))
            }
            Command::GrantList { tenant } => self.grants(tenant.as_deref()),
            Command::GrantRevoke { grant } => {
                self.tenants.take_back(&grant, by).await.map_err(refusal)?;
                Ok(json!({ "id": grant }))
            }
            Command::Block {
                on,
                span_us,
                reason,
            } => blocks::block(self, &on, span_us, reason, by).await,
            Command::Unblock { on } => blocks::unblock(self, &on, by).await,
            Command::BlockList {} => blocks::list(self).await,
            // On the heap: larger than all the others, which would be as large.
            Command::KeyCreate { .. }
            | Command::KeyList { .. }
            | Command::KeyRevoke { .. }
            | Command::KeyRevokeAll { .. }
            | Command::KeyRotate { .. } => Box::pin(self.key(command, by)).await,
            Command::TokenCreate { role, name } => {
                let made = self.tokens.create(role, name, by).await;
                let token = made.map_err(|error| Refusal {
                    message: in_one_line(&error),
                    wrong: false,
                })?;
                Ok(json!({ "token": String::from_utf8_lossy(token.expose()) }))
            }
            Command::PolicyList {}
            | Command::PolicyShow { .. }
            | Command::PolicyActivate { .. }
            | Command::PolicyUnpin { .. } => self.rule(command, by).await,
        }
    }

    /// What is about client keys.
    async fn key(&self, command: Command, by: &str) -> Result<Value, Refusal> {
        match command {
            Command::KeyCreate { new } => keys::create(self, new, by).await,
            Command::KeyRevoke { key } => keys::revoke(self, &key, by).await,
            Command::KeyRevokeAll { tenant, account } => {
                keys::revoke_all(self, tenant.as_deref(), account.as_deref(), by).await
            }
            Command::KeyRotate {
                key,
                overlap_us,
                span_us,
            } => keys::rotate(self, &key, (overlap_us, span_us), by).await,
            Command::KeyList { tenant, account } => {
                keys::list(self, tenant.as_deref(), account.as_deref()).await
            }
            _ => keys::list(self, None, None).await,
        }
    }

    /// What is about policy sets.
    async fn rule(&self, command: Command, by: &str) -> Result<Value, Refusal> {
        let done = match command {
            Command::PolicyShow {
                digest,
                files,
                certificate,
            } => {
                let parts = policies::Parts { files, certificate };
                policies::show(&self.rules, &digest, parts).await
            }
            Command::PolicyActivate {
                digest,
                drop_guarantees,
                reason,
            } => {
                let wish = Wish {
                    digest,
                    drop_guarantees,
                    reason,
                };
                policies::activate(&self.rules, wish, by).await
            }
            Command::PolicyUnpin { reason } => policies::unpin(&self.rules, reason, by).await,
            _ => policies::list(&self.rules).await,
        };
        done.map_err(|error| policies::refusal(&error))
    }

    pub(super) fn named(&self, name: &str) -> Result<SharedTenant, Refusal> {
        self.tenants.by_any_name(name).map_err(refusal)
    }

    fn grants(&self, tenant: Option<&str>) -> Result<Value, Refusal> {
        let tenants = match tenant {
            Some(name) => vec![self.named(name)?],
            None => self.tenants.all(),
        };
        let list = tenants.iter().flat_map(|tenant| {
            tenant
                .grants()
                .into_iter()
                .map(|grant| describe(tenant, grant))
        });
        Ok(list.collect())
    }

    pub(super) fn summary(&self, tenant: &Tenant) -> Value {
        json!({
            "tenant": tenant.id,
            "site": tenant.site.to_string(),
            "cloud_id": tenant.cloud_id.as_ref().map(ToString::to_string),
            "state": state(tenant, self.tenants.now()),
            "installed_at": tenant.installed_at.rfc3339(),
        })
    }

    async fn in_full(&self, tenant: &Tenant) -> Result<Value, Refusal> {
        let mut full = self.summary(tenant);
        full["display_url"] = json!(tenant.display_url);
        full["suspended_because"] = json!(tenant.suspended);
        full["epoch"] = json!(tenant.epoch);
        full["secret_version"] = json!(tenant.secret_version);
        full["oauth_client_id"] = json!(tenant.oauth_client_id);
        full["own_credentials"] = json!(tenant.own_credentials.words());
        full["changed_at"] = json!(tenant.changed_at.rfc3339());
        full["blocks"] = blocks::of(self, tenant).await?;
        full["grants"] = tenant
            .grants()
            .into_iter()
            .map(|grant| describe(tenant, grant))
            .collect();
        Ok(full)
    }
}

/// What an operator needs to know first: why nothing is served, if nothing is.
fn state(tenant: &Tenant, now: Timestamp) -> &'static str {
    if tenant.suspended.is_some() {
        "suspended"
    } else if tenant.state == State::Installed && tenant.is_blocked(now).is_some() {
        "blocked"
    } else {
        tenant.state.as_str()
    }
}

fn new_grant(
    account: &str,
    act_as: &str,
    actions: Vec<String>,
    until: Option<&str>,
    reason: String,
) -> Result<NewGrant, Refusal> {
    require_actions(&actions)?;
    let moment = |text: &str| {
        Timestamp::parse_rfc3339(text).map_err(|error| {
            wrong(format!(
                "`{text}` is no time such as 2026-12-24T12:00:00Z: {error}"
            ))
        })
    };
    let until = until.map(moment).transpose()?;
    Ok(NewGrant {
        account: self::account(account)?,
        act_as: self::account(act_as)?,
        actions,
        expires_at: until,
        reason,
    })
}

/// An account as an operator writes it. Nobody is asked whether there is one.
pub(super) fn account(text: &str) -> Result<AccountId, Refusal> {
    text.parse()
        .map_err(|error| wrong(format!("`{text}`: {error}")))
}

/// A misspelt action in a grant or a key would be one that never fits.
pub(super) fn require_actions(names: &[String]) -> Result<(), Refusal> {
    let Some(unknown) = names.iter().find(|name| !Action::is_name(name)) else {
        return Ok(());
    };
    let known: Vec<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
    let groups = "the groups read, write, admin";
    Err(wrong(format!(
        "`{unknown}` is no action; there are {} and {groups}",
        known.join(", ")
    )))
}

/// A grant as people see it.
#[must_use]
pub fn describe(tenant: &Tenant, grant: &Grant) -> Value {
    json!({
        "id": grant.id,
        "tenant": tenant.id,
        "account": grant.account,
        "act_as": grant.act_as,
        "actions": grant.actions,
        "until": grant.expires_at.map(Timestamp::rfc3339),
        "reason": grant.reason,
        "given_by": grant.given_by,
        "given_at": grant.given_at.rfc3339(),
    })
}

pub(super) fn wrong(message: String) -> Refusal {
    Refusal {
        message,
        wrong: true,
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that `map_err` wants"
)]
pub(super) fn refusal(error: TenantError) -> Refusal {
    let wrong = matches!(
        error,
        TenantError::Unknown(_)
            | TenantError::UnknownGrant(_)
            | TenantError::UnknownBlock(_)
            | TenantError::Replaced(_)
            | TenantError::NotInstalled(_)
            | TenantError::TooManyGrants(..)
            | TenantError::Grant(_)
    );
    Refusal {
        message: in_one_line(&error),
        wrong,
    }
}
