//! Links of templates, in the format of Cedar's command line. Each is written out as a static policy: a prover sees static
//! policies only, and would skip a link without a word.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;

use cedar_policy::{EntityUid, Policy, PolicyId, PolicySet, SlotId};
use serde::Deserialize;

use super::error::{Fault, Faults, PolicyError, Source};
use super::parsed::Parsed;
use super::rule::{Place, Rule, is_id};
use crate::ledger::entry::PolicyRef;

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

/// Adds the policies that the links stand for.
pub(super) fn write_out(source: &Source, parsed: &mut Parsed) -> Result<(), PolicyError> {
    let links: Vec<Link> = serde_json::from_str(source.text())
        .map_err(|error| Fault::of_file(source.name(), error.to_string()))?;
    let mut faults = Faults::default();
    for link in &links {
        let written = write_one(link, parsed).map_err(|message| {
            let message = format!("link `{}`: {message}", link.id);
            PolicyError::from(Fault::of_file(source.name(), message))
        });
        if let Some((rule, place, policy)) = faults.part(written)
            && faults.part(parsed.enter(rule, place)).is_some()
        {
            parsed.policies.push(policy);
        }
    }
    faults.none_or(())
}

fn write_one(link: &Link, parsed: &Parsed) -> Result<(Rule, Place, Policy), String> {
    if !is_id(&link.id) {
        return Err("`link_id` must be 1 to 128 letters, digits or any of `-_.:/`".to_owned());
    }
    if let Some((taken, _)) = parsed.rules.get(&link.id) {
        let PolicyRef { file, line, .. } = &taken.policy;
        return Err(format!("the id is taken by {file}:{line}"));
    }
    let template_id = PolicyId::new(&link.template);
    let mut templates = parsed.templates.iter();
    let template = templates
        .find(|template| *template.id() == template_id)
        .ok_or_else(|| format!("there is no template `{}`", link.template))?;
    let id = PolicyId::new(&link.id);
    let mut set = PolicySet::new();
    set.add_template(template.clone())
        .map_err(|error| error.to_string())?;
    set.link(template_id, id.clone(), values(link)?)
        .map_err(|error| {
            error
                .source()
                .map_or_else(|| error.to_string(), ToString::to_string)
        })?;
    let linked = set.policy(&id).ok_or("it was not made")?;
    let mut json = linked.to_json().map_err(|error| error.to_string())?;
    json["annotations"]["id"] = link.id.clone().into();
    let policy = Policy::from_json(Some(id), json).map_err(|error| error.to_string())?;
    // The rule is the template's, under the link's own id.
    let (rule, place) = parsed
        .rules
        .get(&link.template)
        .ok_or("the template has no rule")?;
    let mut rule = rule.clone();
    rule.policy.id.clone_from(&link.id);
    Ok((rule, place.clone(), policy))
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
