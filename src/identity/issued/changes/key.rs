//! Client keys: made, and followed by their successors.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::identity::spendable::Spendable;
use crate::ledger::Draft;
use crate::ledger::entry::Entry;
use crate::secret::Secret;
use crate::tenant::KeyId;

use super::super::error::IssueError;
use super::super::listing::{ClientKey, KeyState};
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

/// So long the use of a key that has ended is recorded as that key's.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(90 * 24);

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
        let by = (by.as_str(), Some(&owner));
        self.rotate(rotation, Some(spent), by, entry).await
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
        let by = (by, None);
        self.rotate(rotation, None, by, Entry::default()).await
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
        spent: Option<Spent>,
        (by, person): (&str, Option<&Owner>),
        entry: Entry,
    ) -> Result<Made, IssueError> {
        let parts = &self.0.parts;
        let now = parts.clock.now();
        let is_own = |key: &ClientKey| {
            person.is_none_or(|own| own.tenant == key.tenant && own.account == key.account)
        };
        let old = self.key(&rotation.replaces).await?.filter(is_own);
        let old = old.filter(|key| self.state_of(key) == KeyState::Active);
        let old = old.ok_or(IssueError::NoSuch("key in force"))?;
        let tenant = parts.tenants.current(&old.tenant);
        let tenant = tenant.ok_or(IssueError::NoSuch("tenant"))?;
        // A person makes it under the epoch of the token, which is asked for again where it is written.
        let named = || Owner::named(&tenant, old.account.clone());
        let owner = person.cloned().unwrap_or_else(named);
        let (overlap_end, old_ends_at) = (now.plus(rotation.overlap), old.ends_at);
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
        let mut record = key_record(entry, &owner, "key.rotated", &key);
        let old_until = overlap_end.min(old_ends_at).rfc3339();
        record.detail.insert("replaced_until".to_owned(), old_until);
        let draft = Draft::new(&record)?;
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
        let (issued, owner) = (self.clone(), key.owner());
        let outcome = self.change(move |connection| {
            Box::pin(async move {
                if let Some(spent) = &spent {
                    spent.write(connection, now).await?;
                }
                issued.require_standing(connection, &owner).await?;
                let strikes = match replaced {
                    Some((old, at)) => {
                        let struck = store::shorten(connection, &old, at, now).await?;
                        let hash = struck.ok_or(IssueError::NoSuch("key in force"))?.hash;
                        let id = old.to_string();
                        vec![Strike { id, hash, at }]
                    }
                    None => Vec::new(),
                };
                // A successor takes its predecessor's place, so that whoever has as many as there may be can still rotate them.
                let named = (&key.tenant, key.account.as_str());
                let (unreplaced, all) = store::count_keys(connection, named, now).await?;
                if unreplaced >= KEYS_MAX || all >= 2 * KEYS_MAX {
                    return Err(IssueError::TooMany(unreplaced.max(KEYS_MAX)));
                }
                let forgotten = now.minus(FORGOTTEN_AFTER);
                store::put_key(connection, &hash, &key, &bounds, forgotten).await?;
                ledger.append_in(connection, draft).await?;
                Ok(Changed {
                    outcome: key,
                    strikes,
                })
            })
        });
        let key = outcome.await?;
        Ok(Made { text, key })
    }
}

impl ClientKey {
    /// Whose it is to be, under which epoch.
    fn owner(&self) -> Owner {
        Owner {
            tenant: self.tenant.clone(),
            epoch: self.epoch,
            account: self.account.clone(),
        }
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
