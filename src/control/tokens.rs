//! Tokens of the admin side: made once, shown once, stored as a keyed hash. Used by `office` and `http::admin`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::{Chance, Clock};
use crate::db::{Db, DbError};
use crate::ledger::entry::{Entry, Kind};
use crate::ledger::{Draft, Ledger, LedgerError};
use crate::secret::{Secret, Vault, hex};

use super::store;

/// What a token's holder may do on the admin side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads the decision log.
    Auditor,
    /// Activates policies.
    Security,
    /// Runs it.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Auditor, Self::Security, Self::Operator];

    /// The word in commands and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Security => "security",
            Self::Operator => "operator",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == word);
        known.ok_or_else(|| {
            format!("`{word}` is no role; there are `auditor`, `security` and `operator`")
        })
    }
}

/// Who holds a token of the admin side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The token's id, which is no secret.
    pub id: String,
    /// What its holder may do.
    pub role: Role,
}

impl Holder {
    /// The name in records: `token:token_…`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("token:{}", self.id)
    }
}

/// Why a token was not made or looked up.
#[derive(Debug, thiserror::Error)]
pub enum TokenStoreError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// It could not be recorded, so it was not made.
    #[error("the token could not be recorded, so none was made")]
    Ledger(#[from] LedgerError),
}

/// The tokens of the admin side. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AdminTokens {
    /// The database.
    pub db: Db,
    /// The log.
    pub ledger: Ledger,
    /// Hashes tokens.
    pub vault: Arc<Vault>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub chance: Chance,
}

const PREFIX: &str = "gpa_";

impl AdminTokens {
    /// Makes a token; it can never be shown again.
    pub async fn create(
        &self,
        role: Role,
        name: String,
        by: &str,
    ) -> Result<Secret, TokenStoreError> {
        let token = Secret::from(format!("{PREFIX}{}", hex(&self.chance.bytes::<32>())));
        let now = self.clock.now();
        let row = store::Row {
            hash: self.vault.token_hash(&token),
            id: format!("token_{}", self.chance.uuid(now)),
            role: role.as_str(),
            name,
            made_by: by.to_owned(),
            made_at: now,
        };
        let detail = [
            ("token", row.id.as_str()),
            ("role", row.role),
            ("name", &row.name),
        ];
        let entry = Entry {
            kind: Kind::Admin,
            operation: Some("token.created".to_owned()),
            by: Some(by.to_owned()),
            detail: detail
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Entry::default()
        };
        let (draft, ledger) = (Draft::new(&entry)?, self.ledger.clone());
        self.db
            .transact(move |connection| {
                Box::pin(async move {
                    store::insert(connection, &row).await?;
                    ledger.append_in(connection, draft).await?;
                    Ok::<_, TokenStoreError>(())
                })
            })
            .await?;
        Ok(token)
    }

    /// Who holds a token, if it is one.
    pub async fn holder(&self, token: &Secret) -> Result<Option<Holder>, TokenStoreError> {
        if !token.expose().starts_with(PREFIX.as_bytes()) {
            return Ok(None);
        }
        let found = store::holder(self.db.reads(), &self.vault.token_hash(token)).await?;
        Ok(found.and_then(|(id, word)| {
            let role = word.parse().ok()?;
            Some(Holder { id, role })
        }))
    }
}
