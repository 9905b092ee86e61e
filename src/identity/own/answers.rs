//! What Atlassian answers about whose a credential is, read strictly. Used by `ask`.
//! What cannot be read in one way, or lacks what is asked for, confirms nothing.

use serde::Deserialize;

use crate::identity::myself::Myself;
use crate::identity::strict_json;
use crate::tenant::{AccountId, CloudId};

use super::error::{Refused, Trouble};

/// People, and whatever works on a site under an account of its own. Customers of a service desk are no users of it.
const TYPES: [&str; 2] = ["atlassian", "app"];

/// Why an answer confirms nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unconfirmed {
    /// It says no.
    Refused(Refused),
    /// It says nothing.
    Trouble(Trouble),
    /// It was not asked: the tenant is not what it was when the request came.
    Outlived,
}

impl From<Refused> for Unconfirmed {
    fn from(why: Refused) -> Self {
        Self::Refused(why)
    }
}

impl From<Trouble> for Unconfirmed {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// The account of `GET /rest/api/3/myself`.
pub(super) fn myself(body: &[u8]) -> Result<AccountId, Unconfirmed> {
    let me = Myself::read(body).ok_or(Trouble::Broken)?;
    if !me.active {
        return Err(Refused::Inactive.into());
    }
    if !TYPES.contains(&me.account_type.as_str()) {
        return Err(Refused::NoUser.into());
    }
    Ok(me.account_id)
}

/// Whether `GET /oauth/token/accessible-resources` names this site: the only proof that a token covers it.
pub(super) fn covers(body: &[u8], cloud: CloudId) -> Result<(), Unconfirmed> {
    #[derive(Deserialize)]
    struct Covered {
        id: String,
    }
    let all: Vec<Covered> = strict_json::parse(body).map_err(|_| Trouble::Broken)?;
    let covered = all.iter().any(|one| one.id.parse() == Ok(cloud));
    if covered {
        Ok(())
    } else {
        Err(Refused::OtherSite.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOUD: &str = "11223344-a1b2-4c3d-8e9f-112233445566";
    const BROKEN: Unconfirmed = Unconfirmed::Trouble(Trouble::Broken);

    #[test]
    fn an_active_user_is_confirmed() {
        for kind in TYPES {
            let body = format!(
                r#"{{"accountId":"5b10a2844c20165700ede21g","accountType":"{kind}","active":true,"emailAddress":"a@b"}}"#
            );
            let account = myself(body.as_bytes()).unwrap();
            assert_eq!(account.to_string(), "5b10a2844c20165700ede21g");
        }
    }

    #[test]
    fn whoever_is_not_an_active_user_is_refused_and_what_says_nothing_confirms_nothing() {
        let refused = |why| Err(Unconfirmed::Refused(why));
        for (body, expected) in [
            (
                r#"{"accountId":"a","accountType":"atlassian","active":false}"#,
                refused(Refused::Inactive),
            ),
            (
                r#"{"accountId":"a","accountType":"customer","active":true}"#,
                refused(Refused::NoUser),
            ),
            (
                r#"{"accountId":"a","accountType":"","active":true}"#,
                refused(Refused::NoUser),
            ),
            (r#"{"accountId":"a","active":true}"#, Err(BROKEN)),
            (
                r#"{"accountId":"a","accountType":"atlassian"}"#,
                Err(BROKEN),
            ),
            (
                r#"{"accountId":"a","accountType":"atlassian","active":"true"}"#,
                Err(BROKEN),
            ),
            (
                r#"{"accountId":"a","accountType":"atlassian","active":1}"#,
                Err(BROKEN),
            ),
            (
                r#"{"accountId":"","accountType":"atlassian","active":true}"#,
                Err(BROKEN),
            ),
            (
                r#"{"accountId":null,"accountType":"atlassian","active":true}"#,
                Err(BROKEN),
            ),
            (
                r#"{"accountId":"a","accountId":"b","accountType":"atlassian","active":true}"#,
                Err(BROKEN),
            ),
            (
                r#"{"accountId":"a","accountType":"atlassian","active":false,"active":true}"#,
                Err(BROKEN),
            ),
            ("<!DOCTYPE html>", Err(BROKEN)),
            ("", Err(BROKEN)),
            ("null", Err(BROKEN)),
        ] {
            assert_eq!(myself(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_token_covers_the_sites_whose_cloud_ids_are_listed() {
        let cloud: CloudId = CLOUD.parse().unwrap();
        let listed = |body: String| covers(body.as_bytes(), cloud);
        let upper = CLOUD.to_ascii_uppercase();
        assert_eq!(
            listed(format!(
                r#"[{{"id":"{CLOUD}","url":"https://x","scopes":[]}}]"#
            )),
            Ok(())
        );
        assert_eq!(
            listed(format!(r#"[{{"id":"x"}},{{"id":"{upper}"}}]"#)),
            Ok(())
        );
        let other = Err(Unconfirmed::Refused(Refused::OtherSite));
        assert_eq!(listed("[]".to_owned()), other);
        assert_eq!(
            listed(r#"[{"id":"21223344-a1b2-4c3d-8e9f-112233445566"}]"#.to_owned()),
            other
        );
        assert_eq!(listed(format!(r#"[{{"id":"{CLOUD} "}}]"#)), other);
        for broken in [
            format!(r#"{{"id":"{CLOUD}"}}"#),
            format!(r#"[{{"id":"{CLOUD}","id":"x"}}]"#),
            format!(r#"[{{"cloudId":"{CLOUD}"}}]"#),
            format!(r#"["{CLOUD}"]"#),
            String::new(),
        ] {
            assert_eq!(listed(broken), Err(BROKEN));
        }
    }
}
