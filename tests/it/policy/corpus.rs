//! Sets with subtle holes and sets that are sound: `tests/cases/holes` and `tests/cases/sound`, one file a set, readable without Rust.
//! A case begins with what somebody meant to write, then comes what must become of it, then the files:
//! ```text
//! # Meant: of the own tenant. The parentheses are missing.
//! expect: refused by isolation
//! --- base
//! --- without 10-act-as.cedar
//! --- 30-readers.cedar
//! @id("readers") permit (principal, action, resource);
//! ```
//! `--- base` brings the shipped files along, all but those that are left out or replaced by a section of the same name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use gatepost::policy::{Draft, PolicyError, Validated, Vocabulary};

/// What a case begins with if it is about folders of a tenant.
const TENANT_FOLDER: &str = "tenant-folder-";

/// One policy set and what must become of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// The name of its file, which tells the hole in words.
    pub(crate) name: String,
    pub(crate) expectation: Expectation,
    /// Path and text, sorted by path.
    pub(crate) files: Vec<(String, String)>,
}

/// What must become of a set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    Proven,
    /// It is in order, and exactly these guarantees do not hold. The error of a `forbid` can break two of them at once.
    RefusedBy(Vec<Guarantee>),
    /// It is refused before anything is proven, with these words.
    RefusedBecause(String),
}

/// What is guaranteed of every set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guarantee {
    Isolation,
    ActAs,
    NeverErrs,
}

impl Guarantee {
    /// As cases write it.
    fn named(name: &str) -> Option<Self> {
        match name {
            "isolation" => Some(Self::Isolation),
            "act-as" => Some(Self::ActAs),
            "never-errs" => Some(Self::NeverErrs),
            _ => None,
        }
    }
}

impl Case {
    /// Reads a case. What is not understood panics with the case's name: a case that is read wrongly would prove nothing.
    pub(crate) fn parse(name: &str, text: &str) -> Self {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let mut sections = text.split("\n--- ");
        let head = sections.next().unwrap_or_default();
        let mut files = Files::default();
        for section in sections {
            files
                .section(section)
                .unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        }
        Self {
            name: name.to_owned(),
            expectation: expectation(head).unwrap_or_else(|wrong| panic!("{name}: {wrong}")),
            files: files
                .with_base()
                .unwrap_or_else(|wrong| panic!("{name}: {wrong}")),
        }
    }

    /// Whether it is about a folder of a tenant.
    pub(crate) fn is_of_tenant_folder(&self) -> bool {
        self.name.starts_with(TENANT_FOLDER)
    }

    /// The set as it would be read from a folder.
    pub(crate) fn checked(&self, vocabulary: &Vocabulary) -> Result<Validated, PolicyError> {
        let draft = Draft::from_files(self.files.iter().cloned())?;
        Validated::check(&draft, vocabulary)
    }
}

/// Every case of `tests/cases/{folder}`, sorted by name.
pub(crate) fn cases(folder: &str) -> Vec<Case> {
    let folder = Path::new("tests/cases").join(folder);
    texts(&folder, "case")
        .iter()
        .map(|(name, text)| Case::parse(name.trim_end_matches(".case"), text))
        .collect()
}

/// The lines before the first section.
fn expectation(head: &str) -> Result<Expectation, String> {
    let lines: Vec<_> = head.lines().collect();
    let Some((last, comment)) = lines.split_last() else {
        return Err("the case is empty".to_owned());
    };
    if comment.is_empty() || !comment.iter().all(|line| line.starts_with("# ")) {
        return Err(
            "a case begins with lines of `# …` that tell what somebody meant to write".to_owned(),
        );
    }
    let expected = last
        .strip_prefix("expect: ")
        .ok_or_else(|| format!("`{last}` stands where `expect: …` belongs"))?;
    if expected == "proven" {
        return Ok(Expectation::Proven);
    }
    if let Some(names) = expected.strip_prefix("refused by ") {
        let guarantee = |name| Guarantee::named(name).ok_or(format!("no guarantee `{name}`"));
        return names
            .split(" and ")
            .map(guarantee)
            .collect::<Result<_, _>>()
            .map(Expectation::RefusedBy);
    }
    // Everything between the first and the last mark: the words of a fault may quote.
    let words = expected
        .strip_prefix("refused because \"")
        .and_then(|rest| rest.strip_suffix('"'));
    match words {
        Some(words) if !words.is_empty() => Ok(Expectation::RefusedBecause(words.to_owned())),
        _ => Err(format!("`{expected}` is nothing to expect")),
    }
}

