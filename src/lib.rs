//! Gatepost: what stands between a client and the Jira sites that trust one app.
//!
//! A request walks down a corridor of doors. Each door takes the key that the last one gave and hands out the next. The modules
//! are declared in the order of that walk, and **a module may use only modules above it**; `tests/it/structure.rs` enforces it.

/// Time and randomness, as arguments.
pub mod clock;

/// Secret bytes that do not print, and the vault that seals them at rest.
pub mod secret;

/// Pools, migrations, and the one write lane.
pub mod db;

/// The only HTTP client: typed destinations, bounds, no redirects.
pub mod outbound;

/// What was decided: entry, canonical encoding, append, read.
pub mod ledger;

/// Whose data: registry of sites, install lifecycle, grants, epochs, the keys that verify.
pub mod tenant;

/// Who asks: one file per way, all end in a principal.
pub mod identity;

/// The rules: draft, validated, admitted; watch files, swap the live snapshot.
pub mod policy;

/// May they: query, ruling, permit.
pub mod decision;

/// Do it: the keys that sign, the Jira request; takes a permit and nothing less.
pub mod upstream;

/// May it leave: what came back is decided again before anybody sees it.
pub mod screen;

/// The corridor: ask in, reply out, one function that opens the doors in order.
pub mod gateway;

/// What operators and auditors do while it runs: commands, the control socket, tokens of the admin side.
pub mod control;

/// The edge: router, parsing into an ask, error bodies, one file per route group.
pub mod http;

/// Composes each module's settings, parsed once.
pub mod config;

/// One running node: the doors put together from the configuration, its listeners, its end.
pub mod node;

/// The pretended Jira, for demo, tests and people who develop against Gatepost.
pub mod standin;

/// One file per subcommand.
pub mod cli;
