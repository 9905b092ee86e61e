//! Query strings and form bodies (`application/x-www-form-urlencoded`): how the stand-in reads and writes them.
//! For this folder only. Shares nothing with the gateway's own parser on purpose: a second reading finds the faults of the first.

/// Text that is no form: a broken percent sequence, or bytes that are no UTF-8.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not percent-encoded UTF-8")]
pub(super) struct Malformed(String);

/// The names and values in their order, decoded. Empty pieces are nothing; a missing `=` is an empty value.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, Malformed> {
    let pieces = text.split('&').filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// The value of `name`, if it is there exactly once.
pub(super) fn only<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = pairs.iter().filter(|(found, _)| found == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// Percent-encodes everything but the unreserved characters (RFC 3986, 2.3), in upper case.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(digit(byte >> 4));
            encoded.push(digit(byte & 15));
        }
    }
    encoded
}

/// Decodes what can be decoded and leaves the rest as it is: for whoever looks for a text in whatever form.
pub(super) fn lenient(text: &str) -> String {
    let pieces = text.split('&').map(|piece| {
        let halves = piece.split('=');
        let decoded = halves.map(|half| decode(half).unwrap_or_else(|_| half.to_owned()));
        decoded.collect::<Vec<_>>().join("=")
    });
    pieces.collect::<Vec<_>>().join("&")
}

fn digit(nibble: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(nibble)])
}

fn decode(text: &str) -> Result<String, Malformed> {
    let malformed = || Malformed(text.to_owned());
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = rest.next().and_then(nibble).ok_or_else(malformed)?;
                let low = rest.next().and_then(nibble).ok_or_else(malformed)?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| malformed())
}

fn nibble(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_servlet_reads_it() {
        let read = pairs("&a=b+c&d&e=%C3%BC%3D&a=").unwrap();
        let text: Vec<_> = read
            .iter()
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        assert_eq!(text, ["a:b c", "d:", "e:ü=", "a:"]);
    }

    #[test]
    fn broken_percent_sequences_are_refused() {
        for text in ["a=%", "a=%4", "a=%zz", "%ff=1", "a=%+1"] {
            assert!(pairs(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_given_twice_is_no_value() {
        let read = pairs("a=1&b=2&a=1").unwrap();
        assert_eq!((only(&read, "a"), only(&read, "b")), (None, Some("2")));
    }
}