/// The sections of a case.
#[derive(Default)]
struct Files {
    own: BTreeMap<String, String>,
    has_base: bool,
    without: BTreeSet<String>,
}

impl Files {
    fn section(&mut self, section: &str) -> Result<(), String> {
        let (title, text) = section.split_once('\n').unwrap_or((section, ""));
        let is_new = if title == "base" {
            !std::mem::replace(&mut self.has_base, true)
        } else if let Some(name) = title.strip_prefix("without ") {
            self.without.insert(name.to_owned())
        } else {
            let text = if text.is_empty() {
                String::new()
            } else {
                format!("{text}\n")
            };
            return match self.own.insert(title.to_owned(), text) {
                None => Ok(()),
                Some(_) => Err(format!("`{title}` stands there twice")),
            };
        };
        match (is_new, text) {
            (true, "") => Ok(()),
            (false, _) => Err(format!("`{title}` stands there twice")),
            (true, _) => Err(format!("`{title}` takes no text")),
        }
    }

    /// The files of the set, and the shipped ones below them.
    fn with_base(self) -> Result<Vec<(String, String)>, String> {
        let mut files = BTreeMap::new();
        if self.has_base {
            files.extend(texts(Path::new("policies"), "cedar"));
            files.extend(texts(Path::new("policies"), "json"));
        }
        for name in &self.without {
            if files.remove(name).is_none() || self.own.contains_key(name) {
                return Err(format!(
                    "`without {name}`, which is not there to be left out"
                ));
            }
        }
        files.extend(self.own);
        if files.is_empty() {
            return Err("a set without files".to_owned());
        }
        Ok(files.into_iter().collect())
    }
}

/// The files of a folder with this extension, without its subfolders: name and text.
fn texts(folder: &Path, extension: &str) -> BTreeMap<String, String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let places = entries.map(|entry| entry.expect("an entry").path());
    let fitting = places.filter(|place| place.extension().is_some_and(|found| found == extension));
    fitting
        .map(|place| {
            let name = place.file_name().and_then(|name| name.to_str());
            let text = fs::read_to_string(&place)
                .unwrap_or_else(|error| panic!("{}: {error}", place.display()));
            (name.expect("a name in UTF-8").to_owned(), text)
        })
        .collect()
}

#[test]
fn a_case_is_read_with_its_files_and_expectation() {
    let case = Case::parse(
        "b",
        "# What was meant.\n# And what is wrong.\nexpect: refused by isolation and never-errs\n--- b.cedar\nfirst\n\nlast\n--- a.cedar\n--- sub/c.cedar\nc\n",
    );
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    assert_eq!(
        case,
        Case {
            name: "b".to_owned(),
            expectation: Expectation::RefusedBy(vec![Guarantee::Isolation, Guarantee::NeverErrs]),
            files: vec![
                file("a.cedar", ""),
                file("b.cedar", "first\n\nlast\n"),
                file("sub/c.cedar", "c\n"),
            ],
        }
    );
}

#[test]
fn each_expectation_is_read() {
    let of =
        |words: &str| Case::parse("a", &format!("# x\nexpect: {words}\n--- a.cedar\n")).expectation;
    assert_eq!(of("proven"), Expectation::Proven);
    assert_eq!(
        of("refused by act-as"),
        Expectation::RefusedBy(vec![Guarantee::ActAs])
    );
    assert_eq!(
        of(r#"refused because "`Team::"acme/x"` lies""#),
        Expectation::RefusedBecause(r#"`Team::"acme/x"` lies"#.to_owned())
    );
}

#[test]
fn the_shipped_files_are_below_those_of_the_case() {
    let case = Case::parse(
        "a",
        "# x\nexpect: proven\n--- base\n--- without 10-act-as.cedar\n--- 00-tenant-separation.cedar\nreplaced\n--- 30-more.cedar\n",
    );
    let names: Vec<_> = case.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "00-tenant-separation.cedar",
            "20-members.cedar",
            "30-more.cedar",
            "30-site-admins.cedar",
            "90-examples.cedar",
            "entities.json"
        ]
    );
    assert_eq!(case.files[0].1, "replaced\n");
    assert!(case.files[1].1.contains("members-read-issues"));
}

