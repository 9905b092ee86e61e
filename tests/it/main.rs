//! The one test crate: folders mirror `src`.

mod cli;
mod config;
mod decision;
mod http;
mod identity;
mod ledger;
mod policy;
mod standin;
mod structure;
mod tenant;
mod vectors;
mod world;
