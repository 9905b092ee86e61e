//! A whole node, from outside: the bytes on its wire, the program that a user starts, its end in order and out of order.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what cannot go on is a failed test"
)]

mod crash;
mod framing;

pub(crate) mod program;
mod readme;
mod solver;
mod stop;
pub(crate) mod wire;
