//! Foreign text in the log: bounded, and without characters that change what a reader sees. Used where such text enters an entry and
//! where the log is shown.

use std::fmt::Write as _;

use crate::secret::{hex, sha256};

/// `text` as it may enter the log: hidden characters escaped, and of what is longer than `bytes_max` its length and digest only.
///
/// The digest tells equal long texts from different ones, and finds the text again in somebody else's log.
#[must_use]
pub fn shorten(text: &str, bytes_max: usize) -> String {
    let escaped = visible(text);
    if escaped.len() <= bytes_max {
        return escaped;
    }
    let end = escaped.floor_char_boundary(bytes_max);
    let (kept, cut) = escaped.split_at(end);
    let digest = hex(&sha256(cut.as_bytes())[..8]);
    format!("{kept}…({} bytes, sha256 {digest})", cut.len())
}

/// `text` with hidden characters written out: `\u{202e}`.
#[must_use]
pub fn visible(text: &str) -> String {
    if !text.contains(is_hidden) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// `json` with hidden characters as JSON escapes. They can stand in strings only, so the value stays the same.
#[must_use]
pub fn visible_json(json: &str) -> String {
    if !json.contains(is_hidden) {
        return json.to_owned();
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_hidden(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                // INVARIANT: writing into a String cannot fail.
                write!(shown, "\\u{unit:04x}").expect("memory takes it");
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Characters that move the cursor, change the direction of text (<https://trojansource.codes>) or show as nothing.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// An error and its causes in one line. A cause that the line ends with already is not repeated: some errors print their own.
#[must_use]
pub fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.ends_with(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_plain_text_stays_as_it_is() {
        assert_eq!(shorten("curl/8.5 (ünïcode)", 64), "curl/8.5 (ünïcode)");
    }

    #[test]
    fn hidden_characters_are_written_out() {
        let shown = shorten("a\r\n\u{1b}[2J\u{202e}b\u{9b}\u{e0041}", 99);
        assert_eq!(shown, "a\\u{d}\\u{a}\\u{1b}[2J\\u{202e}b\\u{9b}\\u{e0041}");
        let json = serde_json::to_string("\u{7f}\u{2066}\u{e0041}\"").unwrap();
        let safe = visible_json(&json);
        assert_eq!(safe, r#""\u007f\u2066\udb40\udc41\"""#);
        let read: String = serde_json::from_str(&safe).unwrap();
        assert_eq!(read, "\u{7f}\u{2066}\u{e0041}\"");
    }

    #[test]
    fn a_long_text_is_cut_and_still_told_from_another() {
        let (one, two) = ("ü".repeat(100), format!("{}x", "ü".repeat(100)));
        let short = shorten(&one, 11);
        assert!(short.starts_with("üüüüü…(190 bytes, sha256 "), "{short}");
        assert_ne!(short, shorten(&two, 11));
        assert!(short.len() < 80);
    }

    #[test]
    fn causes_follow_an_error_and_none_is_told_twice() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Told(&'static str, #[source] Option<Box<Told>>);
        let disk = || Some(Box::new(Told("disk full", None)));
        assert_eq!(
            in_one_line(&Told("the log failed", disk())),
            "the log failed: disk full"
        );
        let repeated = Told("the log failed: disk full", disk());
        assert_eq!(in_one_line(&repeated), "the log failed: disk full");
    }
}
