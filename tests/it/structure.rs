//! The shape of the house: who may use whom, which library lives where, and what a proof type may not be.
//! Each rule is a function from source text to complaints, so that a small violating text shows that it can fail.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like tests: the lint knows only functions marked `#[test]`"
)]

mod assets;
mod code;
mod documents;
mod proofs;

use std::path::{Path, PathBuf};

use code::Code;

/// The modules from the first door to the last. A module may use only modules before it.
pub(crate) const ORDER: [&str; 18] = [
    "clock", "secret", "db", "outbound", "ledger", "tenant", "identity", "policy", "decision",
    "upstream", "screen", "gateway", "control", "http", "config", "node", "standin", "cli",
];

/// Each library and the files that may name it.
const HOMES: [(&str, &[&str]); 4] = [
    ("sqlx", &["db.rs", "db/", "/store.rs", "/store/"]),
    ("cedar_policy", &["policy/", "decision/"]),
    ("axum", &["http/", "standin/"]),
    ("reqwest", &["outbound.rs", "outbound/"]),
];

/// Each method that opens what others must not, as it is written, and the files that may name it. Visibility alone cannot say it:
/// `pub(crate)` is the whole crate. A name without a dot is found in every spelling, also as a value that is passed on.
const CALLERS: [(&str, &[&str]); 8] = [
    // Whom Jira calls an administrator.
    (
        "into_administrator",
        &["screen/reply.rs", "gateway/supervisor.rs"],
    ),
    // Jira's answer, before each issue in it was decided.
    ("open_for_screening", &["upstream/answer.rs", "screen/"]),
    // A tenant's key; the stand-in has secrets of its own, which it made.
    (
        "shared_secret(",
        &[
            "tenant/",
            "identity/verify.rs",
            "upstream/keys.rs",
            "standin/site.rs",
        ],
    ),
    // With what Jira is asked for a principal: a user's own credential among it.
    ("means()", &["identity/principal.rs", "upstream/"]),
    // The word that a set may go live unproven.
    ("Waiver::development", &["policy/"]),
    // Another thing in place of the one that was asked for.
    ("aim", &["tenant/resource.rs", "decision/query.rs"]),
    // What Jira said of somebody's groups.
    ("knowing", &["decision/", "upstream/look.rs"]),
    // A permit's query, for what its answer turned out to be.
    ("reopen", &["decision/permit.rs", "screen/"]),
];

const LINES_MAX: usize = 400;

/// A file below `src`.
pub(crate) struct File {
    /// Relative to `src`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The door it belongs to: the first part of its path.
    pub(crate) fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many `super` lead from its module to the root of the crate.
    fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") {
            parts - 1
        } else {
            parts
        }
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }
}

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `src`, in the order of their paths.
pub(crate) fn sources() -> Vec<File> {
    let src = root().join("src");
    let mut found = Vec::new();
    walk(&src, &mut |path| {
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(&src).unwrap().to_str().unwrap();
            found.push(File::new(name, &std::fs::read_to_string(path).unwrap()));
        }
    });
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(found.len() > 20, "the scanner finds the sources");
    found
}

/// Calls `visit` for every file below `folder`.
pub(crate) fn walk(folder: &Path, visit: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, visit);
        } else {
            visit(&path);
        }
    }
}

/// Complaints of `rule` about every source file.
fn complaints(rule: impl Fn(&File) -> Vec<String>) -> Vec<String> {
    sources()
        .iter()
        .flat_map(|file| {
            rule(file)
                .into_iter()
                .map(|told| format!("src/{}: {told}", file.path))
        })
        .collect()
}

fn forbidden_uses(file: &File) -> Vec<String> {
    let module = file.module();
    if ["lib", "main"].contains(&module) {
        return Vec::new();
    }
    let place = |name: &str| ORDER.iter().position(|known| *known == name);
    let Some(own) = place(module) else {
        return vec![format!("module `{module}` has no place in the order")];
    };
    let allowed = |used: usize| match module {
        // It pretends to be another company's server: it shares the clock with us, and no code.
        "standin" => ORDER[used] == "clock" || ORDER[used] == "secret",
        _ => used < own,
    };
    let used = Code::of(&file.text).modules_used(file.depth());
    let outside = used.into_iter().filter(|name| name != module);
    let wrong = outside.filter(|name| place(name).is_some_and(|used| !allowed(used)));
    wrong
        .map(|name| format!("`{module}` uses `{name}`, which comes after it"))
        .collect()
}

