//! Links of templates, in the format of Cedar's command line. Each is written out as a static policy: a prover sees static
//! policies only, and would skip a link without a word.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;

use cedar_policy::{EntityUid, Policy, PolicyId, PolicySet, SlotId};
use serde::Deserialize;

use super::draft::SET_BYTES_MAX;
use super::error::{Fault, Faults, PolicyError, Source};
use super::parsed::{Entry, Pattern, Sheet};
use super::rule::is_id;

/// One entry of `links.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    #[serde(rename = "template_id")]
    template: String,
    #[serde(rename = "link_id")]
    id: String,
    args: BTreeMap<String, String>,
}

/// The policies that the links stand for. Whether their ids are free is for the set to say.
pub(super) fn write_out(source: &Source, templates: &[&Pattern]) -> Result<Sheet, PolicyError> {
    let links: Vec<Link> = serde_json::from_str(source.text())
        .map_err(|error| Fault::of_file(source.name(), error.to_string()))?;
    let by_id = templates.iter().rev();
    let by_id: HashMap<_, _> = by_id
        .map(|pattern| (pattern.rule.policy.id.as_str(), *pattern))
        .collect();
    let mut faults = Faults::default();
    let mut sheet = Sheet::default();
    let lengths: HashMap<_, _> = by_id
        .iter()
        .map(|(id, pattern)| (*id, pattern.template.to_string().len()))
        .collect();
    let mut bytes = 0;
    for link in &links {
        let pattern = by_id.get(link.template.as_str()).copied();
        // A line here may stand for a template of many: it counts as if it were written out in a file.
        bytes += lengths.get(link.template.as_str()).unwrap_or(&0);
        if bytes > SET_BYTES_MAX {
            return Err(fault(
                source,
                link,
                "written out, the links to here are larger than 16 MiB",
            ));
        }
        let written = write_one(link, pattern).map_err(|message| fault(source, link, message));
        sheet.policies.extend(faults.part(written));
    }
    faults.none_or(sheet)
}

fn fault(source: &Source, link: &Link, message: impl std::fmt::Display) -> PolicyError {
    Fault::of_file(source.name(), format!("link `{}`: {message}", link.id)).into()
}

fn write_one(link: &Link, pattern: Option<&Pattern>) -> Result<Entry, String> {
    if !is_id(&link.id) {
        return Err("`link_id` must be 1 to 128 letters, digits or any of `-_.:/`".to_owned());
    }
    let pattern = pattern.ok_or_else(|| format!("there is no template `{}`", link.template))?;
    // Under names of its own: a link may have any id here, also its template's.
    let (from, made) = (PolicyId::new("template"), PolicyId::new("link"));
    let mut set = PolicySet::new();
    set.add_template(pattern.template.new_id(from.clone()))
        .map_err(|error| error.to_string())?;
    set.link(from, made.clone(), values(link)?)
        .map_err(|error| {
            error
                .source()
                .map_or_else(|| error.to_string(), ToString::to_string)
        })?;
    let linked = set.policy(&made).ok_or("it was not made")?;
    let mut json = linked.to_json().map_err(|error| error.to_string())?;
    json["annotations"]["id"] = link.id.clone().into();
    let policy = Policy::from_json(None, json).map_err(|error| error.to_string())?;
    // The rule is the template's, under the link's own id.
    let mut rule = pattern.rule.clone();
    rule.policy.id.clone_from(&link.id);
    Entry::new(rule, pattern.place.clone(), &policy).map_err(|error| error.to_string())
}

fn values(link: &Link) -> Result<HashMap<SlotId, EntityUid>, String> {
    let value = |(slot, text): (&String, &String)| {
        let slot = match slot.as_str() {
            "?principal" => SlotId::principal(),
            "?resource" => SlotId::resource(),
            other => {
                return Err(format!(
                    "`{other}` is not a slot; there are `?principal` and `?resource`"
                ));
            }
        };
        let uid = text
            .parse()
            .map_err(|_| format!("`{text}` is not an entity, as in `Team::\"acme/payments\"`"))?;
        Ok((slot, uid))
    };
    link.args.iter().map(value).collect()
}
