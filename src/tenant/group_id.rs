//! The id of a group of Jira users. A value, no proof: it says nothing about who is in it.
//! Used by whoever names a group. It must never be a name: groups are renamed, and a rule about the old name would silently end.

use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

/// Names one group of a site by its UUID, in lower case with hyphens.
///
/// ```
/// # use gatepost::tenant::GroupId;
/// let group: GroupId = "276F955C-63D7-42C8-9520-92D01DCA0625".parse()?;
/// assert_eq!(group.to_string(), "276f955c-63d7-42c8-9520-92d01dca0625");
/// assert!("jira-administrators".parse::<GroupId>().is_err());
/// # Ok::<(), gatepost::tenant::GroupIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(Uuid);

/// Why a text is no id of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupIdError {
    /// Anything but 8-4-4-4-12 hexadecimal digits.
    #[error(
        "a group's id is a UUID with hyphens, such as `276f955c-63d7-42c8-9520-92d01dca0625`, and not its name"
    )]
    Form,
}

impl FromStr for GroupId {
    type Err = GroupIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parser also reads the braced, the bare and the URN form; each of those has another length.
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(GroupIdError::Form);
        }
        Uuid::try_parse(text)
            .map(Self)
            .map_err(|_| GroupIdError::Form)
    }
}

impl std::fmt::Display for GroupId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

text_value!(GroupId, GroupIdError);

/// Some groups, each once. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSet(Arc<[GroupId]>);

impl FromIterator<GroupId> for GroupSet {
    fn from_iter<I: IntoIterator<Item = GroupId>>(groups: I) -> Self {
        let mut groups: Vec<GroupId> = groups.into_iter().collect();
        groups.sort_unstable();
        groups.dedup();
        Self(groups.into())
    }
}

impl GroupSet {
    /// Whether this group is among them.
    #[must_use]
    pub fn contains(&self, group: GroupId) -> bool {
        self.0.binary_search(&group).is_ok()
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_id_and_neither_is_another_form_of_one() {
        for text in [
            "",
            "jira-administrators",
            "unknown",
            "276f955c63d742c8952092d01dca0625",
            "{276f955c-63d7-42c8-9520-92d01dca0625}",
            "276f955c-63d7-42c8-9520-92d01dca062g",
            " 276f955c-63d7-42c8-9520-92d01dca0625",
        ] {
            assert_eq!(text.parse::<GroupId>(), Err(GroupIdError::Form), "{text:?}");
        }
    }
}
