//! The certificate of a policy set: what was asked of a solver and what it answered, with the digests of all that went in, signed
//! with this gateway's own key. Plain data: anybody may make one or read one back, and it opens nothing; only a signature that
//! verifies says that this gateway proved it. Members stand in alphabetical order, because these structs as JSON are the canonical
//! form that is signed. What must never happen here: a text is taken whose bytes are not exactly those that a certificate would
//! have, so that two readers of it could understand it differently.

use serde::{Deserialize, Serialize};

use crate::secret::{Purpose, Signature, SigningError, SigningKey, VerifyingKey, hex, sha256};

/// The version of the canonical form. What it means can never be changed, only followed by another.
pub const VERSION: u32 = 1;

/// What was proven of a policy set. It is made of a set only once every query of it was answered well.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The version of the policy engine: `cedar-policy 4.14.1`.
    pub engine: String,
    /// What had to be provable: built in, and the team's own.
    pub guarantees: Vec<GuaranteeNote>,
    /// When, in RFC 3339.
    pub made_at: String,
    /// The revision of Gatepost's own way of proving. A proof of an earlier one is made again before anything rests on it.
    pub method: u32,
    /// How many policies the set has.
    pub policies: u64,
    /// The digest of the set's files.
    pub policy_set: String,
    /// The version of the prover: `cedar-policy-symcc 0.8.1`.
    pub prover: String,
    /// What was asked, in order.
    pub queries: Vec<QueryNote>,
    /// The digest of the schema.
    pub schema: String,
    /// Who answered.
    pub solver: SolverNote,
    /// The version of this form: [`VERSION`].
    pub v: u32,
}

/// A guarantee that was proven.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GuaranteeNote {
    /// The digest of its text.
    pub digest: String,
    /// `only`, `never`, `always`, or the kind of one that is built in.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What it says, in words.
    pub title: String,
}

/// One query to the solver.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QueryNote {
    /// Whether the answer is that of an earlier proof from the same inputs.
    pub cached: bool,
    /// The request environment: types of principal and resource, and the action.
    pub environment: String,
    /// The name of the guarantee.
    pub guarantee: String,
    /// The digest of everything that went in, in hexadecimal.
    pub key: String,
    /// How long the answer took, in microseconds.
    pub micros: u64,
    /// Which step of the proof asked.
    pub step: String,
    /// What the step was about: the whole set, or one policy.
    pub subject: String,
    /// The answer.
    pub verdict: String,
}

/// The solver that answered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SolverNote {
    /// The digest of its file.
    pub digest: String,
    /// Where it lay.
    pub path: String,
    /// What it calls itself.
    pub version: String,
}

impl Certificate {
    /// The certificate as canonical JSON: sorted names, no blanks. It reads back as the same certificate.
    #[must_use]
    pub fn text(&self) -> String {
        // INVARIANT: strings, numbers and lists only; nothing that can fail.
        serde_json::to_string(self).expect("a certificate is always JSON")
    }

    /// `sha256:` and the hash of the canonical bytes.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.text())
    }
}

/// `sha256:` and the hash of a canonical text.
fn digest(text: &str) -> String {
    format!("sha256:{}", hex(&sha256(text.as_bytes())))
}

/// Why a text is not a certificate of this gateway.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The key is another.
    #[error("the certificate is signed with key `{signed}`, not with `{key}`")]
    OtherKey {
        /// The key that it names.
        signed: String,
        /// The key that it was checked with.
        key: String,
    },
    /// The signature is not that of the text.
    #[error("the certificate was changed, or this gateway never signed it")]
    Signature(#[from] SigningError),
    /// Another release wrote it.
    #[error("the certificate has version {0}; this gatepost knows version {VERSION}")]
    Version(u64),
    /// The text is no certificate.
    #[error("the text is no certificate")]
    Malformed(#[from] serde_json::Error),
    /// The text says what a certificate says, in other bytes.
    #[error("the certificate is not in canonical form")]
    NotCanonical,
}

/// A certificate as it is kept and handed on: its canonical text and the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The canonical text.
    pub text: String,
    /// The name of the key.
    pub key_id: String,
    /// The signature.
    pub signature: Signature,
}

/// Read before the rest: a later version may have members that this one does not know.
#[derive(Deserialize)]
struct Versioned {
    v: u64,
}

impl Signed {
    /// Signs `certificate`.
    #[must_use]
    pub fn of(certificate: &Certificate, key: &SigningKey) -> Self {
        let text = certificate.text();
        Self {
            key_id: key.verifying().id(),
            signature: key.sign(Purpose::Certificate, text.as_bytes()),
            text,
        }
    }

    /// The certificate's digest: `sha256:…`.
    #[must_use]
    pub fn digest(&self) -> String {
        digest(&self.text)
    }

    /// The certificate, if this gateway signed it with `key`. Nothing of the text is understood before its signature is checked.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Certificate, CertificateError> {
        if self.key_id != key.id() {
            return Err(CertificateError::OtherKey {
                signed: self.key_id.clone(),
                key: key.id(),
            });
        }
        key.verify(Purpose::Certificate, self.text.as_bytes(), &self.signature)?;
        let Versioned { v } = serde_json::from_str(&self.text)?;
        if v != u64::from(VERSION) {
            return Err(CertificateError::Version(v));
        }
        let certificate: Certificate = serde_json::from_str(&self.text)?;
        if certificate.text() == self.text {
            Ok(certificate)
        } else {
            Err(CertificateError::NotCanonical)
        }
    }
}

#[cfg(test)]
mod tests;
