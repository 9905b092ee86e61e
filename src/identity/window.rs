//! When a token is good. Used by the token verifiers, after the signature. It must never ask for the time itself.

use super::claims::Claims;
use super::jws::TokenError;
use crate::clock::Timestamp;

/// How far clocks may differ and how long a token may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How far the issuer's clock may be from ours, either way, in seconds.
    pub leeway_s: u32,
    /// The greatest `exp - iat`, in seconds. Without it a token of the year 2286 is a key that cannot be revoked.
    pub lifetime_s_max: u32,
}

impl Window {
    /// Whether the token is good at `now`. With `now` in seconds and `l` for the leeway:
    ///
    /// - `iat < exp` and, with `nbf`, `nbf < exp`: otherwise there is no moment at which it was good;
    /// - `exp - iat <= lifetime_s_max`;
    /// - `iat <= now + l` and, with `nbf`, `nbf <= now + l`;
    /// - `now < exp + l`: at `exp` itself it has ended (RFC 7519, section 4.1.4).
    ///
    /// Claims are whole seconds, so rounding `now` down changes none of these comparisons.
    pub fn check(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenError> {
        let (now, leeway) = (now.seconds(), i64::from(self.leeway_s));
        let latest = now.saturating_add(leeway);
        if claims.exp <= claims.iat {
            return Err(TokenError::Reversed);
        }
        if claims.nbf.is_some_and(|nbf| claims.exp <= nbf) {
            return Err(TokenError::NeverValid);
        }
        if claims.exp.saturating_sub(claims.iat) > i64::from(self.lifetime_s_max) {
            return Err(TokenError::LongLived);
        }
        if claims.iat > latest {
            return Err(TokenError::FromFuture);
        }
        if claims.nbf.is_some_and(|nbf| nbf > latest) {
            return Err(TokenError::NotYet);
        }
        if now >= claims.exp.saturating_add(leeway) {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
