//! Advice for faults that are a slip of the hand: which team, which template was probably meant. Cedar itself says it of types, actions
//! and attributes. May be used by `policy`, when a set is checked for a person. What must never happen here: a fault is lost.

use serde_json::Value;

use super::super::draft::{Draft, ENTITIES, LINKS};
use super::super::error::{Fault, Faults, PolicyError, Source};
use super::super::names;
use super::super::parsed::Sheet;
use super::near;

/// A name that faults speak of, and the advice for them.
struct Advice {
    /// How faults write the name.
    name: String,
    help: String,
}

impl Draft {
    /// The same faults, with advice where this set has a name that is nearly the one that it misses.
    #[must_use]
    pub fn advise(&self, error: PolicyError) -> PolicyError {
        let is_whole = error.fault_count() == error.faults().len();
        if !is_whole || error.is_unproven() {
            return error;
        }
        let advice: Vec<Advice> = self.teams().into_iter().chain(self.templates()).collect();
        let mut faults = Faults::default();
        for fault in error.faults() {
            faults.push(with_advice(fault.clone(), &advice));
        }
        faults.none_or(()).err().unwrap_or(error)
    }

    fn teams(&self) -> Vec<Advice> {
        let described = described_teams(self.file(ENTITIES).unwrap_or("[]"));
        let known = || described.iter().map(String::as_str);
        let sheets = self.sheets();
        let entries = sheets.iter().flat_map(|sheet| &sheet.policies);
        let missing = entries.flat_map(|entry| &entry.teams);
        let missing = missing.filter(|id| !described.contains(id));
        let advice = missing.filter_map(|id| {
            let near = near::slip(id, known())?;
            Some(Advice {
                name: format!("`{}` is not described", names::team(id)),
                help: format!("did you mean `{}`?", names::team(near)),
            })
        });
        advice.collect()
    }

    fn templates(&self) -> Vec<Advice> {
        let sheets = self.sheets();
        let patterns = sheets.iter().flat_map(|sheet| &sheet.templates);
        let known: Vec<&str> = patterns.map(|it| it.rule.policy.id.as_str()).collect();
        let links: Vec<Value> = self
            .file(LINKS)
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let asked = links.iter().filter_map(|link| link["template_id"].as_str());
        let advice = asked.filter_map(|id| {
            Some(Advice {
                name: format!("there is no template `{id}`"),
                help: format!("did you mean `{}`?", near::slip(id, known.iter().copied())?),
            })
        });
        advice.collect()
    }

    fn sheets(&self) -> Vec<Sheet> {
        let parse = |(path, text): (&str, &str)| Sheet::parse(&Source::new(path, text.to_owned()));
        self.policies()
            .filter_map(|file| parse(file).ok())
            .collect()
    }
}

fn described_teams(text: &str) -> Vec<String> {
    let entries: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
    let teams = entries
        .iter()
        .filter(|entry| entry["uid"]["type"] == "Team");
    let ids = teams.filter_map(|entry| entry["uid"]["id"].as_str());
    ids.map(str::to_owned).collect()
}

fn with_advice(fault: Fault, advice: &[Advice]) -> Fault {
    if fault.advice().is_some() {
        return fault;
    }
    match advice
        .iter()
        .find(|advice| fault.message().contains(&advice.name))
    {
        Some(advice) => fault.with_help(&advice.help),
        None => fault,
    }
}
