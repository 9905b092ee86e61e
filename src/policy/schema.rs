//! What policies may speak of. The core schema is built into the binary, so that a binary never meets a stale one. An operator's
//! extension adds types and attributes of its own; it must never change the core.

use std::sync::Arc;

use cedar_policy::{Schema, SchemaFragment};
use miette::Diagnostic;
use serde_json::Value;

use super::error::{Fault, Faults, PolicyError, Source};
use crate::secret::{hex, sha256};

/// The core schema.
pub const CORE: &str = include_str!("../../schemas/gatepost.cedarschema");

/// The type of groups of Jira users.
const GROUP: &str = "Group";

/// Members of Cedar's JSON that hold texts of people's own, and no names of types.
const NO_TYPES: [&str; 2] = ["annotations", "enum"];

/// How deep a policy may look from entity to entity; evaluation supplies entities this deep.
pub(super) const LEVEL: u32 = 2;

/// A schema, ready to validate with.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    schema: Arc<Schema>,
    texts: Arc<[String]>,
    digest: String,
    for_analysis: bool,
}

impl Vocabulary {
    /// The core alone.
    #[must_use]
    pub fn core() -> Self {
        // INVARIANT: the text is part of the binary, and a test reads it.
        let core = Self::replaced("gatepost.cedarschema", CORE).expect("the core schema is sound");
        Self {
            for_analysis: false,
            ..core
        }
    }

    /// The core and an operator's extension.
    pub fn extended(name: &str, extension: &str) -> Result<Self, PolicyError> {
        let source = Source::new(name, extension.to_owned());
        let added = fragment(&source)?;
        // INVARIANT: as in `core`.
        let core =
            fragment(&Source::new("core", CORE.to_owned())).expect("the core schema is sound");
        let mut faults = Faults::default();
        for taken in shared_names(&core, &added) {
            let message =
                format!("`{taken}` belongs to the core schema and cannot be declared again");
            faults.push(Fault::at(
                &source,
                extension.find(&taken).unwrap_or(0),
                message,
            ));
        }
        if refers_to_groups(&added) {
            let message = "an extension cannot speak of `Group`: which policies ask for groups would not show in their text";
            faults.push(Fault::at(
                &source,
                extension.find(GROUP).unwrap_or(0),
                message,
            ));
        }
        faults.none_or(())?;
        let schema = Schema::from_schema_fragments([core, added])
            .map_err(|error| Fault::of_cedar(&source, &error, 0))?;
        Ok(Self::of(schema, &[CORE, extension]))
    }

    /// Another schema in place of the core, for analysis only.
    pub fn replaced(name: &str, text: &str) -> Result<Self, PolicyError> {
        let source = Source::new(name, text.to_owned());
        let schema = Schema::from_schema_fragments([fragment(&source)?])
            .map_err(|error| Fault::of_cedar(&source, &error, 0))?;
        Ok(Self {
            for_analysis: true,
            ..Self::of(schema, &[text])
        })
    }

    /// `sha256:` and the hash of the texts.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The texts that it was made of: the core, and an extension if there is one.
    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Whether there is a group of actions of this name.
    pub(super) fn has_group(&self, name: &str) -> bool {
        let mut groups = self.schema.action_groups();
        groups.any(|group| super::names::core_action(group) == Some(name))
    }

    pub(super) fn is_for_analysis(&self) -> bool {
        self.for_analysis
    }

    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn of(schema: Schema, texts: &[&str]) -> Self {
        let mut bytes = Vec::new();
        for text in texts {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        Self {
            schema: Arc::new(schema),
            texts: texts.iter().map(|&text| text.to_owned()).collect(),
            digest: format!("sha256:{}", hex(&sha256(&bytes))),
            for_analysis: false,
        }
    }
}

/// A schema's warnings are errors, too: they say that a name hides another.
fn fragment(source: &Source) -> Result<SchemaFragment, PolicyError> {
    let (fragment, warnings) = SchemaFragment::from_cedarschema_str(source.text())
        .map_err(|error| Fault::of_cedar(source, &error, 0))?;
    let mut faults = Faults::default();
    for warning in warnings {
        faults.push(Fault::of_cedar(source, &warning as &dyn Diagnostic, 0));
    }
    faults.none_or(fragment)
}

/// Whether an extension has attributes, parents or actions of the core's type `Group`. Cedar lets no namespace have one of that name.
fn refers_to_groups(added: &SchemaFragment) -> bool {
    fn names_it(json: &Value) -> bool {
        match json {
            Value::String(name) => name == GROUP,
            Value::Array(parts) => parts.iter().any(names_it),
            Value::Object(members) => {
                let types = members
                    .iter()
                    .filter(|(key, _)| !NO_TYPES.contains(&key.as_str()));
                types.map(|(_, value)| value).any(names_it)
            }
            _ => false,
        }
    }
    names_it(&added.clone().to_json_value().unwrap_or_default())
}

/// Names of the empty namespace that both declare. Cedar would report these, too, but not say whose the name is.
fn shared_names(core: &SchemaFragment, added: &SchemaFragment) -> Vec<String> {
    let names = |fragment: &SchemaFragment| -> Vec<String> {
        let json = fragment.clone().to_json_value().unwrap_or_default();
        let kinds = ["entityTypes", "actions", "commonTypes"];
        let declared = kinds.iter().filter_map(|kind| json[""][kind].as_object());
        declared.flat_map(|names| names.keys().cloned()).collect()
    };
    let taken = names(core);
    let mut shared = names(added);
    shared.retain(|name| taken.contains(name));
    shared
}
