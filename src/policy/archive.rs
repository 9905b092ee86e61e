//! The archive: every policy set that was brought, with who brought it, what was proven of it and when it went live, for ever. Used
//! by `control` and everything below it. What is said about a set is signed with a key of this gateway's own and checked on each
//! reading, and the digests of the texts are computed again: whoever can write the database file and has no master key can take
//! away the newest rows or put back a former pin, but can neither change nor make up any. What must never happen here: a set is handed out whose text, author,
//! certificate or activation is not what was kept, or one of these is kept without the others.

use std::sync::Arc;

use super::certificate::{Certificate, CertificateError, Signed};
use super::store::{self, ActivationRow, AuthorRow, CertificateRow, SetRow};
use crate::clock::{Chance, Clock};
use crate::db::{Connection, Db, DbError};
use crate::ledger::entry::shorten;
use crate::ledger::read::ReadError;
use crate::ledger::{Draft, Ledger, LedgerError, PolicySet};
use crate::secret::{Purpose, SigningError, SigningKey, Vault, VaultError, VerifyingKey};

mod archived;
mod pin;
mod reading;
mod signing;

pub use archived::{Activated, Archived, By, Pin, ProofStatus, Summary};
use signing::{json, restored, sealed};

/// A list has at most this many lines.
pub const LIST_MAX: u32 = 1000;

const DIGEST_DIGITS: usize = 64;
const PREFIX_DIGITS_MIN: usize = 8;
/// Of what is no name, an error shows no more.
const NAME_BYTES_MAX: usize = 128;

/// Why the archive did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// It could not be recorded, so it did not happen.
    #[error("the change could not be recorded, so it was not made")]
    Ledger(#[from] LedgerError),
    /// The text of a set cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The private key does not open.
    #[error("the signing key of this database cannot be opened")]
    Vault(#[from] VaultError),
    /// The key is not the one that was made.
    #[error("the signing key of this database is not the one that was made; restore a backup")]
    Key(#[source] SigningError),
    /// The key is gone, and what it signed is there.
    #[error("the signing key of this database is gone; restore a backup")]
    KeyGone,
    /// A certificate does not verify.
    #[error("the certificate of policy set `{digest}` cannot be relied on")]
    Certificate {
        /// The set.
        digest: String,
        /// Why.
        source: CertificateError,
    },
    /// The certificate says something about another set.
    #[error("the certificate is not one of policy set `{0}`")]
    Foreign(String),
    /// Something of a set does not have its digest or its signature.
    #[error("policy set `{digest}` cannot be relied on: {what} is not what was kept")]
    Damaged {
        /// The set.
        digest: String,
        /// What.
        what: &'static str,
    },
    /// Not the beginning of a digest.
    #[error(
        "`{0}` does not name a policy set; write its digest, or the first eight or more digits of it"
    )]
    Name(String),
    /// No set has this digest.
    #[error("there is no policy set `{0}`")]
    Unknown(String),
    /// Several sets have a digest that begins so.
    #[error("several policy sets begin with `{0}`; write more digits")]
    Ambiguous(String),
}

/// What an archive is made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The log.
    pub ledger: Ledger,
    /// Seals the signing key.
    pub vault: Arc<Vault>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub chance: Chance,
}

/// The archive. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Archive(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    key: SigningKey,
}

/// A set that was found in order, with what is kept beside it.
struct Keep {
    set: PolicySet,
    author: AuthorRow,
    certificate: Option<CertificateRow>,
}

impl Archive {
    /// Opens the archive in a database; makes its signing key at the first time. A wrong master key is an error here.
    pub async fn open(parts: Parts) -> Result<Self, ArchiveError> {
        let (vault, chance) = (parts.vault.clone(), parts.chance.clone());
        let now = parts.clock.now();
        let key = parts.db.transact(move |connection| {
            Box::pin(async move {
                if let Some(row) = store::signing_key(connection).await? {
                    return restored(&vault, &row);
                }
                // A new key in place of a lost one would hide that everything older can no longer be checked.
                if store::is_signed(connection).await? {
                    return Err(ArchiveError::KeyGone);
                }
                let key = SigningKey::generate(&chance);
                store::add_signing_key(connection, &sealed(&vault, &key, &chance), now).await?;
                Ok(key)
            })
        });
        let key = key.await?;
        Ok(Self(Arc::new(Inner { parts, key })))
    }

