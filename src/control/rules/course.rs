//! Whether a proven set of the folder goes live by itself. Used by `rules` only. Pure: what is asked about is all there. What must
//! never happen here: a set that loses a guarantee goes live, or one that nobody compared with what is in force counts as narrower.

use super::before::Before;
use crate::policy::{Activation, Dropped, Ready};

/// What becomes of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It goes live.
    Live,
    /// It waits for a person, because of this.
    Wait(String),
    /// It is refused: the set before it has guarantees that it lacks.
    Refuse(Vec<Dropped>),
}

/// What else bears on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'a> {
    /// `policy.activation`.
    pub(super) activation: Activation,
    /// What it comes after.
    pub(super) before: &'a Before,
    /// Why no set of the folder goes live now, if one is pinned.
    pub(super) pinned: Option<&'a str>,
}

impl Ground<'_> {
    /// What becomes of `ready`. `lost` are the guarantees that it loses by text alone: what counts where it was compared with another
    /// set than the one in force by now.
    pub(super) fn course(&self, ready: &Ready, lost: Vec<Dropped>) -> Course {
        let is_compared = match self.before {
            Before::InForce(digest) => ready.compared_with.as_ref() == Some(digest),
            Before::Nothing | Before::Kept { .. } | Before::Unreadable(_) => false,
        };
        let dropped = if is_compared {
            ready.dropped.clone()
        } else {
            lost
        };
        if !dropped.is_empty() {
            return Course::Refuse(dropped);
        }
        if let Some(why) = self.pinned {
            return Course::Wait(why.to_owned());
        }
        match (self.activation, self.before) {
            (Activation::Manual, _) => {
                Course::Wait("every set waits for a person (`policy.activation`)".to_owned())
            }
            (_, Before::Unreadable(why)) => Course::Wait(format!(
                "nobody can say what it gives up, because what went live last cannot be relied on: {why}"
            )),
            (Activation::Auto, _)
            | (Activation::Narrowing, Before::Nothing | Before::Kept { is_same: true }) => {
                Course::Live
            }
            (Activation::Narrowing, Before::Kept { is_same: false }) => Course::Wait(
                "it is another than the set that went live last, which is not in force, so that they cannot be compared"
                    .to_owned(),
            ),
            (Activation::Narrowing, Before::InForce(_)) => narrowing(ready, is_compared),
        }
    }
}

fn narrowing(ready: &Ready, is_compared: bool) -> Course {
    match &ready.widens {
        _ if !is_compared => Course::Wait("it was not compared with the set in force".to_owned()),
        None => Course::Live,
        Some(why) => Course::Wait(format!("it may allow more than the set in force: {why}")),
    }
}

#[cfg(test)]
mod tests;
