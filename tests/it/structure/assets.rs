//! The shape of what browsers load: as short as the rest of the house, and what it is for on its first line.

use super::{LINES_MAX, root, walk};

const FUNCTION_LINES_MAX: usize = 70;

/// Every script, style and page below `src`, by its path.
fn assets() -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&root().join("src"), &mut |path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|extension| ["js", "css", "html"].contains(&extension)) {
            let text = std::fs::read_to_string(path).unwrap();
            found.push((path.display().to_string(), text));
        }
    });
    assert!(found.len() > 10, "the scanner finds the assets");
    found
}

fn faults(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        found.push(format!("{path}: {lines} lines, more than {LINES_MAX}"));
    }
    let (start, is_script) = match path.rsplit_once('.').unwrap().1 {
        "js" => ("// ", true),
        "css" => ("/* ", false),
        _ => ("<!doctype html>", false),
    };
    if !text.starts_with(start) {
        found.push(format!("{path}: does not begin with `{start}`"));
    }
    if is_script {
        let long = functions(text).filter(|(_, lines)| *lines > FUNCTION_LINES_MAX);
        found.extend(long.map(|(head, lines)| format!("{path}: {lines} lines of `{head}`")));
    }
    found
}

/// The first line of each function of a script with the number of its lines: it goes as far as it is indented.
fn functions(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let lines: Vec<_> = text.lines().collect();
    let heads = 0..lines.len();
    heads.filter_map(move |at| {
        let head = lines[at];
        let inside = |line: &&&str| line.is_empty() || indentation(line) > indentation(head);
        let body = lines[at + 1..].iter().take_while(inside).count();
        is_function(head.trim()).then_some((head.trim(), body + 2))
    })
}

fn is_function(line: &str) -> bool {
    let word = line.split([' ', '(']).next().unwrap_or_default();
    let other = ["//", "/**", "*", "if", "for", "while", "switch", "}"];
    !other.contains(&word)
        && (line.contains("=>") || line.contains("function") || line.ends_with(") {"))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[test]
fn every_asset_teaches_and_stays_short() {
    let all = assets();
    let found = all.iter().flat_map(|(path, text)| faults(path, text));
    assert_eq!(found.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn an_asset_without_shape_is_seen() {
    let body = "  work();\n".repeat(FUNCTION_LINES_MAX);
    for head in [
        "const f = () => {",
        "function f() {",
        "(() => {",
        "class A {\n}\n f() {",
    ] {
        let text = format!("// A\n{head}\n{body}}}\n");
        assert_eq!(faults("a.js", &text).len(), 1, "{head}");
        assert_eq!(
            faults("a.js", &text.replacen("  work();\n", "", 2)).len(),
            0,
            "{head}"
        );
    }
    assert_eq!(faults("a.js", "work();").len(), 1);
    assert_eq!(faults("a.css", "a {}").len(), 1);
    assert_eq!(faults("a.html", "<p>").len(), 1);
    let long = "\n".repeat(LINES_MAX);
    assert_eq!(faults("a.css", &format!("/* A */\n{long}")).len(), 1);
    assert_eq!(faults("a.html", &format!("<!doctype html>{long}")).len(), 0);
}
