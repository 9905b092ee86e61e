//! Reading the archive: what was kept is checked before anybody sees it. Used by the archive only. What must never happen here: a
//! row is taken at its word.

use super::archived::{Activated, Archived, ProofStatus, Summary, mismatch};
use super::{Archive, ArchiveError, damaged};
use crate::clock::Timestamp;
use crate::ledger::read::Reader;
use crate::policy::certificate::Signed;
use crate::policy::store::{self, ActivationRow, AuthorRow, CertificateRow, SetRow};
use crate::secret::{Purpose, Signature};

impl Archive {
    /// A set with everything about it, each part checked.
    pub(super) async fn archived(
        &self,
        set: SetRow,
        certificate: Option<CertificateRow>,
        activation: Option<ActivationRow>,
    ) -> Result<Archived, ArchiveError> {
        let (digest, schema) = (set.digest.as_str(), set.schema.as_str());
        let db = &self.0.parts.db;
        let text = Reader::of(db).policy_set(digest, schema).await?;
        let text = text.ok_or_else(|| damaged(digest, "its text"))?;
        if let Some(what) = mismatch(&text) {
            return Err(damaged(digest, what));
        }
        let author = store::author(db.reads(), digest, schema).await?;
        let author = author.map(|row| self.authored(row)).transpose()?;
        let signed = certificate.map(|row| self.signed(&row, digest, schema));
        let activated = activation.map(|row| self.activated(row));
        Ok(Archived {
            certificate: signed.transpose()?,
            activated: activated.transpose()?,
            kept_at: kept_at(&set, author.as_ref()),
            author: author.map(|row| row.author),
            digest: text.digest,
            schema_digest: text.schema_digest,
            schema: text.schema,
            files: text.files,
        })
    }

    /// A line about a set. One that was changed has its line, too: a list that fails as a whole would hide all the others.
    pub(super) async fn summary(&self, set: SetRow) -> Result<Summary, ArchiveError> {
        let (reads, digest, schema) = (self.0.parts.db.reads(), &set.digest, &set.schema);
        let author = store::author(reads, digest, schema).await?;
        let author = author.map(|row| self.authored(row)).transpose();
        let certificate = store::newest_certificate(reads, digest, schema).await?;
        let certificate = certificate.map(|row| self.signed(&row, digest, schema));
        let activated = store::newest_activation(reads, digest, schema).await?;
        let activated = activated.map(|row| self.activated(row)).transpose();
        let proof = match (&author, certificate.transpose(), &activated) {
            (Ok(_), Ok(Some(_)), Ok(_)) => ProofStatus::Proven,
            (Ok(_), Ok(None), Ok(None)) => ProofStatus::Unproven,
            (Ok(_), Ok(None), Ok(Some(_))) => ProofStatus::Waived,
            _ => ProofStatus::Damaged,
        };
        let author = author.ok().flatten();
        Ok(Summary {
            kept_at: kept_at(&set, author.as_ref()),
            author: author.map(|row| row.author),
            digest: set.digest,
            schema_digest: set.schema,
            proof,
            activated: activated.ok().flatten(),
            is_live: false,
            is_pinned: false,
        })
    }

    /// The certificate in `row`, if it is ours and about this set.
    pub(super) fn signed(
        &self,
        row: &CertificateRow,
        digest: &str,
        schema: &str,
    ) -> Result<Signed, ArchiveError> {
        let signature = Signature::try_from(row.signature.as_slice());
        let signature = signature.map_err(|_| damaged(digest, "its certificate"))?;
        let signed = Signed {
            text: row.text.clone(),
            key_id: row.key_id.clone(),
            signature,
        };
        let certificate = signed.verify(&self.key());
        let certificate = certificate.map_err(|source| ArchiveError::Certificate {
            digest: digest.to_owned(),
            source,
        })?;
        if (certificate.policy_set.as_str(), certificate.schema.as_str()) != (digest, schema) {
            return Err(ArchiveError::Foreign(digest.to_owned()));
        }
        if row.digest != signed.digest() {
            return Err(damaged(digest, "its certificate"));
        }
        Ok(signed)
    }

    fn authored(&self, row: AuthorRow) -> Result<AuthorRow, ArchiveError> {
        if self.is_signed(Purpose::Authorship, &row, &row.signature) {
            Ok(row)
        } else {
            Err(damaged(&row.policy_set, "its author"))
        }
    }

    pub(super) fn activated(&self, row: ActivationRow) -> Result<Activated, ArchiveError> {
        let changed = || damaged(&row.policy_set, "its activation");
        if !self.is_signed(Purpose::Activation, &row, &row.signature) {
            return Err(changed());
        }
        let dropped = serde_json::from_str(&row.dropped).map_err(|_| changed())?;
        Ok(Activated {
            number: row.number,
            certificate: row.certificate,
            at: Timestamp::from_micros(row.at),
            by: row.by,
            reason: row.reason,
            dropped,
        })
    }
}

/// The signed time, where somebody is known to have brought the set.
fn kept_at(set: &SetRow, author: Option<&AuthorRow>) -> Timestamp {
    author.map_or(set.first_kept, |row| Timestamp::from_micros(row.at))
}
