//! Proof types: values that say that something was checked. Nobody may copy one, make one from nothing, or read one from a file.

use super::code::{Code, without_tests};
use super::{File, sources};

/// Each proof type with the module in which it is born.
const PROOFS: [(&str, &str); 15] = [
    ("tenant", "Named"),
    ("identity", "Principal"),
    ("identity", "Good"),
    ("identity", "Spendable"),
    ("identity", "Leave"),
    ("tenant", "Resource"),
    ("decision", "Ruling"),
    ("decision", "Look"),
    ("decision", "LookPermit"),
    ("ledger", "Receipt"),
    ("decision", "Permit"),
    ("policy", "Admitted"),
    ("upstream", "Answer"),
    ("screen", "Reply"),
    ("gateway", "Supervisor"),
];

/// What would let a proof appear without its check.
const FORGERIES: [&str; 4] = ["Clone", "Copy", "Default", "Deserialize"];

/// The proof type that `file` defines, if any. The log has a `Resource` of its own, which proves nothing.
fn proof_of(file: &File) -> Option<&'static str> {
    let code = Code::of(&file.text);
    let defines = |name: &str| defined(&code.0).contains(&name);
    let found = PROOFS
        .iter()
        .find(|(module, name)| *module == file.module() && defines(name));
    found.map(|(_, name)| *name)
}

fn defined(code: &str) -> Vec<&str> {
    let words: Vec<_> = code
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let pairs = words
        .windows(2)
        .filter(|pair| ["struct", "enum", "trait", "union"].contains(&pair[0]));
    pairs.map(|pair| pair[1]).collect()
}

fn faults(file: &File) -> Vec<String> {
    let Some(name) = proof_of(file) else {
        return Vec::new();
    };
    let code = Code::of(without_tests(&file.text)).0;
    let mut found = Vec::new();
    for other in defined(&code).into_iter().filter(|other| *other != name) {
        found.push(format!(
            "`{name}` shares its file with `{other}`, which can see its private fields"
        ));
    }
    if code.contains("\nmod ") || code.contains("\npub mod ") {
        found.push(format!(
            "`{name}` has a child module, which can see its private fields"
        ));
    }
    let attributes = attributes_of(&code, name);
    for forgery in FORGERIES {
        if attributes.contains(forgery)
            || code.contains(&format!("{forgery} for {name}"))
            || code.contains(&format!("{forgery}<'de> for {name}"))
        {
            found.push(format!("`{name}` is `{forgery}`"));
        }
    }
    if !attributes.contains("must_use") {
        found.push(format!(
            "`{name}` may be dropped unread: it is not `#[must_use]`"
        ));
    }
    let body = code
        .split(&format!("struct {name}"))
        .nth(1)
        .unwrap_or_default();
    let fields = body.split('}').next().unwrap_or_default();
    if fields
        .split(';')
        .next()
        .unwrap_or_default()
        .contains("pub ")
    {
        found.push(format!("`{name}` has a field that anybody may set"));
    }
    found
}

/// What stands between the item before and the definition of `name`.
fn attributes_of<'a>(code: &'a str, name: &str) -> &'a str {
    let end = ["struct", "enum"]
        .iter()
        .find_map(|word| code.find(&format!("{word} {name}")))
        .unwrap_or(0);
    let start = code[..end].rfind([';', '}']).map_or(0, |at| at + 1);
    &code[start..end]
}

#[test]
fn no_proof_can_be_copied_forged_or_read_from_a_file() {
    let all = sources();
    let found = all.iter().flat_map(|file| {
        faults(file)
            .into_iter()
            .map(|told| format!("src/{}: {told}", file.path))
    });
    assert_eq!(found.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_forgeable_proof_is_seen() {
    let faulty = |text: &str| {
        faults(&File {
            path: "decision/permit.rs".to_owned(),
            text: text.to_owned(),
        })
        .len()
    };
    let sound = "//! A\nuse a::B;\n/// The permit.\n#[derive(Debug)]\n#[must_use]\npub struct Permit {\n    ruling: Ruling,\n}\n";
    assert_eq!(faulty(sound), 0);
    for forgery in FORGERIES {
        assert_eq!(
            faulty(&sound.replace("Debug", &format!("Debug, {forgery}"))),
            1,
            "{forgery}"
        );
        assert_eq!(
            faulty(&format!("{sound}impl {forgery} for Permit {{}}\n")),
            1,
            "{forgery}"
        );
    }
    assert_eq!(faulty(&sound.replace("#[must_use]\n", "")), 1);
    assert_eq!(faulty(&sound.replace("ruling:", "pub ruling:")), 1);
    assert_eq!(faulty(&format!("{sound}pub struct Other;\n")), 1);
    assert_eq!(faulty(&format!("{sound}mod child;\n")), 1);
    assert_eq!(
        faulty(&format!(
            "{sound}#[cfg(test)]\nmod tests {{ struct Fake; }}\n"
        )),
        0
    );
    assert_eq!(faulty(&sound.replace("Permit", "Other")), 0);
}
