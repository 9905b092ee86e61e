//! What the archive signs and checks with its key, and how that key lies in the database. Used by the archive only. What must never
//! happen here: a private key leaves unsealed, or one is used that is not that of the public key beside it.

use serde::Serialize;

use super::{Archive, ArchiveError};
use crate::clock::Chance;
use crate::policy::store::KeyRow;
use crate::secret::{Purpose, Signature, SigningError, SigningKey, Vault, VerifyingKey};

/// What the private key is sealed for.
const SEALED_FOR: (&str, &str) = ("gatepost", "signing_keys.private");

/// The key as it is kept.
pub(super) fn sealed(vault: &Vault, key: &SigningKey, chance: &Chance) -> KeyRow {
    let public = key.verifying();
    KeyRow {
        id: public.id(),
        public: public.as_bytes().to_vec(),
        private: vault.seal(SEALED_FOR.0, SEALED_FOR.1, key.seed(), chance),
    }
}

/// The key that was kept.
pub(super) fn restored(vault: &Vault, row: &KeyRow) -> Result<SigningKey, ArchiveError> {
    let seed = vault
        .open(SEALED_FOR.0, SEALED_FOR.1, &row.private)
        .map_err(ArchiveError::Vault)?;
    let bytes: Result<[u8; 32], _> = row.public.as_slice().try_into();
    let public = bytes.map(VerifyingKey::from);
    let public = public.map_err(|_| ArchiveError::Key(SigningError::Key))?;
    if public.id() != row.id {
        return Err(ArchiveError::Key(SigningError::Key));
    }
    SigningKey::restore(seed, &public).map_err(ArchiveError::Key)
}

impl Archive {
    pub(super) fn sign(&self, purpose: Purpose, row: &impl Serialize) -> Vec<u8> {
        let signature = self.0.key.sign(purpose, json(row).as_bytes());
        signature.as_bytes().to_vec()
    }

    pub(super) fn is_signed(
        &self,
        purpose: Purpose,
        row: &impl Serialize,
        signature: &[u8],
    ) -> bool {
        let text = json(row);
        let verified = Signature::try_from(signature)
            .and_then(|signature| self.key().verify(purpose, text.as_bytes(), &signature));
        verified.is_ok()
    }
}

/// The canonical text of a row, and of whatever else is plain data.
pub(super) fn json(row: &impl Serialize) -> String {
    // INVARIANT: strings, numbers and lists of them only.
    serde_json::to_string(row).expect("plain data is always JSON")
}
