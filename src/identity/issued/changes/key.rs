//! Client keys: made, and followed by their successors.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::identity::spendable::Spendable;
use crate::ledger::Draft;
use crate::ledger::entry::Entry;
use crate::secret::Secret;
use crate::tenant::KeyId;

use super::super::error::IssueError;
use super::super::listing::{ClientKey, KeyState, Whose};
use super::super::text::Kind;
use super::super::{Issued, store};
use super::wanted::{NewKey, Rotation};
use super::{Changed, Owner, Spent, Strike, record};

/// A key, and the one time that it is shown.
#[derive(Debug)]
pub struct Made {
    /// `gp_…`.
    pub text: Secret,
    /// The rest of it.
    pub key: ClientKey,
}

/// Keys of one account at once.
const KEYS_MAX: usize = 100;
/// How old a context token may be that makes a key, in seconds: whoever comes by an older one makes none.
const FRESH_S: i64 = 60;

/// The key that ends, and when at the latest.
type Replaced = Option<(KeyId, Timestamp)>;

impl Issued {
    /// Exchanges a fresh context token for a client key.
    pub async fn make_key_for(
        &self,
        token: &Spendable,
        page: Option<&str>,
        new: NewKey,
        entry: Entry,
    ) -> Result<Made, IssueError> {
        let (owner, spent) = self.exchange(token, page)?;
        let by = format!("account:{}", owner.account);
        self.make_key(owner, new, Some(spent), &by, entry).await
    }

    /// Exchanges a fresh context token for the successor of one's own key.
    pub async fn rotate_key_for(
        &self,
        token: &Spendable,
        page: Option<&str>,
        rotation: Rotation,
        entry: Entry,
    ) -> Result<Made, IssueError> {
        let (owner, spent) = self.exchange(token, page)?;
        let by = format!("account:{}", owner.account);
        let whose = Whose::Account(&owner.tenant, &owner.account);
        self.rotate(rotation, whose, Some(spent), &by, entry).await
    }

    /// Makes a key as an operator.
    pub async fn make_key_by(
        &self,
        owner: Owner,
        new: NewKey,
        by: &str,
    ) -> Result<Made, IssueError> {
        self.make_key(owner, new, None, by, Entry::default()).await
    }

    /// Makes the successor of a key as an operator.
    pub async fn rotate_key_by(&self, rotation: Rotation, by: &str) -> Result<Made, IssueError> {
        self.rotate(rotation, Whose::Everybody, None, by, Entry::default())
            .await
    }

    fn exchange(
        &self,
        token: &Spendable,
        page: Option<&str>,
    ) -> Result<(Owner, Spent), IssueError> {
        let now = self.0.parts.clock.now();
        let owner = Owner::of(token.principal());
        if now.seconds() - token.iat() > FRESH_S {
            return Err(IssueError::Stale(FRESH_S));
        }
        self.require_nonce(page, &owner, now)?;
        Ok((owner, Spent::of(token)))
    }

    async fn make_key(
        &self,
        owner: Owner,
        new: NewKey,
        spent: Option<Spent>,
        by: &str,
        entry: Entry,
    ) -> Result<Made, IssueError> {
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let tenant = parts.tenants.current(&owner.tenant);
        let new = new.checked(&owner, tenant.as_deref(), parts.lifetimes.key_max, now)?;
        let key = ClientKey {
            id: KeyId::new(parts.chance.uuid(now)),
            tenant: owner.tenant.clone(),
            account: owner.account.clone(),
            name: new.name,
            bounds: new.bounds,
            rate_per_minute: new.rate_per_minute,
            replaces: None,
            made_by: by.to_owned(),
            made_at: now,
            last_used_at: None,
            ends_at: new.ends_at,
            revoked_at: None,
            meant_until: None,
            epoch: owner.epoch,
        };
        let draft = Draft::new(&key_record(entry, &owner, "key.created", &key))?;
        self.put_key(key, spent, draft, None).await
    }

