//! A tenant as the registry holds it: verified data, no proof. Made from a row by `store`, read by every module below.
//! Its secret must never leave but for two readers: `identity` to verify, `upstream::keys` to sign; `tests/it/structure.rs` holds
//! them to it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::secret::Secret;

use super::block::{Blocked, SharedBlocks};
use super::grant::Grant;
use super::own::OwnKinds;
use super::{AccountId, CloudId, Forge, KeyId, SiteUrl, TenantId};

/// What a tenant's installation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The app is installed.
    Installed,
    /// The site's administrator removed the app.
    Uninstalled,
    /// The same site was installed anew under another client key, as after an import of data.
    Replaced,
}

impl State {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Uninstalled => "uninstalled",
            Self::Replaced => "replaced",
        }
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        [Self::Installed, Self::Uninstalled, Self::Replaced]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// One installation of the app on one site.
#[derive(Debug)]
pub struct Tenant {
    /// Its name everywhere: the client key.
    pub id: TenantId,
    /// Where its data is.
    pub site: SiteUrl,
    /// The site's cloud id, pinned at the install.
    pub cloud_id: Option<CloudId>,
    /// A custom domain, for links only.
    pub display_url: Option<String>,
    /// Moves with every change that must end what began before: install, uninstall, suspension.
    pub epoch: u64,
    /// The epoch since which a session must be opened to be good: the last install, uninstall, suspension or block.
    pub sessions_since: u64,
    /// The epoch since which a client key must be made to be good: that of the last uninstall. A new secret does not end keys.
    pub keys_since: u64,
    /// Counts the secrets that this tenant has had.
    pub secret_version: u64,
    /// Whether the app is installed.
    pub state: State,
    /// Why an operator switched the tenant off, if one did. An install does not switch it on again.
    pub suspended: Option<String>,
    /// The client id for user tokens.
    pub oauth_client_id: Option<String>,
    /// Which credentials of users' own are taken at its site.
    pub own_credentials: OwnKinds,
    /// First install.
    pub installed_at: Timestamp,
    /// Last change.
    pub changed_at: Timestamp,
    /// What Forge told of the installation, if it is one of Forge's.
    pub forge: Option<Forge>,
    pub(super) secret: Option<Secret>,
    pub(super) grants: HashMap<AccountId, Vec<Grant>>,
    pub(super) blocks: SharedBlocks,
}

impl Tenant {
    /// Whether anything may be done for this tenant.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        let has_means = self.secret.is_some() || self.forge.is_some();
        let is_live = self.state == State::Installed && !self.has_lapsed(now);
        is_live && self.suspended.is_none() && has_means
    }

    /// Whether Forge alone knows it and has not been heard of it for too long.
    #[must_use]
    pub fn has_lapsed(&self, now: Timestamp) -> bool {
        let forge = self.forge.as_ref();
        forge.is_some_and(|forge| forge.has_lapsed(now))
    }

    /// Whether the app asks Jira for this tenant with what Forge gives, because there is no secret of Connect's.
    #[must_use]
    pub fn is_of_forge_alone(&self) -> bool {
        self.secret.is_none() && self.forge.is_some()
    }

    /// The secret that the tenant's tokens are verified with and the app's assertions signed with.
    #[must_use]
    pub(crate) fn shared_secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// What keeps everybody of this tenant out now, by the blocks of this very moment.
    #[must_use]
    pub fn is_blocked(&self, now: Timestamp) -> Option<Blocked> {
        self.blocks.on(&self.id, now)
    }

    /// What keeps `account` out of this tenant now, whatever was found when the request began.
    #[must_use]
    pub fn keeps_out(&self, account: &AccountId, now: Timestamp) -> Option<Blocked> {
        self.blocks.keeps_out(account, &self.id, now)
    }

    /// What keeps a client key of this tenant out now.
    #[must_use]
    pub fn keeps_key_out(&self, key: &KeyId, now: Timestamp) -> Option<Blocked> {
        self.blocks.on_key(key, &self.id, now)
    }

    /// The accounts that `account` may act as for an action with these names (the action's own and its groups'), now.
    #[must_use]
    pub fn may_act_as(
        &self,
        account: &AccountId,
        names: &[&str],
        now: Timestamp,
    ) -> Vec<AccountId> {
        let good = self.held(account).iter();
        good.filter(|grant| grant.covers(names) && self.is_good(grant, now))
            .map(|grant| grant.act_as.clone())
            .collect()
    }

    /// The grant that lets `account` act as `act_as` for an action with these names now: of several the one that lasts longest.
    #[must_use]
    pub fn grant_for(
        &self,
        account: &AccountId,
        act_as: &AccountId,
        names: &[&str],
        now: Timestamp,
    ) -> Option<&Grant> {
        self.grants_for(account, act_as, now)
            .filter(|grant| grant.covers(names))
            .reduce(Grant::longer)
    }

    /// What lets `account` act as `act_as` now, whatever for.
    pub fn grants_for(
        &self,
        account: &AccountId,
        act_as: &AccountId,
        now: Timestamp,
    ) -> impl Iterator<Item = &Grant> {
        let held = self.held(account).iter();
        held.filter(move |grant| grant.act_as == *act_as && self.is_good(grant, now))
    }

    /// Whether the grant with this id still lets `account` act as another now.
    #[must_use]
    pub fn has_grant(&self, account: &AccountId, id: &str, now: Timestamp) -> bool {
        let mut held = self.held(account).iter();
        held.any(|grant| grant.id == id && self.is_good(grant, now))
    }

    fn held(&self, account: &AccountId) -> &[Grant] {
        self.grants.get(account).map_or(&[], Vec::as_slice)
    }

    /// A grant to act as an account that is blocked is worth nothing: whoever is kept out is kept out under every name.
    fn is_good(&self, grant: &Grant, now: Timestamp) -> bool {
        grant.is_in_force(now) && self.keeps_out(&grant.act_as, now).is_none()
    }

    /// The grant with this id, if it is in force.
    #[must_use]
    pub fn grant(&self, id: &str, now: Timestamp) -> Option<&Grant> {
        let mut all = self.grants.values().flatten();
        all.find(|grant| grant.id == id && grant.is_in_force(now))
    }

    /// All grants in force, in the order in which they were given.
    #[must_use]
    pub fn grants(&self, now: Timestamp) -> Vec<&Grant> {
        let all = self.grants.values().flatten();
        let mut grants: Vec<&Grant> = all.filter(|grant| grant.is_in_force(now)).collect();
        grants.sort_by(|one, other| (one.given_at, &one.id).cmp(&(other.given_at, &other.id)));
        grants
    }
}

/// A tenant that is shared by all who hold it.
pub type SharedTenant = Arc<Tenant>;
