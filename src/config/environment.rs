//! The environment, read once and passed in. Nothing else in the crate asks for it (the command line's parser apart).
//! Its values never print: one of them is the master key.

use std::collections::BTreeMap;

/// The variables whose names start with `GATEPOST_`.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// That of this process. Other programs' variables are left out.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn of_process() -> Self {
        // A value that is not UTF-8 keeps a replacement character, which no key accepts: an error with a name, not a default.
        let ours = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.to_str()?.to_owned();
            name.starts_with("GATEPOST_")
                .then(|| (name, value.to_string_lossy().into_owned()))
        });
        Self(ours.collect())
    }

    /// The value of `name`; an empty one counts as not set, as in a `.env` file with nothing filled in.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Every variable that is set, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(_, value)| !value.is_empty())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        Self(
            pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
