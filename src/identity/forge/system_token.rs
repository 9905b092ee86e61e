//! How long a token for the app lasts. Its content says nothing else here: it is opaque, but for the end that it may tell.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::secret::Secret;
use crate::tenant::forge::SystemToken;

/// What Forge guarantees of a token that comes with a schedule.
const GUARANTEED: Duration = Duration::from_hours(2);
/// No token lasts longer than this, whatever it says.
const LONGEST: Duration = Duration::from_hours(24);

/// The token, with the end that it tells or the one that is guaranteed. What has ended, or can be in no header, is none.
pub(super) fn read(token: &Secret, now: Timestamp) -> Option<SystemToken> {
    let text = token.expose();
    if text.is_empty() || !text.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let end = end(text).unwrap_or_else(|| now.plus(GUARANTEED));
    (now < end).then(|| SystemToken {
        secret: Secret::new(text.to_vec()),
        ends_at: end.min(now.plus(LONGEST)),
    })
}

fn end(token: &[u8]) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Claims {
        exp: u32,
    }
    let claims = token.split(|&byte| byte == b'.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    Some(Timestamp::from_seconds(i64::from(claims.exp)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_its_end_or_lasts_as_long_as_is_guaranteed() {
        let now = Timestamp::from_seconds(1_000_000);
        let ends_at = |text: &str| {
            let token = read(&Secret::from(text.to_owned()), now);
            token.map(|token| token.ends_at.seconds() - now.seconds())
        };
        let jwt = |claims: &str| format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(ends_at(&jwt(r#"{"exp":1000060}"#)), Some(60));
        assert_eq!(ends_at(&jwt(r#"{"exp":1000001}"#)), Some(1));
        assert_eq!(ends_at(&jwt(r#"{"exp":4000000000}"#)), Some(24 * 3600));
        for opaque in ["opaque", "a.b.c", &jwt("{}"), &jwt(r#"{"exp":"1000060"}"#)] {
            assert_eq!(ends_at(opaque), Some(2 * 3600), "{opaque}");
        }
        for none in [
            "",
            " ",
            "two words",
            "line\n",
            "caf\u{e9}",
            &jwt(r#"{"exp":1000000}"#),
            &jwt(r#"{"exp":999999}"#),
        ] {
            assert_eq!(ends_at(none), None, "{none}");
        }
    }
}
