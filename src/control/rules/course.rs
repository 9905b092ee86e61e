//! Whether a proven set of the folder goes live by itself. Used by `rules` only. Pure: what is asked about is all there. What must
//! never happen here: a set that loses a guarantee goes live, or one that nobody compared with what is in force counts as narrower.

use crate::policy::{Activation, Dropped, Ready};

/// What becomes of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It goes live.
    Live,
    /// It waits for a person, because of this.
    Wait(String),
    /// It is refused: the set in force has guarantees that it lacks.
    Refuse(Vec<Dropped>),
}

/// What else bears on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'a> {
    /// `policy.activation`.
    pub(super) activation: Activation,
    /// The digest of the set in force.
    pub(super) in_force: Option<&'a str>,
    /// Why no set of the folder goes live now, if one is pinned.
    pub(super) pinned: Option<&'a str>,
}

impl Ground<'_> {
    /// What becomes of `ready`. `lost` are the guarantees that it loses by text alone: what counts where it was compared with another
    /// set than the one in force by now.
    pub(super) fn course(&self, ready: &Ready, lost: Vec<Dropped>) -> Course {
        let is_compared = ready.compared_with.as_deref() == self.in_force;
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
        match (self.activation, self.in_force) {
            (Activation::Auto, _) | (Activation::Narrowing, None) => Course::Live,
            (Activation::Manual, _) => {
                Course::Wait("every set waits for a person (`policy.activation`)".to_owned())
            }
            (Activation::Narrowing, Some(_)) if !is_compared => {
                Course::Wait("it was not compared with the set in force".to_owned())
            }
            (Activation::Narrowing, Some(_)) => match &ready.widens {
                None => Course::Live,
                Some(why) => {
                    Course::Wait(format!("it may allow more than the set in force: {why}"))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests;
