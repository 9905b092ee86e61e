//! Lines that are as wide as the terminal. A counterexample's entities have many attributes, and a terminal breaks a long line in the
//! middle of a word. Used by `cli::policy` only.

use std::io;

/// Where there is no terminal, and at least. The same width as that of the faults around it.
const COLUMNS_MIN: usize = 80;
/// Where a line goes on: behind the column of names that `Counterexample` begins its lines with.
const INDENT: &str = "                 ";

/// How many columns the terminal has that faults are told on.
pub(super) fn columns() -> usize {
    let terminal = rustix::termios::tcgetwinsize(io::stderr()).ok();
    terminal.map_or(COLUMNS_MIN, |size| {
        usize::from(size.ws_col).max(COLUMNS_MIN)
    })
}

/// `text` with its long lines broken: lists behind a comma, sentences between words. What has no such place stays long.
pub(super) fn wrapped(text: &str, columns: usize) -> String {
    let lines = text.lines().map(|line| wrapped_line(line, columns));
    lines.collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, columns: usize) -> String {
    let end = if line.contains(" { ") { ", " } else { " " };
    let mut done = String::new();
    let mut row = String::new();
    for part in line.split_inclusive(end) {
        let is_begun = !row.trim().is_empty();
        let width = row.chars().count() + part.trim_end().chars().count();
        if is_begun && width > columns {
            done.push_str(row.trim_end());
            done.push('\n');
            INDENT.clone_into(&mut row);
        }
        row.push_str(part);
    }
    done.push_str(row.trim_end());
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_broken_behind_commas_and_a_short_one_stays() {
        let text = "  action     Action::\"a\"\n  entities   Issue::\"acme/PAY-1\" { key: \"a b\", tenant: Tenant::\"acme\" }";
        assert_eq!(wrapped(text, 80), text);
        assert_eq!(
            wrapped(text, 60),
            "  action     Action::\"a\"\n  entities   Issue::\"acme/PAY-1\" { key: \"a b\",\n                 tenant: Tenant::\"acme\" }"
        );
    }

    #[test]
    fn a_sentence_is_broken_between_words_and_a_long_word_not_at_all() {
        assert_eq!(
            wrapped("  guarantee  own: one two three", 23),
            "  guarantee  own: one\n                 two\n                 three"
        );
        assert_eq!(wrapped("abcdefghijklmnop", 3), "abcdefghijklmnop");
    }
}