/// Whether `file` is in one of `homes`: a file, a folder, or a name that any folder may have.
fn is_at_home(file: &File, homes: &[&str]) -> bool {
    homes.iter().any(|home| match home.strip_prefix('/') {
        Some(_) => format!("/{}", file.path).contains(home),
        None => file.path.starts_with(home),
    })
}

fn strange_callers(file: &File) -> Vec<String> {
    let code = Code::of(&file.text);
    let strange = CALLERS
        .iter()
        .filter(|(method, homes)| code.says(method) && !is_at_home(file, homes));
    strange
        .map(|(method, homes)| format!("`{method}` may be named in {}", homes.join(", ")))
        .collect()
}

fn strange_libraries(file: &File) -> Vec<String> {
    let code = Code::of(&file.text);
    let strange = HOMES
        .iter()
        .filter(|(library, homes)| code.names(library) && !is_at_home(file, homes));
    let mut found: Vec<_> = strange
        .map(|(library, homes)| format!("`{library}` belongs in {}", homes.join(", ")))
        .collect();
    if code.reads_environment() && file.path != "config/environment.rs" {
        found.push("the environment is read in config/environment.rs".to_owned());
    }
    found
}

fn shape(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    if !file.text.starts_with("//!") {
        found.push("does not begin with `//!`".to_owned());
    }
    let lines = code::without_tests(&file.text).lines().count();
    if lines > LINES_MAX && !file.is_test() {
        found.push(format!("{lines} lines, more than {LINES_MAX}"));
    }
    let name = file.path.rsplit('/').next().unwrap();
    if [
        "utils.rs",
        "util.rs",
        "helpers.rs",
        "common.rs",
        "manager.rs",
    ]
    .contains(&name)
    {
        found.push("a name that says nothing".to_owned());
    }
    if Code::of(&file.text).0.contains("fn get_") {
        found.push("a getter is named by what it gives, without `get_`".to_owned());
    }
    found
}

#[test]
fn a_module_uses_only_modules_before_it() {
    assert_eq!(complaints(forbidden_uses), [""; 0]);
}

#[test]
fn every_library_stays_in_its_place() {
    assert_eq!(complaints(strange_libraries), [""; 0]);
}

#[test]
fn what_opens_a_door_is_named_by_its_own_callers_only() {
    assert_eq!(complaints(strange_callers), [""; 0]);
    // A method that was renamed would be guarded no more.
    let all = sources();
    for (method, _) in CALLERS {
        let known = all.iter().any(|file| Code::of(&file.text).says(method));
        assert!(known, "`{method}` is named nowhere");
    }
}

#[test]
fn every_file_teaches_and_stays_short() {
    assert_eq!(complaints(shape), [""; 0]);
}

#[test]
fn the_order_names_exactly_the_modules_of_the_crate() {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let mut declared: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let mut known = ORDER.to_vec();
    declared.sort_unstable();
    known.sort_unstable();
    assert_eq!(declared, known);
}

