//! The id that Atlassian gives a site and keeps when the site is renamed. A value, no proof.
//! Used in `/ex/jira/{cloudId}/…` and wherever a site is named by id. It must never be accepted in a second spelling: the id is a
//! lookup key, and two spellings of one key are two rows to one reader and one to another.

use std::str::FromStr;

use uuid::Uuid;

/// Names one site by its UUID, in lower case with hyphens.
///
/// ```
/// # use gatepost::tenant::CloudId;
/// let cloud: CloudId = "11223344-A1B2-4C3D-8E9F-112233445566".parse()?;
/// assert_eq!(cloud.to_string(), "11223344-a1b2-4c3d-8e9f-112233445566");
/// # Ok::<(), gatepost::tenant::CloudIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloudId(Uuid);

/// Why a text is no cloud id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudIdError {
    /// Anything but 8-4-4-4-12 hexadecimal digits.
    #[error(
        "a cloud id is a UUID with hyphens, such as `11223344-a1b2-4c3d-8e9f-112233445566`; \
         `GET https://{{site}}/_edge/tenant_info` shows that of a site"
    )]
    Form,
}

impl FromStr for CloudId {
    type Err = CloudIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The parser also reads the braced, the bare and the URN form; each of those has another length.
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(CloudIdError::Form);
        }
        Uuid::try_parse(text)
            .map(Self)
            .map_err(|_| CloudIdError::Form)
    }
}

impl std::fmt::Display for CloudId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

text_value!(CloudId, CloudIdError);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_hyphenated_form_is_read() {
        for text in [
            "",
            "11223344a1b24c3d8e9f112233445566",
            "{11223344-a1b2-4c3d-8e9f-112233445566}",
            "urn:uuid:11223344-a1b2-4c3d-8e9f-112233445566",
            "1122334-4a1b2-4c3d-8e9f-1122334455667",
            "11223344-a1b2-4c3d-8e9f-11223344556g",
            "11223344-a1b2-4c3d-8e9f-112233445566 ",
            "11223344-a1b2-4c3d-8e9f-11223344556",
            "11223344_a1b2_4c3d_8e9f_112233445566",
            "11223344-a1b2-4c3d-8e9f-1122334455\u{e9}",
            "----11223344a1b24c3d8e9f112233445566",
        ] {
            assert_eq!(text.parse::<CloudId>(), Err(CloudIdError::Form), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_spelling_prints_in_lower_case(text in "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}") {
            let cloud: CloudId = text.parse().unwrap();
            prop_assert_eq!(cloud.to_string(), text.to_ascii_lowercase());
            prop_assert_eq!(cloud.to_string().parse(), Ok(cloud));
        }

        #[test]
        fn whatever_is_accepted_prints_as_it_was_but_for_case(text in "[0-9a-f{}:-]{36}") {
            if let Ok(cloud) = text.parse::<CloudId>() {
                prop_assert_eq!(cloud.to_string(), text);
            }
        }
    }
}
