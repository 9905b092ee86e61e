//! Decisions of whole policy sets, on plain questions.

mod act_as;
mod errors;
mod examples;
mod isolation;
mod nowhere;
pub(crate) mod questions;
mod shipped;
mod teams;
