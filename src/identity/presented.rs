//! What a request presents as its credential: a claim. Made by `http` from the headers, read by `Verifiers`.
//! It must never be printed, stored or sent anywhere.

use crate::secret::Secret;

/// The credential of a request, unverified.
#[derive(Debug)]
pub enum Presented {
    /// No `Authorization` header.
    Nothing,
    /// `Authorization: JWT …`: a Connect context or request token.
    Jwt(Secret),
    /// `Authorization: Bearer gps_…` or `gp_…`, or the latter as the password of Basic: a credential of this gateway's own.
    Issued(Secret),
    /// A scheme that no door of this gateway verifies. Its content is not kept.
    Other,
}

/// The request that a credential came with, as a request token's `qsh` covers it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `GET`.
    pub method: &'a str,
    /// Path and query as they came, still encoded.
    pub target: &'a str,
}
