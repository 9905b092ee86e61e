//! A token of Jira that was verified just now and can be exchanged once: for a page, a session or a key. Born in
//! `Verifiers::spendable`; nothing else lives in this file. It must never be exchanged without being written down as spent.

use super::principal::Principal;

/// What a verified token is worth beside its principal.
#[must_use]
#[derive(Debug)]
pub struct Spendable {
    principal: Principal,
    token_hash: [u8; 32],
    iat: i64,
    exp: i64,
}

impl Spendable {
    pub(super) fn new(principal: Principal, token_hash: [u8; 32], iat: i64, exp: i64) -> Self {
        Self {
            principal,
            token_hash,
            iat,
            exp,
        }
    }

    /// Who has it.
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The principal, when the token is spent.
    pub(super) fn into_principal(self) -> Principal {
        self.principal
    }

    /// SHA-256 of the token.
    pub(super) const fn token_hash(&self) -> &[u8; 32] {
        &self.token_hash
    }

    /// When Jira issued it, in Unix seconds.
    pub(super) const fn iat(&self) -> i64 {
        self.iat
    }

    /// When it ends, in Unix seconds.
    pub(super) const fn exp(&self) -> i64 {
        self.exp
    }
}
