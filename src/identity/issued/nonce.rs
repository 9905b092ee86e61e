//! The nonce of a page: what tells that whoever exchanges a context token has a page that this gateway gave to the same account. It is
//! in the page's HTML and nowhere else; what is kept of it is a keyed hash beside the session that it opened. Used by this folder.

use crate::clock::Timestamp;
use crate::secret::{Secret, hex};
use crate::tenant::{AccountId, TenantId};

use super::Issued;
use super::held::Hold;

const PREFIX: &str = "gpn_";

impl Issued {
    /// A nonce for a page of this account.
    #[must_use]
    pub fn page_nonce(&self, tenant: &TenantId, account: &AccountId) -> String {
        let parts = &self.0.parts;
        let made = format!(
            "{PREFIX}{}_{}",
            hex(&parts.chance.bytes::<16>()),
            parts.clock.now().seconds()
        );
        let mac = self.nonce_mac(&made, tenant, account);
        format!("{made}_{mac}")
    }

    /// Whether a page of this account got this nonce, no longer ago than a session lasts.
    pub(super) fn is_nonce_of(
        &self,
        nonce: &str,
        tenant: &TenantId,
        account: &AccountId,
        now: Timestamp,
    ) -> bool {
        let Some((made, mac)) = nonce.rsplit_once('_') else {
            return false;
        };
        let made_at = made
            .rsplit_once('_')
            .and_then(|(_, seconds)| seconds.parse().ok());
        let Some(made_at) = made_at.map(Timestamp::from_seconds) else {
            return false;
        };
        let expected = Secret::from(self.nonce_mac(made, tenant, account));
        let lasts = self.0.parts.lifetimes.session;
        Secret::from(mac.to_owned()) == expected && now.since(made_at) < lasts
    }

    /// Whether a request that came with `nonce` may manage by the credential that it came with: a session that a page opened is used
    /// for that from this very page. A session that leaked from a client's log is no key to the page.
    #[must_use]
    pub fn is_of_page(&self, hold: &Hold, nonce: Option<&str>) -> bool {
        let Some(page) = hold.page() else {
            return true;
        };
        nonce.is_some_and(|nonce| self.nonce_hash(nonce) == *page)
    }

    pub(super) fn nonce_hash(&self, nonce: &str) -> [u8; 32] {
        self.0
            .parts
            .vault
            .token_hash(&Secret::from(nonce.to_owned()))
    }

    /// Under the key of token hashes; no token begins with these words, so no hash of one can stand in.
    fn nonce_mac(&self, made: &str, tenant: &TenantId, account: &AccountId) -> String {
        let said = format!(
            "page nonce v1|{made}|{}:{tenant}|{account}",
            tenant.as_str().len()
        );
        let mac = self.0.parts.vault.token_hash(&Secret::from(said));
        hex(&mac[..16])
    }
}
