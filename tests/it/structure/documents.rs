//! What is written about the house names all of it, and nothing that only one machine knows.

use std::path::Path;

use super::{ORDER, root, walk};

/// Marks of work left undone, and folders of somebody's machine. Written in halves, or this list would find itself.
const UNWANTED: [[&str; 2]; 5] = [
    ["TO", "DO"],
    ["FIX", "ME"],
    ["XX", "X:"],
    ["/ho", "me/"],
    ["/ro", "ot/"],
];

/// Where the texts of the project are.
const FOLDERS: [&str; 7] = [
    "src",
    "tests",
    "benches",
    "docs",
    "policies",
    "schemas",
    "migrations",
];

fn unwanted(text: &str) -> Vec<String> {
    UNWANTED
        .iter()
        .map(|halves| halves.concat())
        .filter(|word| text.contains(word.as_str()))
        .collect()
}

fn unnamed(text: &str) -> Vec<&'static str> {
    ORDER
        .into_iter()
        .filter(|module| !text.contains(&format!("`{module}`")))
        .collect()
}

fn texts(visit: &mut dyn FnMut(&Path, &str)) {
    let mut read = |path: &Path| {
        // Databases and other binary files have no words.
        if let Ok(text) = std::fs::read_to_string(path) {
            visit(path, &text);
        }
    };
    for folder in FOLDERS
        .iter()
        .map(|folder| root().join(folder))
        .filter(|folder| folder.is_dir())
    {
        walk(&folder, &mut read);
    }
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Makefile",
        "Cargo.toml",
        "deny.toml",
        ".ci/run",
    ] {
        read(&root().join(name));
    }
}

#[test]
fn architecture_and_changelog_name_every_module() {
    for name in ["ARCHITECTURE.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root().join(name)).unwrap();
        assert_eq!(unnamed(&text), [""; 0], "{name}");
    }
    assert_eq!(unnamed("`clock` and secret").len(), ORDER.len() - 1);
}

#[test]
fn nothing_is_left_undone_or_tied_to_one_machine() {
    let mut found = Vec::new();
    texts(&mut |path, text| {
        found.extend(
            unwanted(text)
                .into_iter()
                .map(|word| format!("{}: {word}", path.display())),
        );
    });
    assert_eq!(found, [""; 0]);
    assert_eq!(
        unwanted(&format!("// {}: later", UNWANTED[0].concat())).len(),
        1
    );
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut broken = Vec::new();
    texts(&mut |path, text| {
        if path.extension().is_some_and(|extension| extension == "md") {
            let missing = links(text).filter(|link| !path.parent().unwrap().join(link).exists());
            broken.extend(missing.map(|link| format!("{}: {link}", path.display())));
        }
    });
    assert_eq!(broken, [""; 0]);
    assert_eq!(
        links("[a](b.md#c) [d](https://e.example) [f](#g)").collect::<Vec<_>>(),
        ["b.md"]
    );
}

/// The files that the Markdown of `text` links to.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|link| !link.is_empty() && !link.contains("://"))
}

#[test]
fn the_table_of_keys_is_the_one_that_the_program_prints() {
    let environment = [
        ("GATEPOST_POLICY_PROOF", "off"),
        ("GATEPOST_DEVELOPMENT_ENABLED", "true"),
    ];
    let loaded = gatepost::config::Config::load(None, &environment.into_iter().collect()).unwrap();
    let mut section = String::new();
    let mut printed = Vec::new();
    for line in loaded.print().lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if let Some(key) = line
            .trim_start_matches("# ")
            .split_once([' ', ':'])
            .map(|(key, _)| key)
        {
            printed.push(format!("{section}.{key}"));
        }
    }
    printed.retain(|key| key != "development.master");
    let text = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let (sections, providers) = text.split_once("\n## OpenID Connect\n").unwrap();
    assert_eq!(keys(sections), printed);
    let table = toml::Table::try_from(gatepost::identity::oidc::Settings::default()).unwrap();
    let mut known: Vec<_> = table.keys().map(String::as_str).collect();
    let mut told = keys(providers);
    known.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, known);
}

/// The keys in the first columns of the tables of `text`.
fn keys(text: &str) -> Vec<&str> {
    let rows = text.lines();
    let rows = rows.filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.collect()
}

#[test]
fn the_providers_of_the_documents_are_some() {
    let text = std::fs::read_to_string(root().join("docs/openid-connect.md")).unwrap();
    let examples = text.split("```toml\n").skip(1);
    let examples = examples.map(|rest| rest.split("```").next().unwrap());
    let server = "[server]\npublic_url = \"https://gate.example.com\"\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepost.toml");
    std::fs::write(&path, server.to_owned() + &examples.collect::<String>()).unwrap();
    let loaded =
        gatepost::config::Config::load(Some(&path), &gatepost::config::Environment::default());
    assert_eq!(loaded.unwrap().config.oidc.len(), 2);
}

#[test]
fn the_configuration_in_the_readme_is_one() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let example = text
        .split("```toml\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatepost.toml");
    std::fs::write(&path, example).unwrap();
    let loaded =
        gatepost::config::Config::load(Some(&path), &gatepost::config::Environment::default());
    assert!(loaded.unwrap().config.development.enabled);
}

/// Parts of `/v1/` that the table of routes leaves out.
fn missing_routes(readme: &str) -> Vec<&'static str> {
    let rows: Vec<_> = readme
        .lines()
        .filter(|line| line.starts_with('|'))
        .collect();
    let mut parts: Vec<_> = gatepost::http::templates()
        .filter_map(|(_, template)| template.strip_prefix("/v1/")?.split('/').next())
        .chain(["connect/page"])
        .collect();
    parts.dedup();
    let named = |part: &str| {
        let path = [format!("/v1/{part}`"), format!("/{part}`")];
        rows.iter()
            .any(|row| path.iter().any(|path| row.contains(path)))
    };
    parts.retain(|part| !named(part));
    parts
}

#[test]
fn the_readme_names_every_route_of_its_own() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert_eq!(missing_routes(&text), [""; 0]);
    let without = text.replace("GET /v1/site`", "");
    assert_eq!(missing_routes(&without), ["site"]);
}

#[test]
fn every_test_that_the_threats_name_exists() {
    let text = std::fs::read_to_string(root().join("docs/threats.md")).unwrap();
    let mut code = String::new();
    texts(&mut |path, text| {
        if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(text);
        }
    });
    let rows = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("| shown by |"));
    let last = rows.filter_map(|line| line.trim_end_matches(" |").rsplit('|').next());
    let names = last.flat_map(|cell| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| *word != "make check")
    });
    let missing = names.filter(|name| !code.contains(&format!("fn {name}(")));
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0]);
}
