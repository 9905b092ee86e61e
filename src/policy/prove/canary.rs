//! Before each proof: a hole that must be found and a sound set that must hold. A solver that answers the same to everything, or that
//! answers wrong, is found out before anything rests on it. May be used by `prove` only.

use cedar_policy::{Policy, PolicySet};

use super::super::schema::CORE;
use super::ask::Asker;
use super::frame::Frame;
use super::guarantee::Guarantee;
use super::hint::describes;
use super::modular::{Finding, Modular, Scene};

/// The environment that is tried.
const FRAME: &str = "getIssue(Account, Issue)";
const HOLE: &str = "permit (principal, action, resource) when { principal.tenant == resource.tenant || context.auth like \"*x*\" };";
const SOUND: &str = "@id(\"a\") permit (principal, action, resource) when { principal.tenant == resource.site.tenant || context.auth like \"*x*\" };
    @id(\"b\") forbid (principal, action, resource) unless { principal.tenant == resource.tenant };";

/// Why the solver is not trusted.
pub(super) fn sing(asker: &mut Asker<'_>) -> Result<(), String> {
    let frames = Frame::all(asker.schema())?;
    let frame = frames.iter().find(|frame| frame.name == FRAME);
    // INVARIANT: the canaries are asked about the core schema, which has it; a test sees them sing.
    let frame = frame.expect("an environment of the core schema");
    let [isolation, _] = Guarantee::built_in();
    match find(asker, frame, &isolation, HOLE)? {
        Finding::Broken(env) if !describes(&isolation, &env.request, &env.entities) => {}
        Finding::Broken(_) | Finding::Holds => {
            return Err("it did not find a known hole".to_owned());
        }
    }
    match find(asker, frame, &isolation, SOUND)? {
        Finding::Holds => Ok(()),
        Finding::Broken(_) => Err("it found a hole where none is".to_owned()),
    }
}

/// The text of the schema that canaries need.
pub(super) const SCHEMA: &str = CORE;

fn find(
    asker: &mut Asker<'_>,
    frame: &Frame,
    guarantee: &Guarantee,
    text: &str,
) -> Result<Finding, String> {
    let set: PolicySet = text
        .parse()
        .map_err(|error: cedar_policy::ParseErrors| error.to_string())?;
    let policies: Vec<&Policy> = set.policies().collect();
    let scene = Scene::new(frame, &policies)?;
    Modular {
        asker,
        scene: &scene,
        guarantee,
    }
    .prove()
}
