//! Decisions of whole policy sets, on plain questions.

mod act_as;
mod errors;
mod examples;
pub(crate) mod groups;
mod isolation;
mod nowhere;
pub(crate) mod questions;
mod shipped;
mod teams;
