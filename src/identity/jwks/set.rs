//! A set of public keys as a server publishes it (RFC 7517): read once, strictly. Used by `jwks`.
//! A key must be good for one thing and say nothing else: what is for encryption, private, secret or weak is as if it were not there,
//! and the others of its set stay (section 5). A set that can be read in two ways is none at all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::identity::keys::{EcKey, PublicAlgorithm, PublicKey, RsaKey};
use crate::identity::strict_json::{self, StrictJsonError};

/// The most keys that a set may have.
pub const KEYS_MAX: usize = 64;

/// Why a text is no key set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// Not JSON with `keys`.
    #[error("not a key set: {0}")]
    Form(#[from] StrictJsonError),
    /// More keys than anybody signs with.
    #[error("a key set of {0} keys; at most {KEYS_MAX} are looked at")]
    TooMany(usize),
}

/// The keys of a set that verify signatures, by their names.
#[derive(Debug)]
pub struct KeySet(HashMap<String, Option<Arc<PublicKey>>>);

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a set. Keys without a name are left out: a token could only be tried against all of them.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeySetError> {
        let document: Document = strict_json::parse(bytes)?;
        if document.keys.len() > KEYS_MAX {
            return Err(KeySetError::TooMany(document.keys.len()));
        }
        let mut keys = HashMap::new();
        for jwk in document.keys.iter().filter_map(Value::as_object) {
            let Some(kid) = text(jwk, "kid") else {
                continue;
            };
            match keys.entry(kid.to_owned()) {
                // Two keys of one name: which of them was meant would depend on who reads it.
                Entry::Occupied(mut known) => drop(known.insert(None)),
                Entry::Vacant(new) => drop(new.insert(usable(jwk).map(Arc::new))),
            }
        }
        Ok(Self(keys))
    }

    /// The key of this name, if there is exactly one, and it verifies signatures.
    #[must_use]
    pub fn key(&self, kid: &str) -> Option<&Arc<PublicKey>> {
        self.0.get(kid)?.as_ref()
    }

    /// How many keys verify.
    #[must_use]
    pub fn usable(&self) -> usize {
        self.0.values().flatten().count()
    }
}

/// The key, unless something about it says that it is not for this.
fn usable(jwk: &Map<String, Value>) -> Option<PublicKey> {
    // What signs was published by mistake, and with it anybody can.
    if jwk.contains_key("d") || jwk.contains_key("k") {
        return None;
    }
    let key = match text(jwk, "kty")? {
        "RSA" => RsaKey::from_numbers(&bytes(jwk, "n")?, &bytes(jwk, "e")?).map(PublicKey::Rsa),
        "EC" if text(jwk, "crv") == Some("P-256") => {
            EcKey::from_coordinates(&bytes(jwk, "x")?, &bytes(jwk, "y")?).map(PublicKey::Ec)
        }
        _ => return None,
    };
    key.ok().filter(|key| is_for(jwk, key.algorithm()))
}

/// Whether what the key says of its use, as far as it says it, is verifying signatures of this algorithm (RFC 7517, sections 4.2 to 4.4).
fn is_for(jwk: &Map<String, Value>, algorithm: PublicAlgorithm) -> bool {
    let says = |name: &str, wanted: &str| jwk.get(name).is_none_or(|said| said == wanted);
    let operations = jwk.get("key_ops").map(|said| {
        let verify = |operation: &Value| operation == "verify";
        said.as_array().is_some_and(|all| all.iter().any(verify))
    });
    says("use", "sig") && says("alg", algorithm.as_str()) && operations.unwrap_or(true)
}

fn text<'j>(jwk: &'j Map<String, Value>, name: &str) -> Option<&'j str> {
    jwk.get(name)?.as_str()
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text(jwk, name)?).ok()
}

#[cfg(test)]
mod tests;
