//! What callers are told when they are not given what they asked for: one merged body that seven Jira clients read well (contract:
//! "Data plane"), or `application/problem+json` (RFC 9457) for those who ask. The one place that maps stops to statuses.
//! A text here must never tell a foreign site from an unknown one, nor an unseen issue from a missing one.

mod callback;
mod credentials;
mod own;
mod user_token;

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::decision::{DeniedError, GROUPS_UNKNOWN, UNSEEN};
use crate::gateway::Stop;
use crate::identity::verify::IdentityError;
use crate::ledger::LedgerError;
use crate::screen::ScreenError;
use crate::upstream::UpstreamError;

use super::connect_page;
use super::form::Form;
use super::parse::ParseError;

/// What Jira says of an issue that is absent or forbidden.
const NOT_VISIBLE: &str = "Issue does not exist or you do not have permission to see it.";
const UNAUTHENTICATED: &str = "The request has no valid credential.";

/// Every way to prove who asks.
const SCHEMES: HeaderValue = HeaderValue::from_static(
    "Bearer realm=\"gatepost\", Basic realm=\"gatepost\", JWT realm=\"gatepost\"",
);
/// What a page takes. A browser that reads `Basic` asks people for a password, which there is none.
const PAGE_SCHEME: HeaderValue = HeaderValue::from_static("JWT realm=\"gatepost\"");

/// An answer in error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: String,
    sentence: String,
    hint: &'static str,
    retry_after_s: Option<u64>,
}

impl Problem {
    fn new(
        status: StatusCode,
        code: &str,
        sentence: impl Into<String>,
        hint: &'static str,
    ) -> Self {
        Self {
            status,
            code: code.to_owned(),
            sentence: sentence.into(),
            hint,
            retry_after_s: None,
        }
    }

    fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    fn not_visible() -> Self {
        let hint = "Check site, issue and the account that you act as; the operator finds the cause by the decision id.";
        Self::new(StatusCode::NOT_FOUND, UNSEEN.0, NOT_VISIBLE, hint)
    }

