//! Whose data: signed installs and what becomes of tenants, from the callback's bytes to the record.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what cannot go on is a failed test"
)]

mod blocks;
mod callback;
pub(crate) mod epochs;
mod forge;
mod forge_names;
mod forge_sites;
mod hangup;
mod keys;
mod lifecycle;
mod rest;