#[test]
fn a_malformed_case_is_named_with_what_is_wrong() {
    let wrong = |text: &str| {
        let text = text.to_owned();
        let panic =
            std::panic::catch_unwind(move || Case::parse("odd", &text)).expect_err("refused");
        panic.downcast_ref::<String>().expect("a sentence").clone()
    };
    let begin = "a case begins with lines of `# …` that tell what somebody meant to write";
    for (text, message) in [
        ("", "the case is empty"),
        ("expect: proven\n--- a.cedar\n", begin),
        ("words\nexpect: proven\n--- a.cedar\n", begin),
        ("# x\n--- a.cedar\n", begin),
        (
            "# x\nproven\n--- a.cedar\n",
            "`proven` stands where `expect: …` belongs",
        ),
        (
            "# x\nexpect: refused\n--- a.cedar\n",
            "`refused` is nothing to expect",
        ),
        (
            "# x\nexpect: refused because \"\"\n--- a.cedar\n",
            "`refused because \"\"` is nothing to expect",
        ),
        (
            "# x\nexpect: refused by luck\n--- a.cedar\n",
            "no guarantee `luck`",
        ),
        ("# x\nexpect: proven\n", "a set without files"),
        (
            "# x\nexpect: proven\n--- a.cedar\n--- a.cedar\n",
            "`a.cedar` stands there twice",
        ),
        (
            "# x\nexpect: proven\n--- base\n--- base\n",
            "`base` stands there twice",
        ),
        (
            "# x\nexpect: proven\n--- base\nwords\n",
            "`base` takes no text",
        ),
        (
            "# x\nexpect: proven\n--- base\n--- without x.cedar\n",
            "`without x.cedar`, which is not there to be left out",
        ),
    ] {
        assert_eq!(wrong(text), format!("odd: {message}"), "{text}");
    }
}

#[test]
fn every_hole_that_needs_no_proof_is_refused_with_its_words_and_every_other_is_in_order() {
    let core = Vocabulary::core();
    for case in cases("holes")
        .iter()
        .filter(|case| !case.is_of_tenant_folder())
    {
        let checked = case.checked(&core);
        match &case.expectation {
            Expectation::RefusedBecause(words) => {
                let error = checked
                    .err()
                    .unwrap_or_else(|| panic!("{} is in order", case.name));
                assert!(error.to_string().contains(words), "{}: {error}", case.name);
            }
            Expectation::RefusedBy(_) => {
                checked.unwrap_or_else(|error| panic!("{}: {error}", case.name));
            }
            Expectation::Proven => panic!("{} is no hole", case.name),
        }
    }
}

#[test]
fn every_sound_set_is_in_order() {
    let core = Vocabulary::core();
    for case in cases("sound") {
        assert_eq!(case.expectation, Expectation::Proven, "{}", case.name);
        if !case.is_of_tenant_folder() {
            case.checked(&core)
                .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        }
    }
}

#[test]
fn there_are_many_cases_of_both_kinds_and_no_two_are_equal() {
    let folders = [cases("holes"), cases("sound")];
    for cases in &folders {
        let beside_folders = cases.iter().filter(|case| !case.is_of_tenant_folder());
        assert!(beside_folders.count() >= 60);
        let of_folders = cases.iter().filter(|case| case.is_of_tenant_folder());
        assert!(of_folders.count() >= 6);
    }
    let mut seen = BTreeMap::new();
    for case in folders.iter().flatten() {
        if let Some(other) = seen.insert(&case.files, &case.name) {
            panic!("`{}` and `{other}` are equal", case.name);
        }
    }
}
