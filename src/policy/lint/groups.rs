//! Groups of actions that let more be done than their names say: with `write` in `read`, a permit for reading deletes. The proof
//! refuses such a set; here it is said without a solver. May be used by `policy` only.

use cedar_policy::EntityUid;

use super::super::error::{Fault, Source};
use super::super::schema::Vocabulary;
use super::finding::Finding;

const GROUP_IN_GROUP: &str = "group-in-group";
/// The three groups that no action may share.
const APART: [&str; 3] = ["read", "write", "admin"];

impl Vocabulary {
    /// What looks like a mistake in the schema that is read from `file`.
    #[must_use]
    pub fn findings(&self, file: &str) -> Vec<Finding> {
        let Ok(actions) = self.schema().action_entities() else {
            return Vec::new();
        };
        let Some(text) = self.texts().last() else {
            return Vec::new();
        };
        let groups: Vec<&EntityUid> = self.schema().action_groups().collect();
        let mut uids: Vec<EntityUid> = actions.iter().map(cedar_policy::Entity::uid).collect();
        uids.sort();
        let source = Source::new(file, text.clone());
        let found = uids.iter().filter_map(|uid| {
            let above: Vec<&EntityUid> = actions.ancestors(uid).into_iter().flatten().collect();
            let name = uid.id().unescaped();
            let message = if groups.contains(&uid) {
                group_in_group(name, &above)?
            } else {
                let is_in = |one: &EntityUid, other: &EntityUid| actions.is_ancestor_of(other, one);
                in_two(name, &above, is_in)?
            };
            let help = "let each action lie in one of `read`, `write` and `admin`, and no group in another: a permit for one of them then lets nobody do more";
            let fault = Fault::at(&source, place(text, name), message).with_help(help);
            Some(Finding::new(GROUP_IN_GROUP, fault))
        });
        found.collect()
    }
}

fn group_in_group(name: &str, above: &[&EntityUid]) -> Option<String> {
    let other = above.iter().map(|uid| uid.id().unescaped()).min()?;
    Some(format!(
        "the group `{name}` lies in the group `{other}`: what may be done of `{other}` includes all of `{name}`"
    ))
}

/// An action that is in two groups because one is in the other is not to blame: the group is.
fn in_two(
    name: &str,
    above: &[&EntityUid],
    is_in: impl Fn(&EntityUid, &EntityUid) -> bool,
) -> Option<String> {
    let is_apart = |uid: &&&EntityUid| APART.contains(&uid.id().unescaped());
    let holds_another = |uid: &EntityUid| above.iter().any(|other| is_in(other, uid));
    let groups = above.iter().filter(is_apart);
    let mut groups: Vec<&str> = groups
        .filter(|uid| !holds_another(uid))
        .map(|uid| uid.id().unescaped())
        .collect();
    groups.sort_unstable();
    let [one, other, ..] = groups[..] else {
        return None;
    };
    Some(format!(
        "the action `{name}` lies in `{one}` and in `{other}`: who may do the one may do the other"
    ))
}

/// Where an action is declared, as far as a look at the lines tells; an action's name may be any text.
fn place(text: &str, name: &str) -> usize {
    let word = |letter: char| !letter.is_alphanumeric() && letter != '_';
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let declared = line.split('[').next().unwrap_or(line);
        if line.trim_start().starts_with("action ") && declared.split(word).any(|it| it == name) {
            return offset;
        }
        offset += line.len();
    }
    0
}
