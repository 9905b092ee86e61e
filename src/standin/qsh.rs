//! The query string hash, by which a Connect token names one request: the stand-in's own, as Jira computes it.
//! For this folder only, and never for the gateway: what signs and what verifies must not share a mistake.

use crate::secret::{hex, sha256};

use super::form::{self, Malformed};

/// What stands in place of the hash in a token that is good for no request in particular.
pub(super) const CONTEXT: &str = "context-qsh";

/// The hash of a request. `target` is path and query relative to the receiver's base URL, as they go over the wire.
pub(super) fn hash(method: &str, target: &str) -> Result<String, Malformed> {
    Ok(hex(&sha256(canonical(method, target)?.as_bytes())))
}

fn canonical(method: &str, target: &str) -> Result<String, Malformed> {
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let method = method.to_ascii_uppercase();
    Ok(format!("{method}&{}&{}", uri(path), sorted(query)?))
}

/// The raw path: nothing is decoded, no dot segment removed; only the separator of the canonical form is escaped.
fn uri(path: &str) -> String {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    format!("/{}", path.replace('&', "%26"))
}

/// Values sort by their decoded text, names by their encoded text: what Atlassian's Java code does, whatever the standard says.
fn sorted(query: &str) -> Result<String, Malformed> {
    let mut pairs = form::pairs(query)?;
    pairs.retain(|(name, _)| name != "jwt");
    pairs.sort_by(|one, other| one.1.cmp(&other.1));
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs {
        let (name, value) = (form::encode(&name), form::encode(&value));
        match groups.iter_mut().find(|(found, _)| *found == name) {
            Some((_, values)) => values.push(value),
            None => groups.push((name, vec![value])),
        }
    }
    groups.sort();
    let groups = groups
        .iter()
        .map(|(name, values)| format!("{name}={}", values.join(",")));
    Ok(groups.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms_are_those_of_jira() {
        let table = [
            ("GET", "/", "GET&/&"),
            ("get", "", "GET&/&"),
            ("POST", "/installed", "POST&/installed&"),
            ("POST", "/installed/", "POST&/installed&"),
            (
                "GET",
                "/path/to/service?zee_last=param&repeated=parameter%201&first=param&repeated=parameter%202",
                "GET&/path/to/service&first=param&repeated=parameter%201,parameter%202&zee_last=param",
            ),
            (
                "GET",
                "/rest/api/2/project&a=b?x=y",
                "GET&/rest/api/2/project%26a=b&x=y",
            ),
            (
                "GET",
                "/panel?q=1%2B1&b=&a=*~&jwt=x",
                "GET&/panel&a=%2A~&b=&q=1%2B1",
            ),
            ("GET", "/panel?%C3%BC=1&z=2", "GET&/panel&%C3%BC=1&z=2"),
            // Names sort encoded: `%3A` stands before `0`; values sort decoded: `:` stands after `0`.
            ("GET", "/p?a0=1&a:b=2", "GET&/p&a%3Ab=2&a0=1"),
            ("GET", "/p?a=:&a=0", "GET&/p&a=0,%3A"),
            // Only the parameter `jwt` is left out, and nothing in the path is put right.
            (
                "GET",
                "//a/../b%2fc;v=1?JWT=1",
                "GET&//a/../b%2fc;v=1&JWT=1",
            ),
            (
                "GET",
                "/p?a[]=1&__proto__=2&&c#x",
                "GET&/p&__proto__=2&a%5B%5D=1&c=",
            ),
        ];
        for (method, target, expected) in table {
            assert_eq!(canonical(method, target).unwrap(), expected, "{target}");
        }
    }

    #[test]
    fn the_hash_is_sha_256_in_lower_case() {
        let empty = hash("GET", "/").unwrap();
        assert_eq!(empty, hex(&sha256(b"GET&/&")));
        assert_eq!(empty.len(), 64);
        assert!(hash("GET", "/?a=%zz").is_err());
    }
}