    fn unauthenticated() -> Self {
        let hint = "Send `Authorization: Bearer` with a session, a client key, an unused invocation token of Forge's or a token of a \
                    configured provider, Basic with a client key as password, or `JWT` with a fresh context token or a request token for \
                    this very request. A credential from Atlassian needs a path that names the site, and a site that takes such.";
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            UNAUTHENTICATED,
            hint,
        )
    }

    /// The same for the route that it comes from: to whom sends a good credential of another kind, the general hint would tell to do
    /// what they did.
    pub(super) fn on(self, method: Option<&str>, route: Option<&str>) -> Self {
        let spends = ["/v1/keys", "/v1/sessions", "/v1/grants", "/v1/site/grants"];
        let is_exchange =
            method == Some("POST") && route.is_some_and(|route| spends.contains(&route));
        if !is_exchange || self.code != "unauthenticated" {
            return self;
        }
        let hint = "This route takes `Authorization: JWT` with an unused context token, or `Bearer` with an unused invocation token of Forge's \
                    (for keys and grants at most 60 s old).";
        Self { hint, ..self }
    }

    fn unavailable(code: &str, sentence: &str) -> Self {
        let hint = "Nothing was sent to Jira. Try again; if it lasts, the operator finds the cause at /readyz.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, sentence, hint).retry_after(2)
    }

    fn upstream(status: StatusCode, code: &str, sentence: &str) -> Self {
        Self::new(
            status,
            code,
            sentence,
            "Try again later; the operator finds the cause by the decision id.",
        )
    }

    fn limited(seconds: Option<u64>) -> Self {
        let sentence =
            "Jira limits requests to this site: this is Jira's limit, not the gateway's.";
        Self::upstream(StatusCode::TOO_MANY_REQUESTS, "jira_limit", sentence)
            .retry_after(seconds.unwrap_or(30))
    }

    /// The answer for the request whose decision has this id.
    pub(super) fn into_response(self, decision_id: &str, form: Form) -> Response {
        let (mut response, schemes) = match form {
            Form::Merged => (self.json(decision_id, false), SCHEMES),
            Form::Problem => (self.json(decision_id, true), SCHEMES),
            Form::Page(policy) => {
                let page = connect_page::refused(self.status, &self.sentence, decision_id, policy);
                (page.into_response(), PAGE_SCHEME)
            }
        };
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, schemes);
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    fn json(&self, decision_id: &str, problem_json: bool) -> Response {
        let sentence = &self.sentence;
        let mut body = json!({
            "type": format!("urn:gatepost:problem:{}", self.code),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": sentence,
            "code": self.code,
            "decision_id": decision_id,
            "hint": self.hint,
        });
        if !problem_json {
            body["errorMessages"] = json!([format!("{sentence} (decision {decision_id})")]);
            body["errors"] = json!({});
        }
        let kind = if problem_json {
            "application/problem+json"
        } else {
            "application/json;charset=UTF-8"
        };
        let mut response = Response::new(Body::from(body.to_string()));
        let kind = HeaderValue::from_static(kind);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

impl From<&Stop> for Problem {
    fn from(stop: &Stop) -> Self {
        match stop {
            Stop::Identity(IdentityError::Issued { cause, .. }) => Self::from(cause),
            Stop::Identity(IdentityError::Forge { cause, .. }) if cause.is_unavailable() => {
                Self::unavailable(
                    "forge_unavailable",
                    "The token of Forge cannot be checked now.",
                )
            }
            Stop::Identity(IdentityError::Own(refusal)) => Self::from(&refusal.cause),
            Stop::Identity(IdentityError::Oidc(refused)) if refused.cause.is_lookup() => {
                Self::unchecked(refused.cause.code())
            }
            Stop::Identity(_)
            | Stop::Upstream(UpstreamError::Revoked(_) | UpstreamError::ForeignToken)
            | Stop::Screen(ScreenError::Revoked(_)) => Self::unauthenticated(),
            Stop::Issue(error) => Self::from(error),
            Stop::Supervise(error) => Self::from(error),
            Stop::Resolve(_)
            | Stop::Denied(DeniedError {
                cross_tenant: true, ..
            })
            | Stop::Screen(ScreenError::NotVisible | ScreenError::Denied(..)) => {
                Self::not_visible()
            }
            Stop::NoPolicies => Self::unavailable("no_policies", "No policy set is in force."),
            Stop::Denied(denied) => denial(denied),
            Stop::LogSlow => log("log_unavailable"),
            Stop::Ledger(error) | Stop::Screen(ScreenError::Ledger(error)) => Self::from(error),
            Stop::Upstream(UpstreamError::Token(failure)) => Self::from(&**failure),
            Stop::Upstream(UpstreamError::Outbound(error)) if error.is_timeout() => slow(),
            Stop::Upstream(UpstreamError::Deadline) => slow(),
            Stop::Upstream(
                UpstreamError::Outbound(_) | UpstreamError::Unauthorized | UpstreamError::NoCloudId,
            )
            | Stop::Screen(
                ScreenError::Broken(_) | ScreenError::NotAnIssue(_) | ScreenError::NotOfSite(_),
            ) => Self::upstream(
                StatusCode::BAD_GATEWAY,
                "jira_failed",
                "Jira did not give a usable answer.",
            ),
            Stop::Screen(ScreenError::Refused) => Self::new(
                StatusCode::BAD_REQUEST,
                "jira_refused",
                "Jira does not accept the request.",
                "Check fields and expand.",
            ),
            Stop::Screen(ScreenError::NotAdministrator) => Self::new(
                StatusCode::FORBIDDEN,
                "not_site_admin",
                "Jira says that you do not administer this site.",
                "An administrator of the site can do this.",
            ),
            Stop::Screen(ScreenError::Limited(seconds)) => Self::limited(*seconds),
        }
    }
}

/// Also where Jira was asked already, and the decision about its answer could not be recorded.
fn log(code: &str) -> Problem {
    let sentence = "The decision could not be recorded, so no answer is given.";
    let hint = "Try again; if it lasts, the operator finds the cause at /readyz.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, sentence, hint).retry_after(2)
}

fn slow() -> Problem {
    Problem::upstream(
        StatusCode::GATEWAY_TIMEOUT,
        "jira_slow",
        "Jira did not answer in time.",
    )
}

/// The sentence of a denial for which no policy has one.
pub(super) fn sentence(code: &str) -> &'static str {
    if code == UNSEEN.0 {
        NOT_VISIBLE
    } else if code == GROUPS_UNKNOWN {
        "The rules ask for your Jira groups, and these are not known now."
    } else {
        "No policy allows this."
    }
}

fn denial(denied: &DeniedError) -> Problem {
    // No policy can have this code (`policy::rule`).
    if denied.code == GROUPS_UNKNOWN {
        let hint = "Try again; if it lasts, the operator finds the cause by the decision id.";
        let (status, code) = (StatusCode::SERVICE_UNAVAILABLE, &denied.code);
        return Problem::new(status, code, sentence(code), hint).retry_after(2);
    }
    let sentence = denied.reason.as_deref().unwrap_or(sentence(&denied.code));
    let hint =
        "The security team finds the deciding policies in the decision log by the decision id.";
    Problem::new(StatusCode::FORBIDDEN, &denied.code, sentence, hint)
}

impl From<&LedgerError> for Problem {
    fn from(error: &LedgerError) -> Self {
        let code = if matches!(error, LedgerError::Full) {
            "log_full"
        } else {
            "log_unavailable"
        };
        log(code)
    }
}

/// An error's text as a sentence.
fn capitalised(error: &dyn std::error::Error) -> String {
    let mut sentence = error.to_string();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence + "."
}

impl From<&ParseError> for Problem {
    fn from(error: &ParseError) -> Self {
        let status = match error {
            ParseError::UnknownRoute => StatusCode::NOT_FOUND,
            ParseError::Body(_) => StatusCode::PAYLOAD_TOO_LARGE,
            ParseError::Origin => StatusCode::FORBIDDEN,
            ParseError::Slow => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.code(), capitalised(error), error.hint())
    }
}