#[test]
fn the_order_is_seen_to_be_broken_in_every_spelling() {
    let broken = |path: &str, text: &str| !forbidden_uses(&File::new(path, text)).is_empty();
    assert!(broken("ledger/read.rs", "use crate::tenant::TenantId;"));
    assert!(broken(
        "ledger/read.rs",
        "use crate::{clock::Clock, tenant};"
    ));
    assert!(broken(
        "ledger/read.rs",
        "use crate::{\n    db::{Lane, Pool},\n    http,\n};"
    ));
    assert!(broken(
        "ledger/read.rs",
        "fn f() { crate :: http::router() }"
    ));
    assert!(broken("ledger/read.rs", "use super::super::tenant;"));
    assert!(broken("ledger/mod.rs", "use super::tenant;"));
    assert!(broken("db.rs", "use super::{clock, ledger};"));
    assert!(broken("ledger/read.rs", "use gatepost::tenant::X;"));
    assert!(broken("standin/mod.rs", "use crate::tenant::SiteUrl;"));
    assert!(broken("unheard.rs", ""));
    assert!(!broken("ledger/read.rs", "use crate::{clock::Clock, db};"));
    assert!(!broken("ledger/read.rs", "use super::tenant;"));
    assert!(!broken(
        "ledger/read.rs",
        "// see crate::http\nlet a = \"crate::http\"; /* crate::http */"
    ));
    assert!(!broken("standin/mod.rs", "use crate::clock::Clock;"));
    assert!(!broken("cli/serve.rs", "use crate::{config, standin};"));
}

#[test]
fn a_strange_library_is_seen() {
    let strange = |path: &str, text: &str| !strange_libraries(&File::new(path, text)).is_empty();
    assert!(strange("http/mod.rs", "use reqwest::Client;"));
    assert!(strange("tenant/registry.rs", "sqlx::query(text)"));
    assert!(strange("gateway.rs", "use cedar_policy as cedar;"));
    assert!(strange("control/mod.rs", "axum::Router::new()"));
    assert!(strange("cli/mod.rs", "std::env::vars_os()"));
    assert!(!strange("tenant/store.rs", "sqlx::query(text)"));
    assert!(!strange("outbound.rs", "use reqwest::Client;"));
    assert!(!strange(
        "http/mod.rs",
        "/// not reqwest\nlet reqwests = 1;"
    ));
}

#[test]
fn a_strange_caller_is_seen() {
    let strange = |path: &str, text: &str| strange_callers(&File::new(path, text)).len();
    for (path, text) in [
        (
            "http/jira.rs",
            "let (permit, ..) = answer.open_for_screening();",
        ),
        ("gateway.rs", "answer.map(Answer::open_for_screening)"),
        ("http/admin.rs", "tenant\n    .shared_secret ()"),
        ("identity/forge.rs", "let key = tenant.shared_secret()?;"),
        ("cli/serve.rs", "Waiver :: development(true)"),
        ("node/mod.rs", "policy::Waiver::development(true)"),
        ("gateway.rs", "resource.aim(Thing::Site)"),
        ("gateway.rs", "iter.map(Resource::aim)"),
        ("gateway.rs", "permit.reopen(key, now, id)"),
        ("gateway/check.rs", "query.knowing(account, groups)"),
    ] {
        assert_eq!(strange(path, text), 1, "{path}: {text}");
    }
    for (path, text) in [
        ("screen/mod.rs", "answer.open_for_screening();"),
        ("tenant/store.rs", "tenant.shared_secret()"),
        ("identity/install.rs", "payload.shared_secret.filter(full)"),
        ("policy/proof.rs", "Waiver::development(true)"),
        (
            "gateway.rs",
            "// resource.aim(thing)\nlet aims = \"reopen\";",
        ),
    ] {
        assert_eq!(strange(path, text), 0, "{path}: {text}");
    }
}

#[test]
fn a_file_without_shape_is_seen() {
    let wrong = |path: &str, text: &str| shape(&File::new(path, text)).len();
    assert_eq!(wrong("a.rs", "fn f() {}"), 1);
    assert_eq!(wrong("http/utils.rs", "//! A"), 1);
    assert_eq!(wrong("a.rs", "//! A\nfn get_it() {}"), 1);
    let long = format!("//! A\n{}", "x();\n".repeat(LINES_MAX));
    assert_eq!(wrong("a.rs", &long), 1);
    assert_eq!(wrong("a/tests.rs", &long), 0);
    let tested = format!(
        "//! A\n#[cfg(test)]\nmod tests {{\n{}}}",
        "x();\n".repeat(LINES_MAX)
    );
    assert_eq!(wrong("a.rs", &tested), 0);
}
