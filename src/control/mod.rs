//! What operators do while it runs: commands, the socket that carries them to a running server, the tokens of the admin side, and
//! the keeper that records a policy set before it goes live. Used by `http::admin`, `node` and `cli`.
//! No command may change anything without its record, nor answer with a secret other than one it has just made.

mod blocks;
pub mod command;
mod keys;
pub mod office;
mod own;
pub mod policies;
pub mod rules;
pub mod socket;
mod store;
pub mod tokens;
