//! Which teams lie above which, within limits: a file of 1 MiB can describe 4,000 teams in each other with 9,000 accounts in the
//! lowest, which written out for each account takes more memory than there is. May be used by `entities` only. What must never
//! happen here: recursion, for the teams come from a file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cedar_policy::EntityUid;

use super::super::names;

/// How deep teams may lie in each other.
const DEPTH_MAX: usize = 16;
/// How many teams an account or a team may name.
const DIRECT_MAX: usize = 64;
/// How many teams an account may be in, with those that these lie in.
const TEAMS_MAX: usize = 256;
/// The same of all accounts together, where those with the same teams count once.
const TOGETHER_MAX: usize = 250_000;

/// Teams, each with those that it names.
pub(super) type Teams = BTreeMap<String, Vec<String>>;

/// What is wrong with the teams: circles, and what is too many.
pub(super) fn faults(teams: &Teams) -> Vec<String> {
    let mut search = Search {
        teams,
        depths: HashMap::new(),
        circles: BTreeSet::new(),
    };
    for team in teams.keys() {
        search.climb(team);
    }
    let circles = search.circles.iter();
    let circles: Vec<_> = circles
        .map(|id| format!("the team `{id}` lies in itself"))
        .collect();
    if !circles.is_empty() {
        return circles;
    }
    let deep = search
        .depths
        .iter()
        .filter(|(_, depth)| **depth > DEPTH_MAX);
    let lowest = deep.min().map(|(id, _)| {
        format!("above the team `{id}` teams lie in each other more than {DEPTH_MAX} deep")
    });
    let broad = teams.iter().filter(|(_, named)| named.len() > DIRECT_MAX);
    let broad = broad.map(|(id, _)| names_too_many(id));
    lowest.into_iter().chain(broad).collect()
}

fn names_too_many(id: &str) -> String {
    format!("`{id}` names more than {DIRECT_MAX} teams")
}

/// One search through all teams, depth first, with a stack of its own.
struct Search<'a> {
    teams: &'a Teams,
    /// How many teams lie in each other from this one up, itself included.
    depths: HashMap<&'a str, usize>,
    circles: BTreeSet<&'a str>,
}

impl<'a> Search<'a> {
    fn climb(&mut self, from: &'a str) {
        if self.depths.contains_key(from) {
            return;
        }
        let (mut path, mut on_path) = (vec![(from, 0)], HashMap::from([(from, 0)]));
        while let Some((team, next)) = path.last_mut() {
            let Some(parent) = self.teams.get(*team).and_then(|named| named.get(*next)) else {
                self.depths.insert(team, 1 + self.above(team));
                on_path.remove(team);
                path.pop();
                continue;
            };
            *next += 1;
            if let Some(at) = on_path.get(parent.as_str()) {
                let circle = path[*at..].iter().map(|(team, _)| *team);
                self.circles.extend(circle);
            } else if !self.depths.contains_key(parent.as_str()) {
                on_path.insert(parent, path.len());
                path.push((parent, 0));
            }
        }
    }

    fn above(&self, team: &str) -> usize {
        let named = self.teams.get(team).into_iter().flatten();
        let depths = named.filter_map(|team| self.depths.get(team.as_str()));
        depths.max().copied().unwrap_or(0)
    }
}

/// The teams of accounts. Those who name the same teams share one set.
pub(super) struct Above<'a> {
    teams: &'a Teams,
    known: HashMap<BTreeSet<&'a str>, Arc<[EntityUid]>>,
    together: usize,
}

impl<'a> Above<'a> {
    pub(super) fn of(teams: &'a Teams) -> Self {
        Self {
            teams,
            known: HashMap::new(),
            together: 0,
        }
    }

    /// All that the account `id` is in.
    pub(super) fn account(
        &mut self,
        id: &str,
        named: &'a [String],
    ) -> Result<Arc<[EntityUid]>, String> {
        if named.len() > DIRECT_MAX {
            return Err(names_too_many(id));
        }
        let named: BTreeSet<&str> = named.iter().map(String::as_str).collect();
        if let Some(found) = self.known.get(&named) {
            return Ok(found.clone());
        }
        let found = self.all(&named).ok_or_else(|| {
            format!("`{id}` is in more than {TEAMS_MAX} teams, with those that its teams lie in")
        })?;
        self.together += found.len();
        if self.together > TOGETHER_MAX {
            return Err(format!(
                "with `{id}` the accounts are in more than {TOGETHER_MAX} teams, all counted"
            ));
        }
        let found: Arc<[EntityUid]> = found.into_iter().map(names::team).collect();
        self.known.insert(named, found.clone());
        Ok(found)
    }

    /// These teams and all that they lie in, unless they are too many.
    fn all(&self, named: &BTreeSet<&'a str>) -> Option<BTreeSet<&'a str>> {
        let mut found = named.clone();
        let mut open: Vec<&str> = named.iter().copied().collect();
        while let Some(team) = open.pop() {
            for parent in self.teams.get(team).into_iter().flatten() {
                if found.insert(parent) {
                    open.push(parent);
                }
            }
            if found.len() > TEAMS_MAX {
                return None;
            }
        }
        Some(found)
    }
}