    async fn rotate(
        &self,
        rotation: Rotation,
        whose: Whose<'_>,
        spent: Option<Spent>,
        by: &str,
        entry: Entry,
    ) -> Result<Made, IssueError> {
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let old = self.key(&rotation.replaces).await?.filter(|key| {
            let own = |name: Option<&str>, is: &str| name.is_none_or(|name| name == is);
            own(whose.tenant(), key.tenant.as_str()) && own(whose.account(), key.account.as_str())
        });
        let old = old.filter(|key| self.state_of(key) == KeyState::Active);
        let old = old.ok_or(IssueError::NoSuch("key in force"))?;
        let tenant = parts.tenants.current(&old.tenant);
        let tenant = tenant.ok_or(IssueError::NoSuch("tenant"))?;
        let owner = Owner::named(&tenant, old.account.clone());
        let overlap_end = now.plus(rotation.overlap);
        // As long as the old one was made for, from now on, whatever an earlier successor made of its end; but no longer than keys last.
        let made_for = old.meant_until.unwrap_or(old.ends_at).since(old.made_at);
        let life = made_for.min(parts.lifetimes.key_max);
        let new = NewKey {
            name: old.name.clone(),
            bounds: old.bounds.clone(),
            rate_per_minute: old.rate_per_minute,
            ends_at: rotation.ends_at.or(Some(now.plus(life))),
        };
        let new = new.checked(&owner, Some(&tenant), parts.lifetimes.key_max, now)?;
        let key = ClientKey {
            id: KeyId::new(parts.chance.uuid(now)),
            name: new.name,
            bounds: new.bounds,
            replaces: Some(old.id.clone()),
            made_by: by.to_owned(),
            made_at: now,
            last_used_at: None,
            ends_at: new.ends_at,
            meant_until: None,
            epoch: owner.epoch,
            ..old
        };
        let draft = Draft::new(&key_record(entry, &owner, "key.rotated", &key))?;
        self.put_key(key, spent, draft, Some((rotation.replaces, overlap_end)))
            .await
    }

    /// Writes a key, and lets the one that it replaces end.
    async fn put_key(
        &self,
        key: ClientKey,
        spent: Option<Spent>,
        draft: Draft,
        replaced: Replaced,
    ) -> Result<Made, IssueError> {
        let parts = &self.0.parts;
        let (now, ledger) = (key.made_at, parts.ledger.clone());
        let text = Kind::Key.mint(&parts.chance);
        let hash = parts.vault.token_hash(&text);
        // INVARIANT: bounds are strings; nothing in them can fail to be JSON.
        let bounds = serde_json::to_string(&key.bounds).expect("bounds are always JSON");
        let outcome = self.change(move |connection| {
            Box::pin(async move {
                if let Some(spent) = &spent {
                    spent.write(connection, now).await?;
                }
                let strike = match replaced {
                    Some((old, at)) => {
                        let struck = store::shorten(connection, &old, at, now).await?;
                        let hash = struck.ok_or(IssueError::NoSuch("key in force"))?.hash;
                        let id = old.to_string();
                        Some(Strike { id, hash, at })
                    }
                    None => None,
                };
                // A successor takes its predecessor's place, so that whoever has as many as there may be can still rotate them.
                let named = (&key.tenant, key.account.as_str());
                let (unreplaced, all) = store::count_keys(connection, named, now).await?;
                if unreplaced >= KEYS_MAX || all >= 2 * KEYS_MAX {
                    return Err(IssueError::TooMany(unreplaced.max(KEYS_MAX)));
                }
                store::put_key(connection, &hash, &key, &bounds).await?;
                ledger.append_in(connection, draft).await?;
                Ok(Changed {
                    outcome: key,
                    strike,
                })
            })
        });
        let key = outcome.await?;
        Ok(Made { text, key })
    }
}

fn key_record(base: Entry, owner: &Owner, operation: &str, key: &ClientKey) -> Entry {
    // INVARIANT: bounds are strings; nothing in them can fail to be JSON.
    let bounds = serde_json::to_string(&key.bounds).expect("bounds are always JSON");
    let told = [
        ("key", Some(key.id.to_string())),
        ("account", Some(key.account.to_string())),
        ("name", Some(key.name.clone())),
        ("until", Some(key.ends_at.rfc3339())),
        ("bounds", Some(bounds).filter(|bounds| bounds != "{}")),
        (
            "rate_per_minute",
            key.rate_per_minute.map(|rate| rate.to_string()),
        ),
        ("replaces", key.replaces.as_ref().map(ToString::to_string)),
    ];
    let detail: BTreeMap<String, String> = told
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
    record(base, owner, operation, key.made_by.clone(), detail)
}
