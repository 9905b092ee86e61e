//! The prover from within: what it remembers, what it compares, and that slices say what the whole set says.

mod memory;
mod narrowing;
mod ratchet;
mod slices;

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use super::super::draft::Draft;
use super::super::schema::Vocabulary;
use super::super::validated::Validated;
use super::prover::{Bounds, Prover};
use super::stop::Stop;
use crate::clock::Clock;

const SEPARATION: &str = include_str!("../../../policies/00-tenant-separation.cedar");
const ACT_AS: &str = include_str!("../../../policies/10-act-as.cedar");
const MEMBERS: &str = include_str!("../../../policies/20-members.cedar");

/// One for all tests: what is proven once is not proven again.
static PROVER: LazyLock<Prover> = LazyLock::new(prover);

fn prover() -> Prover {
    Prover::new(bounds(None), Clock::system())
}

fn bounds(solver: Option<PathBuf>) -> Bounds {
    Bounds {
        solver,
        query_timeout: Duration::from_secs(10),
        timeout: Duration::from_mins(2),
    }
}

fn set_of(files: &[(&str, &str)], vocabulary: &Vocabulary) -> Validated {
    let draft = Draft::from_files(files.iter().copied()).unwrap();
    Validated::check(&draft, vocabulary).unwrap_or_else(|error| panic!("{error}"))
}

/// The shipped set and some files more.
fn with(more: &[(&str, &str)]) -> Validated {
    let shipped = [
        ("00.cedar", SEPARATION),
        ("10.cedar", ACT_AS),
        ("20.cedar", MEMBERS),
    ];
    set_of(&[&shipped, more].concat(), &Vocabulary::core())
}

/// A word that is not said.
fn go_on() -> Stop {
    Stop::default()
}
