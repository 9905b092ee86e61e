//! The ratchet: guarantees only come. Which of those in force a new set loses, by text alone: one that is written otherwise counts as
//! lost, whatever it says. Used by `rules` only. What must never happen here: a lost guarantee that nobody names is let go.

use std::collections::BTreeMap;

use super::RulesError;
use crate::policy::Dropped;

/// Where guarantees lie in a set.
const FOLDER: &str = "guarantees/";

/// The guarantees of the files `old` that the files `new` do not have word for word.
pub(super) fn lost(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> Vec<Dropped> {
    let gone = |(name, path, text): (&str, &String, &String)| {
        let why = match new.get(path) {
            Some(same) if same == text => return None,
            Some(_) => "it is written otherwise",
            None => "it is gone",
        };
        Some(Dropped {
            name: name.to_owned(),
            why: why.to_owned(),
        })
    };
    guarantees(old).filter_map(gone).collect()
}

fn guarantees(files: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &String, &String)> {
    files.iter().filter_map(|(path, text)| {
        let name = path.strip_prefix(FOLDER)?.strip_suffix(".cedar")?;
        Some((name, path, text))
    })
}

/// Whether a person who gives up `named` gives up what is lost, all of it and nothing else.
pub(super) fn given_up(lost: &[Dropped], named: &[String]) -> Result<(), RulesError> {
    let all = || Names(lost.iter().map(|dropped| dropped.name.clone()).collect());
    if let Some(kept) = named
        .iter()
        .find(|name| !lost.iter().any(|dropped| dropped.name == **name))
    {
        return Err(RulesError::NotLost {
            name: kept.clone(),
            lost: all(),
        });
    }
    if lost.iter().all(|dropped| named.contains(&dropped.name)) {
        Ok(())
    } else {
        Err(RulesError::Loses(all()))
    }
}

/// Names of guarantees, as a sentence has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl std::fmt::Display for Names {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return out.write_str("none");
        }
        let names: Vec<String> = self.0.iter().map(|name| format!("`{name}`")).collect();
        out.write_str(&names.join(", "))
    }
}
