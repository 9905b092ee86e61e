//! Sessions and client keys from inside: what they cost, and what ends them while they are used.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its world has failed"
)]

mod ends;
mod faults;
mod forge;
mod jwks;
mod oidc;
mod pages;
mod plans;
mod races;
