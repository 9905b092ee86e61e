//! May they. From a question in plain data to a verdict in plain data, through the policy set in force. May be used by the
//! gateway and everything below it. What must never happen here: I/O, the system's clock, an allow after an error.

mod decoy;
mod denied;
pub mod evaluate;
mod look;
mod look_permit;
mod memo;
mod opinion;
mod permit;
mod query;
pub mod question;
mod reading;
mod ruling;
mod slice;
mod step;
mod target;
pub mod verdict;

pub use decoy::nowhere;
pub use denied::{DeniedError, UNSEEN};
pub use evaluate::evaluate;
pub use look::{LIST_GROUPS, Look};
pub use look_permit::LookPermit;
pub use opinion::{Opinion, Told, opine};
pub use permit::Permit;
pub use query::{Query, Wish};
pub use question::{Action, Circumstances, Groups, InGroups, Principal, Question, Thing};
pub use reading::{ApiVersion, OWN_FIELDS, Reading, ReadingError};
pub use ruling::Ruling;
pub use step::{Step, decide};
pub use target::Target;
pub use verdict::{GROUPS_UNKNOWN, Verdict};
