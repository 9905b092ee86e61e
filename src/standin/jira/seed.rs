//! What a fresh site holds. Every site has the same ids and the same keys in `SECRET`, since ids and keys are unique per site
//! only: an answer from the wrong site must show by its text, which names the site. Data only.

use serde_json::{Map, Value, json};

use super::super::people::{self, account};
use super::world::{Issue, Link, Remark, World};

/// The content of a site named `site`: its own project, and `SECRET`, which some may not browse. One of its people administers it.
pub(in super::super) fn world(site: &str) -> World {
    let mut world = World::default();
    let team: Vec<String> = people::of_site(site)
        .iter()
        .map(|name| account(name))
        .collect();
    for user in &team {
        world.set_active(user, true);
    }
    for issue in issues(site, &team) {
        world.add(issue);
    }
    let administrator = if site == "globex" { "eve" } else { "carol" };
    world.administrators.insert(account(administrator));
    let secret: Vec<_> = people::of_secret(site)
        .iter()
        .map(|name| account(name))
        .collect();
    for outsider in team.iter().filter(|user| !secret.contains(user)) {
        world.set_browse(outsider, "SECRET", false);
    }
    world
}

/// The key of a site's own project: `acme` has `ACME`.
pub(in super::super) fn project_key(site: &str) -> String {
    let letters = site.chars().filter(char::is_ascii_alphanumeric);
    let key: String = letters.collect::<String>().to_ascii_uppercase();
    let key = key.trim_start_matches(|first: char| first.is_ascii_digit());
    if key.len() < 2 {
        return "WORK".to_owned();
    }
    key.chars().take(10).collect()
}

/// Whose site is filled.
struct Seed<'a> {
    site: &'a str,
    lead: &'a str,
    mate: &'a str,
}

fn issues(site: &str, team: &[String]) -> Vec<Issue> {
    let seed = Seed {
        site,
        lead: &team[0],
        mate: &team[1],
    };
    let own = project_key(site);
    let mut issues = vec![seed.crowded(format!("{own}-1"))];
    let bare = |number: u64, kind, texts| {
        let key = format!("{own}-{number}");
        seed.bare(10_000 + number, key, kind, texts)
    };
    issues.push(bare(
        2,
        "Bug",
        ["Totals are rounded twice", "0.005 becomes 0.02."],
    ));
    issues.push(bare(3, "Epic", ["A faster shop", "From cart to receipt."]));
    issues.push(Issue {
        parent: Some(10_001),
        ..bare(
            4,
            "Sub-task",
            ["Measure the old pages", "A week is enough."],
        )
    });
    issues.extend(seed.secrets());
    issues
}

impl Seed<'_> {
    fn bare(&self, id: u64, key: String, kind: &str, [summary, description]: [&str; 2]) -> Issue {
        Issue {
            id,
            key,
            kind: kind.to_owned(),
            summary: format!("{summary} ({})", self.site),
            description: description.to_owned(),
            status: "In Progress".to_owned(),
            reporter: self.lead.to_owned(),
            ..Issue::default()
        }
    }

    /// An issue that has everything, above all other issues: a parent, a sub-task, links, and what apps wrote of them.
    fn crowded(&self, key: String) -> Issue {
        let description = "Customers leave at the second page.\n\n* one form\n* one button\n\nSee the figures of October.";
        Issue {
            assignee: Some(self.mate.to_owned()),
            parent: Some(10_003),
            links: vec![
                link("blocks", "is blocked by", 10_107),
                link("relates to", "relates to", 10_002),
            ],
            comments: vec![
                remark(
                    self.mate,
                    "The second page asks for the *address* twice.",
                    0,
                ),
                remark(self.lead, "Seen. I take the first half of it.", 0),
            ],
            worklogs: vec![remark(self.mate, "Wrote the test that fails.", 5_400)],
            attachments: vec!["checkout.png".to_owned()],
            custom_fields: custom_fields(self.site),
            properties: properties(),
            ..self.bare(10_001, key, "Story", ["Checkout in one page", description])
        }
    }

    fn secrets(&self) -> [Issue; 2] {
        let texts = ["Project Nightjar", "We buy a competitor in spring."];
        let nightjar = Issue {
            status: "To Do".to_owned(),
            comments: vec![remark(self.lead, "Nobody outside may know of this.", 0)],
            ..self.bare(10_107, "SECRET-7".to_owned(), "Epic", texts)
        };
        let texts = ["Letter to the board", "Draft two."];
        [
            nightjar,
            self.bare(10_108, "SECRET-8".to_owned(), "Story", texts),
        ]
    }
}

fn link(outward: &'static str, inward: &'static str, to: u64) -> Link {
    Link {
        outward,
        inward,
        to,
    }
}

fn remark(author: &str, text: &str, spent_s: u32) -> Remark {
    let (author, text) = (author.to_owned(), text.to_owned());
    Remark {
        author,
        text,
        spent_s,
    }
}

/// Two fields that tell of `SECRET-7` to whoever reads `…-1`: the old epic link names its key, and an app copied the issue into a
/// field of its own. Jira checks permissions for neither.
fn custom_fields(site: &str) -> Map<String, Value> {
    let fields = json!({
        "customfield_10014": "SECRET-7",
        "customfield_10016": 3.0,
        "customfield_10019": "0|i0006n:",
        "customfield_10100": {
            "issue": {"id": "10107", "key": "SECRET-7", "fields": {"summary": format!("Project Nightjar ({site})")}},
        },
    });
    fields.as_object().cloned().unwrap_or_default()
}

fn properties() -> Map<String, Value> {
    let properties = json!({
        "com.example.planner": {"sprint": 12, "dependsOn": ["SECRET-7"]},
        "com.example.signing": {"token": "kept by another app"},
    });
    properties.as_object().cloned().unwrap_or_default()
}
