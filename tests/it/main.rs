//! The one test crate: folders mirror `src`.

mod browser;
mod cli;
mod clients;
mod config;
mod control;
mod decision;
mod http;
mod identity;
mod ledger;
mod node;
mod policy;
mod standin;
mod structure;
mod tenant;
mod vectors;
mod world;
