//! What `GET /rest/api/3/myself` answers about whose a credential is, read strictly: used for credentials of users' own, and for the token
//! beside an invocation of Forge's. A value, no proof. What cannot be read in one way, or lacks a member, says nothing.

use serde::Deserialize;

use crate::tenant::AccountId;

use super::strict_json;

/// The account that Jira took a credential for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Myself {
    /// Its id.
    pub account_id: AccountId,
    /// `atlassian`, `app` or `customer`.
    pub account_type: String,
    /// Whether it may still log in.
    pub active: bool,
}

impl Myself {
    /// What the answer says, if it says it once and in full.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        strict_json::parse(body).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_it_is_is_said_once_and_in_full() {
        let ann = r#"{"accountId":"5b10a2844c20165700ede21g","accountType":"atlassian","active":true,"locale":"de"}"#;
        let me = Myself::read(ann.as_bytes()).unwrap();
        assert_eq!(me.account_id.as_str(), "5b10a2844c20165700ede21g");
        assert_eq!((&*me.account_type, me.active), ("atlassian", true));
        for wrong in [
            "",
            "{}",
            "null",
            r#"{"accountId":"5b10a2844c20165700ede21g","active":true}"#,
            r#"{"accountId":"5b10a2844c20165700ede21g","accountType":"atlassian"}"#,
            r#"{"accountId":"","accountType":"atlassian","active":true}"#,
            r#"{"accountId":"5b10a2844c20165700ede21g","accountId":"other","accountType":"atlassian","active":true}"#,
        ] {
            assert!(Myself::read(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
