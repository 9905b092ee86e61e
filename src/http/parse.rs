//! From text to values: query, credential, site, issue, act-as. Used by the routes. Each parameter is decoded once, read into a type
//! and never used as text again; nothing raw may survive this file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header;

use crate::decision::{ApiVersion, Reading, ReadingError};
use crate::identity::issued::{self, text::Kind};
use crate::identity::presented::{Bearer, Password, Presented};
use crate::identity::strict_json::StrictJsonError;
use crate::ledger::entry::shorten;
use crate::secret::Secret;
use crate::tenant::{
    AccountId, AccountIdError, CloudId, CloudIdError, IssueRef, IssueRefError, SiteUrl,
    SiteUrlError,
};

use super::front::FrontError;

/// Why a request is not understood. The caller is told.
#[derive(Debug, thiserror::Error)]
pub(super) enum ParseError {
    /// The message itself.
    #[error(transparent)]
    Front(#[from] FrontError),
    /// Not percent-encoded UTF-8.
    #[error("the request target is not percent-encoded UTF-8")]
    Encoding,
    /// A parameter that stands twice.
    #[error("the parameter `{0}` stands more than once")]
    Twice(String),
    /// A parameter that this route does not have.
    #[error("this route has no parameter `{0}`")]
    UnknownParameter(String),
    /// A parameter that this route must have.
    #[error("the parameter `{0}` is missing")]
    Missing(&'static str),
    /// Two credentials, or one in the query.
    #[error("a credential belongs into the Authorization header, and only one")]
    Credentials,
    /// The site.
    #[error(transparent)]
    Site(#[from] SiteUrlError),
    /// The cloud id.
    #[error(transparent)]
    Cloud(#[from] CloudIdError),
    /// The issue.
    #[error(transparent)]
    Issue(#[from] IssueRefError),
    /// The account to act as.
    #[error("`act_as`: {0}")]
    ActAs(#[from] AccountIdError),
    /// A wish to act as another where everybody is oneself.
    #[error("here everybody acts as oneself: `X-Gatepost-Act-As` has no meaning on this route")]
    ActAsHere,
    /// Two wishes that differ.
    #[error("the request wishes to act as two different accounts")]
    TwoActAs,
    /// What of the issue.
    #[error(transparent)]
    Reading(#[from] ReadingError),
    /// The base URL lost a segment.
    #[error("the path is not one of this gateway: the base URL of the client lost a part")]
    LostSegment,
    /// No such route, method or version.
    #[error("there is no such route here")]
    UnknownRoute,
    /// The members of the body.
    #[error("the body is not what this route takes: {0}")]
    Members(String),
    /// One member of the body.
    #[error("`{0}`: {1}")]
    Member(&'static str, String),
    /// A page of another origin, or none of ours.
    #[error("the request comes from a page of another origin")]
    Origin,
    /// The body.
    #[error("the body is not a JSON object that this route reads: {0}")]
    Json(#[from] StrictJsonError),
    /// A member that this route does not have.
    #[error("the body has a member `{0}`, which this route does not know")]
    UnknownMember(String),
    /// A member that this route must have.
    #[error("the member `{0}` is missing")]
    MissingMember(&'static str),
    /// A member of another type.
    #[error("the member `{0}` is not a text")]
    NotText(&'static str),
    /// No such action.
    #[error("`{0}` is not an action that this gateway knows")]
    UnknownAction(String),
    /// An action, and what it is not done to.
    #[error("the action `{0}` is done to {1}")]
    Mismatch(&'static str, &'static str),
    /// Too long.
    #[error("the body is larger than {0} bytes, or broke off")]
    Body(usize),
    /// Too slow.
    #[error("the body did not come in time")]
    Slow,
}

impl ParseError {
    /// The stable code.
    #[must_use]
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Front(_) => "malformed_message",
            Self::Encoding => "malformed_target",
            Self::Twice(_) => "duplicate_parameter",
            Self::UnknownParameter(_) => "unknown_parameter",
            Self::Missing(_) => "missing_parameter",
            Self::Credentials => "several_credentials",
            Self::Site(_) | Self::Cloud(_) => "malformed_site",
            Self::Issue(_) => "malformed_issue",
            Self::ActAs(_) | Self::TwoActAs | Self::ActAsHere => "malformed_act_as",
            Self::Reading(ReadingError::EmbedsIssues(..)) => "embeds_issues",
            Self::Json(_) | Self::Members(_) => "malformed_body",
            Self::Member(..) => "malformed_member",
            Self::UnknownMember(_) => "unknown_member",
            Self::MissingMember(_) => "missing_member",
            Self::Reading(_) | Self::NotText(_) | Self::UnknownAction(_) | Self::Mismatch(..) => {
                "unknown_value"
            }
            Self::LostSegment => "lost_path_segment",
            Self::UnknownRoute => "unknown_route",
            Self::Origin => "other_origin",
            Self::Body(_) => "body_too_large",
            Self::Slow => "body_too_slow",
        }
    }

    pub(super) fn unknown_member(name: &str) -> Self {
        Self::UnknownMember(shorten(name, 64))
    }

    pub(super) fn unknown_action(name: &str) -> Self {
        Self::UnknownAction(shorten(name, 64))
    }

    /// What the caller can do about it.
    #[must_use]
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::LostSegment => {
                "The base URL ends in `/ex/jira/{cloudId}` or `/sites/{host}`, without `/rest`; if your client drops the last \
                 part of a base URL, end it with `/`."
            }
            Self::UnknownRoute => {
                "Issues are at `/ex/jira/{cloudId}/rest/api/{2|3|latest}/issue/{issue}`, `/sites/{host}/rest/api/…`, `/rest/api/…` \
                 and `/v1/issue?site=…&issue=…`; beside them `serverInfo`, `myself` and `field`. Jira is only read."
            }
            Self::Reading(ReadingError::EmbedsIssues(..)) => {
                "Name the fields that you need; without `fields` you get all of the issue's own."
            }
            Self::Credentials => "Send one `Authorization` header and no `jwt` parameter.",
            Self::Site(_) => "Write the site as in `https://acme.atlassian.net`.",
            _ => "Mend the request; it will not succeed as it is.",
        }
    }
}

/// The query's parameters, decoded once, each at most once.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the raw query. The names are those that the route has; any other is an error.
    pub(super) fn read(raw: Option<&str>, names: &[&str]) -> Result<Self, ParseError> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for piece in raw
            .unwrap_or_default()
            .split('&')
            .filter(|piece| !piece.is_empty())
        {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if name == "jwt" {
                return Err(ParseError::Credentials);
            }
            if !names.contains(&name.as_str()) {
                return Err(ParseError::UnknownParameter(shorten(&name, 64)));
            }
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(ParseError::Twice(name));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// Refuses a second credential in a query whose other parameters the route does not read.
    pub(super) fn refuse_credential(raw: Option<&str>) -> Result<(), ParseError> {
        let mut names = raw
            .unwrap_or_default()
            .split('&')
            .map(|piece| piece.split('=').next().unwrap_or_default());
        match names.find(|name| decode(name).is_ok_and(|name| name == "jwt")) {
            Some(_) => Err(ParseError::Credentials),
            None => Ok(()),
        }
    }

    /// The token in the query of a page that Jira opens, whose other parameters are Jira's and are not read.
    pub(super) fn token(raw: Option<&str>) -> Result<Option<Secret>, ParseError> {
        let mut found = None;
        for piece in raw.unwrap_or_default().split('&') {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            if decode(name)? != "jwt" {
                continue;
            }
            if found.is_some() {
                return Err(ParseError::Twice("jwt".to_owned()));
            }
            found = Some(Secret::from(decode(value)?));
        }
        Ok(found)
    }

    /// The value of a parameter in a query that may have other faults: for the record, never to be acted on.
    pub(super) fn glimpse(raw: Option<&str>, name: &str) -> Option<String> {
        let mut values = raw
            .unwrap_or_default()
            .split('&')
            .filter_map(|piece| piece.split_once('='))
            .filter(|(known, _)| decode(known).is_ok_and(|known| known == name));
        let (_, value) = values.next()?;
        let only = values.next().is_none();
        only.then(|| decode(value).ok()).flatten()
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn required(&self, name: &'static str) -> Result<&str, ParseError> {
        self.value(name).ok_or(ParseError::Missing(name))
    }

    pub(super) fn site(&self) -> Result<SiteUrl, ParseError> {
        Ok(self.required("site")?.parse()?)
    }

    pub(super) fn issue(&self) -> Result<IssueRef, ParseError> {
        Ok(self.required("issue")?.parse()?)
    }

    pub(super) fn reading(&self, version: ApiVersion) -> Result<Reading, ParseError> {
        Ok(Reading::new(
            version,
            self.value("fields"),
            self.value("expand"),
            self.value("properties"),
        )?)
    }
}

/// `+` is a space and `%XX` a byte of UTF-8; anything else that has a `%` is refused, not guessed at.
fn decode(text: &str) -> Result<String, ParseError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex_pair(rest.next(), rest.next()).ok_or(ParseError::Encoding)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| ParseError::Encoding)
}

fn hex_pair(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| {
        char::from(byte?)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    Some(digit(high)? << 4 | digit(low)?)
}

/// What Forge sends beside its invocation token.
const FORGE_USER: &str = "x-forge-oauth-user";
const FORGE_SYSTEM: &str = "x-forge-oauth-system";

/// The credential. The front has seen to it that there is one header at most.
pub(super) fn credential(headers: &HeaderMap) -> Presented {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Presented::Nothing;
    };
    let Ok(text) = value.to_str() else {
        return Presented::Other;
    };
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("JWT") => {
            Presented::Jwt(Secret::from(token.to_owned()))
        }
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => bearer(token, headers),
        Some((scheme, pair)) if scheme.eq_ignore_ascii_case("Basic") => basic(pair),
        _ => Presented::Other,
    }
}

/// A session or client key by its prefix; anything else is others', with what Forge sends beside its own token.
fn bearer(token: &str, headers: &HeaderMap) -> Presented {
    let forge = |name| {
        let value = headers.get(name)?.to_str().ok()?;
        Some(Secret::from(value.to_owned()))
    };
    match issued::text::claimed(token.as_bytes()) {
        Some(_) => Presented::Issued(Secret::from(token.to_owned())),
        None => Presented::Bearer(Bearer {
            token: Secret::from(token.to_owned()),
            forge_user: forge(FORGE_USER),
            forge_system: forge(FORGE_SYSTEM),
        }),
    }
}

/// A client key as the password, with any user name: some clients demand an e-mail address there. Sessions are for Bearer alone.
fn basic(pair: &str) -> Presented {
    let Ok(mut pair) = STANDARD.decode(pair) else {
        return Presented::Other;
    };
    let Some(colon) = pair.iter().position(|&byte| byte == b':') else {
        return Presented::Other;
    };
    let password = pair.split_off(colon + 1);
    pair.truncate(colon);
    match issued::text::claimed(&password) {
        Some(Kind::Key) => Presented::Issued(Secret::new(password)),
        Some(Kind::Session) => Presented::Other,
        None => Presented::Password(Password {
            user: Secret::new(pair),
            password: Secret::new(password),
        }),
    }
}

/// The wish to act as another, from the header and, where the route has one, from the parameter.
pub(super) fn act_as(
    headers: &HeaderMap,
    parameter: Option<&str>,
) -> Result<Option<AccountId>, ParseError> {
    let header = headers
        .get("x-gatepost-act-as")
        .map(|value| value.to_str().map_err(|_| ParseError::Encoding));
    let header: Option<AccountId> = header.transpose()?.map(str::parse).transpose()?;
    let parameter: Option<AccountId> = parameter.map(str::parse).transpose()?;
    match (header, parameter) {
        (Some(one), Some(other)) if one != other => Err(ParseError::TwoActAs),
        (one, other) => Ok(one.or(other)),
    }
}

/// Refuses the wish to act as another on a route where nobody does: whoever sends it believes in it.
pub(super) fn refuse_act_as(headers: &HeaderMap) -> Result<(), ParseError> {
    if headers.contains_key("x-gatepost-act-as") {
        Err(ParseError::ActAsHere)
    } else {
        Ok(())
    }
}

/// A cloud id in a path.
pub(super) fn cloud(text: &str) -> Result<CloudId, ParseError> {
    Ok(text.parse()?)
}
