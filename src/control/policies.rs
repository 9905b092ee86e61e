//! Policy sets as operators see them: the answers of `policy list`, `show`, `activate` and `unpin`, and of the admin plane. Used by
//! `office` and `http`. What must never happen here: something about a set is told that the archive did not check.

use serde_json::{Value, json};

use crate::ledger::text::in_one_line;
use crate::policy::archive::{Activated, ArchiveError, Archived, LIST_MAX, Pin, Summary};
use crate::policy::certificate::{Certificate, Signed};
use crate::policy::{Fault, PolicyError, Status};
use crate::secret::hex;

use super::command::Refusal;
use super::rules::{Rules, RulesError, Wish};

/// Everything that was kept, a line each, newest first.
pub async fn list(rules: &Rules) -> Result<Value, RulesError> {
    let mut list = rules.archive().list(LIST_MAX).await?;
    // What went live last is not in force where a start could not put it in force again.
    if rules.is_serving() {
        let current = rules.live().current();
        let current = current
            .as_deref()
            .map(|set| (set.digest(), set.schema_digest()));
        for set in &mut list {
            set.is_live = current == Some((&set.digest, &set.schema_digest));
        }
    }
    Ok(list.iter().map(line).collect())
}

/// What to tell of a set beside what is always told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    /// The text of each file.
    pub files: bool,
    /// The signed text of the certificate.
    pub certificate: bool,
}