    /// The key that certificates of this archive verify with.
    #[must_use]
    pub fn key(&self) -> VerifyingKey {
        self.0.key.verifying()
    }

    /// Keeps a set that `author` brought, and signs and keeps what was proven of it. A set that is kept already keeps its first
    /// author, and gets the certificate as one more.
    pub async fn keep(
        &self,
        set: &PolicySet,
        author: &str,
        certificate: Option<&Certificate>,
    ) -> Result<Option<Signed>, ArchiveError> {
        let signed = certificate.map(|certificate| Signed::of(certificate, &self.0.key));
        let keep = self.checked(set, author, signed.as_ref())?;
        let archive = self.clone();
        let kept = self.0.parts.db.transact(move |connection| {
            Box::pin(async move { archive.keep_in(connection, &keep).await })
        });
        kept.await?;
        Ok(signed)
    }

    /// Writes `record`, the log's entry about it, and that `set` went live, in one transaction, with whatever of the set is not kept
    /// yet. Without `signed` its proof was waived.
    pub async fn activate(
        &self,
        record: Draft,
        set: &PolicySet,
        signed: Option<&Signed>,
        by: &By,
    ) -> Result<(), ArchiveError> {
        let keep = self.checked(set, &by.who, signed)?;
        let (archive, by) = (self.clone(), by.clone());
        let activated = self.0.parts.db.transact(move |connection| {
            Box::pin(async move {
                archive.keep_in(connection, &keep).await?;
                let number = store::next_activation(connection).await?;
                let row = archive.activation(&keep, number, by);
                store::add_activation(connection, &row).await?;
                archive.0.parts.ledger.append_in(connection, record).await?;
                Ok(())
            })
        });
        activated.await
    }

    /// The set that went live last, with the certificate that it went live with. One without a certificate went live with its proof
    /// waived: who requires a proof must not take it.
    pub async fn last_activated(&self) -> Result<Option<Archived>, ArchiveError> {
        let reads = self.0.parts.db.reads();
        let Some(row) = store::last_activation(reads).await? else {
            return Ok(None);
        };
        let certificate = match &row.certificate {
            Some(digest) => {
                let found = store::certificate(reads, digest).await?;
                Some(found.ok_or_else(|| damaged(&row.policy_set, "its certificate"))?)
            }
            None => None,
        };
        let set = store::set(reads, &row.policy_set, Some(&row.schema)).await?;
        let set = set.ok_or_else(|| damaged(&row.policy_set, "its text"))?;
        self.archived(set, certificate, Some(row)).await.map(Some)
    }

    /// The set with this digest, `sha256:…`, or with the only one that begins with these digits, eight or more; with its newest
    /// certificate. Of sets that differ in their schema only, the newest.
    pub async fn find(&self, name: &str) -> Result<Archived, ArchiveError> {
        let set = self.named(name).await?;
        let reads = self.0.parts.db.reads();
        let activation = store::newest_activation(reads, &set.digest, &set.schema).await?;
        self.with_certificate(set, activation).await
    }

    /// The same for who puts it in force anew: whatever is kept of when it went live, and without a certificate that was changed, so
    /// that it is proven again.
    pub async fn find_text(&self, name: &str) -> Result<Archived, ArchiveError> {
        let set = self.named(name).await?;
        match self.with_certificate(set, None).await {
            Err(ArchiveError::Certificate { .. } | ArchiveError::Foreign(_)) => {
                let set = self.named(name).await?;
                self.archived(set, None, None).await
            }
            found => found,
        }
    }

    async fn named(&self, name: &str) -> Result<SetRow, ArchiveError> {
        let reads = self.0.parts.db.reads();
        let mut digests = store::digests_from(reads, &prefix(name)?).await?;
        let digest = match (digests.pop(), digests.pop()) {
            (Some(digest), None) => digest,
            (Some(_), Some(_)) => return Err(ArchiveError::Ambiguous(name.to_owned())),
            (None, _) => return Err(ArchiveError::Unknown(name.to_owned())),
        };
        let set = store::set(reads, &digest, None).await?;
        set.ok_or_else(|| damaged(&digest, "its text"))
    }

    async fn with_certificate(
        &self,
        set: SetRow,
        activation: Option<ActivationRow>,
    ) -> Result<Archived, ArchiveError> {
        let reads = self.0.parts.db.reads();
        let certificate = store::newest_certificate(reads, &set.digest, &set.schema).await?;
        self.archived(set, certificate, activation).await
    }

