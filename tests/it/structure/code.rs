//! Source text without what only people read: comments, and the inside of texts.

/// Code alone; whatever was a comment or a text is blank.
pub(crate) struct Code(pub(crate) String);

/// The part of `text` before its tests.
pub(crate) fn without_tests(text: &str) -> &str {
    let start = text.find("#[cfg(test)]\nmod ");
    start.map_or(text, |at| &text[..at])
}

impl Code {
    pub(crate) fn of(text: &str) -> Self {
        let mut code = String::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let skipped = comment(rest)
                .or_else(|| string(rest))
                .or_else(|| letter_literal(rest));
            let taken = skipped.unwrap_or(letter.len_utf8()).min(rest.len());
            code.push_str(if skipped.is_some() {
                " "
            } else {
                &rest[..taken]
            });
            rest = &rest[taken..];
        }
        Self(code)
    }

    /// Whether `name` stands in the code as a word of its own.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.words().contains(&name)
    }

    /// Whether the words of `phrase` stand in the code one after the other, whatever blanks and lines are between.
    pub(crate) fn says(&self, phrase: &str) -> bool {
        let phrase = Self(phrase.to_owned());
        let (wanted, words) = (phrase.words(), self.words());
        words.windows(wanted.len()).any(|part| part == wanted)
    }

    /// Whether the code asks the process for its environment.
    pub(crate) fn reads_environment(&self) -> bool {
        let words = self.words();
        let pairs = words.windows(4);
        let asked = ["var", "vars", "var_os", "vars_os"];
        pairs
            .into_iter()
            .any(|four| four[0] == "env" && four[1..3] == [":", ":"] && asked.contains(&four[3]))
    }

    /// The top modules that paths of the code lead to, for a file `depth` levels below the root of the crate.
    pub(crate) fn modules_used(&self, depth: usize) -> Vec<String> {
        let words = self.words();
        let mut used = Vec::new();
        for start in 0..words.len() {
            let rest = &words[start..];
            let behind = match rest[0] {
                "crate" | "gatepost" => path_separator(&rest[1..]),
                "super" if start < 3 || words[start - 3] != "super" => behind_supers(rest, depth),
                _ => None,
            };
            used.extend(behind.map(first_names).unwrap_or_default());
        }
        used
    }

    /// Words, and every other visible letter alone.
    fn words(&self) -> Vec<&str> {
        let mut words = Vec::new();
        let mut rest = self.0.trim_start();
        let inside = |letter: char| letter.is_alphanumeric() || letter == '_';
        while let Some(letter) = rest.chars().next() {
            let end = if inside(letter) {
                rest.find(|c| !inside(c)).unwrap_or(rest.len())
            } else {
                letter.len_utf8()
            };
            words.push(&rest[..end]);
            rest = rest[end..].trim_start();
        }
        words
    }
}

fn path_separator<'a, 'b>(words: &'a [&'b str]) -> Option<&'a [&'b str]> {
    words.strip_prefix(&[":", ":"])
}

/// What follows a chain of `super` that ends at the root of the crate.
fn behind_supers<'a, 'b>(words: &'a [&'b str], depth: usize) -> Option<&'a [&'b str]> {
    let (mut rest, mut steps) = (words, 0);
    while let Some(next) = rest.strip_prefix(&["super"]).and_then(path_separator) {
        (rest, steps) = (next, steps + 1);
    }
    (steps == depth).then_some(rest)
}

/// The name that a path goes on with, or each name of a `{…}`.
fn first_names(words: &[&str]) -> Vec<String> {
    if words.first() != Some(&"{") {
        return words
            .first()
            .map(|name| vec![(*name).to_owned()])
            .unwrap_or_default();
    }
    let (mut names, mut depth) = (Vec::new(), 0);
    for pair in words.windows(2) {
        match pair[0] {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && ["{", ","].contains(&pair[0]) {
            names.push(pair[1].to_owned());
        }
    }
    names
}

fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*")
        .then(|| text.find("*/").map_or(text.len(), |at| at + 2))
}

fn string(text: &str) -> Option<usize> {
    let hashes = text
        .strip_prefix('r')
        .map(|rest| rest.len() - rest.trim_start_matches('#').len());
    if let Some(hashes) = hashes.filter(|count| text[1 + count..].starts_with('"')) {
        let (start, end) = (hashes + 2, format!("\"{}", "#".repeat(hashes)));
        return Some(
            text[start..]
                .find(&end)
                .map_or(text.len(), |at| start + at + end.len()),
        );
    }
    let mut letters = text.strip_prefix('"')?.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' => return Some(at + 2),
            _ => {}
        }
    }
    Some(text.len())
}

/// `'a'` and `'\n'`, but not the lifetime `'a`.
fn letter_literal(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('\'')?;
    let mut letters = rest.char_indices();
    let (_, first) = letters.next()?;
    if first == '\\' {
        letters.next()?;
        return rest[2..].find('\'').map(|at| at + 4);
    }
    let (at, second) = letters.next()?;
    (second == '\'').then_some(at + 2)
}

#[test]
fn comments_and_texts_are_not_code() {
    let code = Code::of("a // b\n\"c \\\" d\" e 'f' '\\'' r#\"g\"h\"# 'i /* j */ k");
    assert_eq!(code.words(), ["a", "e", "'", "i", "k"]);
}
