//! Unicode's IDNA vectors against the parser of hosts: each source is refused or gives one canonical host.

use gatepost::tenant::SiteUrl;

use super::site::assert_canonical;

/// One line: what is given, its ASCII form without transitional processing, and what is wrong with it.
struct Vector {
    source: String,
    ascii: String,
    status: String,
}

/// The columns are in the header of the file; an empty one repeats another.
fn vector(line: &str) -> Option<Vector> {
    let columns: Vec<_> = line.split('#').next()?.split(';').map(str::trim).collect();
    let [source, unicode, unicode_status, ascii, ascii_status, ..] = columns[..] else {
        return None;
    };
    let or = |column: &str, other: &str| {
        if column.is_empty() {
            other.to_owned()
        } else {
            column.to_owned()
        }
    };
    let status = or(ascii_status, unicode_status);
    Some(Vector {
        source: unescape(source),
        ascii: unescape(&or(ascii, &or(unicode, source))),
        status: if status == "[]" {
            String::new()
        } else {
            status
        },
    })
}

/// `\uXXXX`, `\x{XXXX}`, and `""` for the empty text. A lone surrogate has no place in UTF-8 and becomes U+FFFD.
fn unescape(column: &str) -> String {
    if column == "\"\"" {
        return String::new();
    }
    let mut text = String::new();
    let mut rest = column;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let (digits, behind) = if rest[at..].starts_with("\\x{") {
            let end = at + rest[at..].find('}').expect("a closing brace");
            (&rest[at + 3..end], end + 1)
        } else {
            (&rest[at + 2..at + 6], at + 6)
        };
        let number = u32::from_str_radix(digits, 16).expect("hexadecimal");
        text.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = &rest[behind..];
    }
    text + rest
}

#[test]
fn hosts() {
    let Some(file) = super::text("vectors::idna::hosts", "idna/IdnaTestV2.txt") else {
        return;
    };
    let (mut accepted, mut refused, mut disagree) = (0, 0, Vec::new());
    for vector in file.lines().filter_map(vector) {
        for source in [&vector.source, &vector.ascii] {
            let Ok(site) = SiteUrl::from_host(source) else {
                refused += 1;
                continue;
            };
            assert_canonical(&site, source);
            assert_eq!(site.host(), vector.ascii, "{source:?}");
            accepted += 1;
        }
        if !vector.status.is_empty() && SiteUrl::from_host(&vector.source).is_ok() {
            disagree.push(vector.status);
        }
    }
    // Hyphens in third and fourth place (V2) are refused by registries, but not by the WHATWG standard (`CheckHyphens` is off), and
    // `my--site` may well be a site.
    assert_eq!(
        (accepted, refused, disagree),
        (11, 12_771, vec!["[V2]".to_owned()])
    );
}

#[test]
fn punycode_that_decodes_to_nothing_good() {
    let Some(file) = super::json(
        "vectors::idna::punycode_that_decodes_to_nothing_good",
        "idna/bad_punycode_tests.json",
    ) else {
        return;
    };
    let vectors = file.as_array().expect("a list");
    for vector in vectors {
        for host in vector
            .as_object()
            .expect("members")
            .values()
            .filter_map(|value| value.as_str())
        {
            for host in [
                host.to_owned(),
                format!("xn--{host}"),
                format!("xn--{host}.example"),
            ] {
                assert!(SiteUrl::from_host(&host).is_err(), "{host:?}");
            }
        }
    }
    assert_eq!(vectors.len(), 1);
}
