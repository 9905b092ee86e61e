//! Operators: commands beside a running server and on the file, the socket between them, and the admin plane.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what cannot go on is a failed test"
)]

mod admin;
mod blocks;
mod commands;
mod grants;
mod keys;
mod socket;
