//! What the app's page loads: its style and its script, in parts. For `connect_page` only. The names are a closed list; none of them is
//! ever part of a path.

use std::sync::LazyLock;

use crate::secret::{hex, sha256};

use super::super::page::Page;

macro_rules! files {
    ($($name:literal)*) => { [$(($name, include_str!($name))),*] };
}

const FILES: [(&str, &str); 16] = files![
    "page.css" "tables.css" "page.js" "api.js" "block.js" "connect.js" "create.js" "elements.js" "keys.js" "lists.js" "made.js" "sessions.js"
    "site.js" "speech.js" "tables.js" "whole.js"
];

/// Browsers keep files for an hour: a page must not meet those of another edition.
static EDITION: LazyLock<String> = LazyLock::new(|| {
    let all: String = FILES
        .iter()
        .flat_map(|(name, text)| [*name, *text])
        .collect();
    hex(&sha256(all.as_bytes())[..6])
});

/// The folder that the files are in as they are now.
#[must_use]
pub fn edition() -> &'static str {
    &EDITION
}

/// The scripts: a page that names them all loads them at once, not one after the other as they name each other.
pub(super) fn scripts() -> Vec<&'static str> {
    let names = FILES.iter().map(|(name, _)| *name);
    names.filter(|name| kind(name) == "js").collect()
}

/// A file. Those of another edition are gone: half of them would be half a page.
pub(super) fn named(edition: &str, file: &str) -> Option<Page> {
    let (name, text) = FILES
        .iter()
        .find(|(name, _)| *name == file && edition == self::edition())?;
    let content_type = match kind(name) {
        "css" => "text/css; charset=utf-8",
        _ => "text/javascript; charset=utf-8",
    };
    Some(Page::file(content_type, *text))
}

fn kind(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}