    /// When the set went live, the newest first; at most [`LIST_MAX`].
    pub async fn activations(&self, set: &Archived) -> Result<Vec<Activated>, ArchiveError> {
        let reads = self.0.parts.db.reads();
        let rows = store::activations(reads, &set.digest, &set.schema_digest, LIST_MAX).await?;
        rows.into_iter().map(|row| self.activated(row)).collect()
    }

    /// A line about each of the newest `limit` sets, newest first; at most [`LIST_MAX`]. The texts are not looked at.
    pub async fn list(&self, limit: u32) -> Result<Vec<Summary>, ArchiveError> {
        let reads = self.0.parts.db.reads();
        let live = store::last_activation(reads).await?.map(|row| row.number);
        let pinned = match self.pinned().await {
            Ok(pin) => pin.map(|pin| pin.digest),
            // Whoever acts on the pin is told; here it would hide the list.
            Err(ArchiveError::Damaged { .. }) => None,
            Err(error) => return Err(error),
        };
        let mut list = Vec::new();
        for set in store::newest_sets(reads, limit.min(LIST_MAX)).await? {
            let mut summary = self.summary(set).await?;
            let number = summary.activated.as_ref().map(|activated| activated.number);
            summary.is_live = number.is_some() && number == live;
            summary.is_pinned = pinned.as_ref() == Some(&summary.digest);
            list.push(summary);
        }
        Ok(list)
    }

    /// What is to be kept, once the texts have their digests and the certificate is ours and about this set.
    fn checked(
        &self,
        set: &PolicySet,
        author: &str,
        signed: Option<&Signed>,
    ) -> Result<Keep, ArchiveError> {
        if let Some(what) = archived::mismatch(set) {
            return Err(damaged(&set.digest, what));
        }
        let mut author = AuthorRow {
            at: self.0.parts.clock.now().micros(),
            author: author.to_owned(),
            policy_set: set.digest.clone(),
            schema: set.schema_digest.clone(),
            signature: Vec::new(),
        };
        author.signature = self.sign(Purpose::Authorship, &author);
        let row = |signed: &Signed| CertificateRow {
            digest: signed.digest(),
            policy_set: set.digest.clone(),
            schema: set.schema_digest.clone(),
            text: signed.text.clone(),
            signature: signed.signature.as_bytes().to_vec(),
            key_id: signed.key_id.clone(),
        };
        let certificate = signed.map(row);
        if let Some(row) = &certificate {
            self.signed(row, &set.digest, &set.schema_digest)?;
        }
        Ok(Keep {
            set: set.clone(),
            author,
            certificate,
        })
    }

    async fn keep_in(&self, connection: &mut Connection, keep: &Keep) -> Result<(), ArchiveError> {
        let ledger = &self.0.parts.ledger;
        ledger.keep_set_in(connection, &keep.set).await?;
        store::add_author(connection, &keep.author).await?;
        if let Some(certificate) = &keep.certificate {
            let now = self.0.parts.clock.now();
            store::add_certificate(connection, certificate, now).await?;
        }
        Ok(())
    }

    fn activation(&self, keep: &Keep, number: i64, by: By) -> ActivationRow {
        let certificate = keep.certificate.as_ref();
        let mut row = ActivationRow {
            at: self.0.parts.clock.now().micros(),
            by: by.who,
            certificate: certificate.map(|certificate| certificate.digest.clone()),
            dropped: json(&by.dropped),
            number,
            policy_set: keep.set.digest.clone(),
            reason: by.reason,
            schema: keep.set.schema_digest.clone(),
            signature: Vec::new(),
        };
        row.signature = self.sign(Purpose::Activation, &row);
        row
    }
}

/// The beginning of the digests that `name` may stand for.
fn prefix(name: &str) -> Result<String, ArchiveError> {
    let digits = name.strip_prefix("sha256:").unwrap_or(name);
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if (PREFIX_DIGITS_MIN..=DIGEST_DIGITS).contains(&digits.len()) && digits.bytes().all(is_digit) {
        Ok(format!("sha256:{digits}"))
    } else {
        Err(ArchiveError::Name(shorten(name, NAME_BYTES_MAX)))
    }
}

fn damaged(digest: &str, what: &'static str) -> ArchiveError {
    ArchiveError::Damaged {
        digest: digest.to_owned(),
        what,
    }
}