/// One set in full.
pub async fn show(rules: &Rules, digest: &str, parts: Parts) -> Result<Value, RulesError> {
    let archive = rules.archive();
    let found = archive.find(digest).await?;
    let activations = archive.activations(&found).await?;
    let pin = match archive.pinned().await {
        Ok(pin) => pin,
        // A changed pin is told at /readyz; the set can be looked at all the same.
        Err(ArchiveError::Damaged { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let certificate = verified(&found, rules)?;
    let mut shown = json!({
        "digest": found.digest,
        "schema_digest": found.schema_digest,
        "author": found.author,
        "kept_at": found.kept_at.rfc3339(),
        "pinned": pin.is_some_and(|pin| pin.digest == found.digest),
        "proof": certificate.zip(found.certificate.as_ref()).map(proof),
        "activations": activations.iter().map(activation).collect::<Value>(),
    });
    if parts.files {
        shown["files"] = json!(found.files);
    }
    if parts.certificate {
        shown["certificate"] = json!(
            found
                .certificate
                .as_ref()
                .map(|signed| signature(signed, rules))
        );
    }
    Ok(shown)
}

/// Puts a set in force and pins it. A set that cannot be is an answer, too: what is wrong with it is data.
pub async fn activate(rules: &Rules, wish: Wish, by: &str) -> Result<Value, RulesError> {
    match rules.activate(wish, by).await {
        Ok(digest) => Ok(json!({ "digest": digest, "pinned": true })),
        Err(RulesError::Refused { digest, errors }) => Ok(refused(&digest, &errors)),
        Err(error) => Err(error),
    }
}

/// Lets the folder decide again.
pub async fn unpin(rules: &Rules, reason: Option<String>, by: &str) -> Result<Value, RulesError> {
    let gone = rules.unpin(by, reason).await?;
    Ok(json!({ "unpinned": gone.as_ref().map(pin) }))
}

/// What is in force, and what became of the folder's present state.
#[must_use]
pub fn status(status: &Status) -> Value {
    json!({
        "live": status.live.as_ref().map(|live| json!({
            "digest": live.digest,
            "since": live.since.rfc3339(),
            "author": live.author,
            "proof": { "status": live.proof.status, "solver": live.proof.solver, "digest": live.proof.digest },
        })),
        "pending": status.pending.as_ref().map(|pending| json!({
            "digest": pending.digest,
            "why": pending.why,
        })),
        "candidate": status.candidate.as_ref().map(|candidate| json!({
            "digest": candidate.digest,
            "author": candidate.author,
            "why": candidate.why,
            "since": candidate.since.rfc3339(),
        })),
        "confined": status.confined.iter().map(|one| json!({
            "tenant": one.tenant,
            "closed": one.is_closed,
            "errors": faults(&one.errors),
        })).collect::<Value>(),
        "pin": status.pin.as_ref().map(pin),
        "alarm": status.alarm,
        "refused": status.refused.as_ref().map(|refused| json!({
            "digest": refused.digest,
            "errors": faults(&refused.errors),
        })),
    })
}

/// The refusal of a command, from what went wrong.
#[must_use]
pub fn refusal(error: &RulesError) -> Refusal {
    Refusal {
        message: in_one_line(error),
        wrong: is_callers_doing(error),
    }
}

/// Whether the caller asked for something that there is not.
#[must_use]
pub fn is_callers_doing(error: &RulesError) -> bool {
    match error {
        RulesError::Archive(error) => matches!(
            error,
            ArchiveError::Name(_) | ArchiveError::Unknown(_) | ArchiveError::Ambiguous(_)
        ),
        RulesError::Loses(_) | RulesError::NotLost { .. } | RulesError::NoReason => true,
        RulesError::Ledger(_) | RulesError::Refused { .. } | RulesError::Stopping => false,
    }
}

fn refused(digest: &str, errors: &PolicyError) -> Value {
    json!({ "refused": {
        "digest": digest,
        "unproven": errors.is_unproven(),
        "errors": faults(errors),
    }})
}

fn faults(errors: &PolicyError) -> Value {
    let one = |fault: &Fault| {
        json!({
            "message": fault.message(),
            "file": fault.file(),
            "line": fault.line(),
            "help": fault.advice(),
            "counterexample": fault.counterexample(),
        })
    };
    errors.faults().iter().map(one).collect()
}

fn line(set: &Summary) -> Value {
    let state = match (set.is_live, set.is_pinned) {
        (true, true) => "live pinned",
        (true, false) => "live",
        (false, true) => "pinned",
        (false, false) => "",
    };
    json!({
        "digest": set.digest,
        "schema_digest": set.schema_digest,
        "author": set.author,
        "kept_at": set.kept_at.rfc3339(),
        "proof": set.proof.as_str(),
        "state": state,
        "activated_at": set.activated.as_ref().map(|activated| activated.at.rfc3339()),
        "activated_by": set.activated.as_ref().map(|activated| activated.by.clone()),
    })
}

fn activation(activated: &Activated) -> Value {
    json!({
        "at": activated.at.rfc3339(),
        "by": activated.by,
        "reason": activated.reason,
        "dropped_guarantees": activated.dropped,
        "certificate": activated.certificate,
    })
}

fn pin(pin: &Pin) -> Value {
    json!({ "digest": pin.digest, "by": pin.by, "at": pin.at.rfc3339(), "reason": pin.reason })
}

fn verified(found: &Archived, rules: &Rules) -> Result<Option<Certificate>, RulesError> {
    let Some(signed) = &found.certificate else {
        return Ok(None);
    };
    let certificate = signed.verify(&rules.archive().key());
    certificate.map(Some).map_err(|source| {
        let digest = found.digest.clone();
        ArchiveError::Certificate { digest, source }.into()
    })
}

fn proof((certificate, signed): (Certificate, &Signed)) -> Value {
    let micros: u64 = certificate.queries.iter().map(|query| query.micros).sum();
    json!({
        "certificate": signed.digest(),
        "made_at": certificate.made_at,
        "solver": certificate.solver.version,
        "prover": certificate.prover,
        "engine": certificate.engine,
        "policies": certificate.policies,
        "queries": certificate.queries.len(),
        "cached": certificate.queries.iter().filter(|query| query.cached).count(),
        "queries_ms": micros / 1000,
        "guarantees": certificate.guarantees.iter().map(|guarantee| json!({
            "name": guarantee.name,
            "kind": guarantee.kind,
            "title": guarantee.title,
        })).collect::<Value>(),
    })
}

/// All that somebody else needs to check it: the text is what is signed, byte for byte.
fn signature(signed: &Signed, rules: &Rules) -> Value {
    json!({
        "text": signed.text,
        "signature": hex(signed.signature.as_bytes()),
        "key_id": signed.key_id,
        "public_key": hex(rules.archive().key().as_bytes()),
        "verified": true,
    })
}
