//! Policy sets of a size: shared rules, and folders of tenants. Sound ones, and such with one hole that is as hard to find as can be:
//! the shipped separation is gone, and among thousands of permits that separate on their own one does not.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// Files of a folder: path and text.
pub(crate) type Files = Vec<(String, String)>;

/// What a set is like.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) policies: usize,
    pub(crate) tenants: usize,
    pub(crate) broken: bool,
}

/// The shipped files, `plan.policies` policies in all, in folders of `plan.tenants` tenants.
pub(crate) fn build(plan: Plan) -> anyhow::Result<Files> {
    let mut files = shipped()?;
    let own = plan.policies.saturating_sub(4);
    let mut teams = Vec::new();
    for tenant in 0..plan.tenants {
        let numbers = (own * tenant / plan.tenants)..(own * (tenant + 1) / plan.tenants);
        let mut text = String::new();
        for number in numbers {
            rule(&mut text, tenant, number)?;
            let uid =
                serde_json::json!({ "type": "Team", "id": format!("t{tenant}/team-{number}") });
            teams.push(serde_json::json!({ "uid": uid, "parents": [] }));
        }
        files.push((format!("tenants/t{tenant}/rules.cedar"), text));
    }
    files.push((
        "entities.json".to_owned(),
        serde_json::Value::from(teams).to_string(),
    ));
    if plan.broken {
        files.retain(|(path, _)| path != "00-tenant-separation.cedar");
        let last = format!("tenants/t{}/rules.cedar", plan.tenants - 1);
        let file = files.iter_mut().find(|(path, _)| *path == last);
        let (_, text) = file.context("a folder of the last tenant")?;
        // A name that sorts behind all others, so that it is looked at last.
        let team = plan.tenants - 1;
        writeln!(
            text,
            "@id(\"zz-hole\")\npermit (principal, action == Action::\"deleteIssue\", resource)\n\
             when {{ principal.tenant == Tenant::\"t{team}\" && context.actAs == principal }};"
        )?;
    }
    Ok(files)
}

/// Every second one permits deleting in a project to a team, on its own in order: half of these say so in words that no solver is
/// needed for. Every other one closes a project to others.
fn rule(text: &mut String, tenant: usize, number: usize) -> std::fmt::Result {
    let (team, project) = (
        format!("Team::\"t{tenant}/team-{number}\""),
        format!("Project::\"t{tenant}/P{number}\""),
    );
    let own = if number.is_multiple_of(4) {
        "principal.tenant == resource.tenant && context.actAs == principal"
    } else {
        "if context.auth == \"nothing\" then false else principal.tenant == resource.tenant && context.actAs == principal"
    };
    if number.is_multiple_of(2) {
        writeln!(
            text,
            "@id(\"p{number}\")\npermit (principal in {team}, action == Action::\"deleteIssue\", resource in {project})\n\
             when {{ {own} }};"
        )
    } else {
        writeln!(
            text,
            "@id(\"p{number}\")\n@reason(\"This project is for its team.\")\n\
             forbid (principal, action in Action::\"write\", resource in {project})\n\
             when {{ principal.tenant == Tenant::\"t{tenant}\" }}\nunless {{ principal in {team} }};"
        )
    }
}

fn shipped() -> anyhow::Result<Files> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut files = Files::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
            .to_owned();
        if path.extension().is_some_and(|kind| kind == "cedar") {
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    Ok(files)
}

/// Writes a set where a server reads it.
pub(crate) fn write(folder: &Path, files: &Files) -> anyhow::Result<()> {
    for (path, text) in files {
        let place = folder.join(path);
        fs::create_dir_all(place.parent().context("a folder")?)?;
        fs::write(place, text)?;
    }
    Ok(())
}
