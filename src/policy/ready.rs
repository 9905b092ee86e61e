//! A set that may go live, with what is known of the step from the set in force to it. Whoever keeps the live set decides by this,
//! by a pin and by the settings, whether it goes live at once or waits for a person. Data only.

use super::admitted::Admitted;
use super::confined::Confined;

/// A set that is proven, or whose proof is waived.
#[must_use = "a set is in force only once it is published"]
#[derive(Debug)]
pub struct Ready {
    /// The set.
    pub set: Admitted,
    /// Who wrote it: `unix:1000`, the owner of the file that changed last.
    pub author: String,
    /// The digest of the set in force that it was compared with; if another is in force by now, the comparison says nothing.
    pub compared_with: Option<String>,
    /// Tenants whose own files are at fault: they keep their last good ones, which are in the set.
    pub confined: Vec<Confined>,
    /// Guarantees of the set in force that this one does not have, or has weaker. It goes live only if a person drops them by name.
    pub dropped: Vec<Dropped>,
    /// Why it is not known to allow only what the set in force allows; nothing if that is proven. Looked at only where
    /// `policy.activation` is `narrowing`.
    pub widens: Option<String>,
}

/// The folder's state, where it is what is in force.
#[derive(Debug)]
pub struct Unchanged {
    /// The digest of the set in force.
    pub digest: String,
    /// Who wrote it last.
    pub author: String,
    /// Tenants whose own files are at fault: they keep their last good ones, which are in the set.
    pub confined: Vec<Confined>,
}

/// A guarantee that a set would lose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Its name.
    pub name: String,
    /// Whether it is gone, or how it is weaker.
    pub why: String,
}
