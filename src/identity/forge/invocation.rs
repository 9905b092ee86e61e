//! What an invocation token says, typed. Used by the verifier beside it, before the signature to spare a fetch, and after it.
//! Environment, version and module of the app say nothing about who may do what, and are not read.

use serde::Deserialize;

use crate::clock::Timestamp;
use crate::identity::claims::Audience;
use crate::identity::{Claims, Window, strict_json};
use crate::tenant::{AccountId, CloudId, InstallationId, SiteUrl};

use super::error::ForgeError;

/// Who issues them.
pub(in crate::identity) const ISSUER: &str = "forge/invocation-token";

const JTI_BYTES_MAX: usize = 256;

/// What a token must say.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) app_id: String,
    /// Without a slash at its end.
    pub(super) api_base: String,
    pub(super) window: Window,
}

/// What a token says that is as expected.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) installation: InstallationId,
    /// From `app.apiBaseUrl`.
    pub(super) cloud: CloudId,
    /// Where the site was at that time: it finds no tenant, but says where that of the installation is.
    pub(super) site: Option<SiteUrl>,
    /// Whether a page stands behind it: only then is there a context.
    pub(super) is_of_page: bool,
    pub(super) principal: Option<AccountId>,
    pub(super) jti: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
}

#[derive(Deserialize)]
struct Payload {
    iss: String,
    aud: Audience,
    iat: u64,
    nbf: u64,
    exp: u64,
    jti: String,
    app: App,
    context: Option<Context>,
    principal: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct App {
    installation_id: String,
    api_base_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    cloud_id: Option<String>,
    site_url: Option<String>,
}

impl Invocation {
    /// Reads the claims, and refuses what is not as expected at `now`.
    pub(super) fn read(
        payload: &[u8],
        expected: &Expected,
        now: Timestamp,
    ) -> Result<Self, ForgeError> {
        let payload: Payload = strict_json::parse(payload)?;
        if payload.iss != ISSUER {
            return Err(ForgeError::Claim("iss"));
        }
        // One audience, and compared with what is configured: the token's own `app.id` would let every app in.
        if payload.aud.only() != Some(&expected.app_id) {
            return Err(ForgeError::Audience);
        }
        let claims = payload.times().ok_or(ForgeError::Claim("exp"))?;
        expected.window.check(&claims, now)?;
        if payload.jti.is_empty() || payload.jti.len() > JTI_BYTES_MAX {
            return Err(ForgeError::Claim("jti"));
        }
        let installation = payload.app.installation_id.parse();
        let installation = installation.map_err(|_| ForgeError::Claim("app.installationId"))?;
        let cloud = cloud(&payload.app.api_base_url, &expected.api_base)
            .ok_or(ForgeError::Claim("app.apiBaseUrl"))?;
        let is_of_page = payload.context.is_some();
        let context = payload.context.unwrap_or(Context {
            cloud_id: None,
            site_url: None,
        });
        if context
            .cloud_id
            .is_some_and(|said| said != cloud.to_string())
        {
            return Err(ForgeError::Claim("context.cloudId"));
        }
        let principal = payload.principal.map(|account| account.parse());
        let principal = principal.transpose();
        Ok(Self {
            installation,
            cloud,
            // One that cannot be read maps nothing; it is no reason to refuse whoever needs no mapping.
            site: context.site_url.and_then(|site| site.parse().ok()),
            is_of_page,
            principal: principal.map_err(|_| ForgeError::Claim("principal"))?,
            jti: payload.jti,
            iat: claims.iat,
            exp: claims.exp,
        })
    }
}

impl Payload {
    /// The times, as the window reads them.
    fn times(&self) -> Option<Claims> {
        let seconds = |number: u64| i64::try_from(number).ok();
        Some(Claims {
            iss: self.iss.clone(),
            sub: None,
            iat: seconds(self.iat)?,
            exp: seconds(self.exp)?,
            nbf: Some(seconds(self.nbf)?),
            qsh: None,
            aud: Vec::new(),
            jti: None,
        })
    }
}

/// `{api_base}/ex/jira/{cloud id}`, in exactly that form.
fn cloud(url: &str, api_base: &str) -> Option<CloudId> {
    let id = url.strip_prefix(api_base)?.strip_prefix("/ex/jira/")?;
    let cloud: CloudId = id.parse().ok()?;
    (cloud.to_string() == id).then_some(cloud)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const CLOUD: &str = "11223344-a1b2-4c3d-8e9f-112233445566";
    const NOON: i64 = 1_795_435_200;

    fn expected() -> Expected {
        Expected {
            app_id: "ari:cloud:ecosystem::app/8db33809-1f32-48bb-8c52-5877dab48107".to_owned(),
            api_base: "https://api.atlassian.com".to_owned(),
            window: Window {
                leeway_s: 5,
                lifetime_s_max: 120,
            },
        }
    }

    fn claims() -> Value {
        json!({
            "iss": ISSUER,
            "aud": expected().app_id,
            "iat": NOON, "nbf": NOON, "exp": NOON + 25,
            "jti": "d8a496253ec8c18a54631e4c82cbedd5d0ae8570",
            "app": {
                "id": expected().app_id,
                "installationId": "ari:cloud:ecosystem::installation/0a3a7799-53ae-4a5b-9e7e-03338980abb5",
                "apiBaseUrl": format!("https://api.atlassian.com/ex/jira/{CLOUD}"),
                "environment": {"type": "PRODUCTION"},
            },
            "context": {"cloudId": CLOUD, "siteUrl": "https://acme.atlassian.net"},
            "principal": "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077",
        })
    }

    fn code(claims: &Value, after_s: i64) -> &'static str {
        let now = Timestamp::from_seconds(NOON + after_s);
        match Invocation::read(claims.to_string().as_bytes(), &expected(), now) {
            Ok(_) => "good",
            Err(ForgeError::Claim(claim)) => claim,
            Err(error) => error.code(),
        }
    }

    /// The sample with the member at `path` replaced, or taken out.
    fn with(path: &str, value: Option<Value>) -> Value {
        let mut claims = claims();
        let (parent, name) = path.rsplit_once('/').unwrap();
        let parent = claims.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => drop(parent.insert(name.to_owned(), value)),
            None => drop(parent.remove(name)),
        }
        claims
    }

    #[test]
    fn the_official_sample_is_good() {
        assert_eq!(code(&claims(), 0), "good");
        assert_eq!(code(&with("/context", None), 0), "good");
        assert_eq!(code(&with("/principal", None), 0), "good");
        assert_eq!(
            code(&with("/aud", Some(json!([expected().app_id]))), 0),
            "good"
        );
        assert_eq!(code(&with("/context/siteUrl", Some(json!("?"))), 0), "good");
    }

    #[test]
    fn what_is_required_is_required() {
        for path in [
            "/iss",
            "/aud",
            "/iat",
            "/nbf",
            "/exp",
            "/jti",
            "/app",
            "/app/installationId",
            "/app/apiBaseUrl",
        ] {
            assert_eq!(code(&with(path, None), 0), "token_claims", "{path}");
            assert_ne!(code(&with(path, Some(Value::Null)), 0), "good", "{path}");
            assert_ne!(code(&with(path, Some(json!({}))), 0), "good", "{path}");
        }
        let text = claims().to_string().replacen('{', r#"{"aud":"x","#, 1);
        let twice = Invocation::read(text.as_bytes(), &expected(), Timestamp::from_seconds(NOON));
        assert_eq!(twice.unwrap_err().code(), "token_claims");
    }

    #[test]
    fn what_is_said_must_be_what_is_expected() {
        let app = expected().app_id;
        let other = "ari:cloud:ecosystem::app/00000000-1f32-48bb-8c52-5877dab48107";
        let api = |rest: &str| json!(format!("https://api.atlassian.com{rest}"));
        for (path, value, told) in [
            ("/iss", json!("forge/invocation-token/"), "iss"),
            ("/aud", json!(other), "wrong_audience"),
            ("/aud", json!([app, other]), "wrong_audience"),
            ("/aud", json!([]), "wrong_audience"),
            ("/aud", json!(app.to_uppercase()), "wrong_audience"),
            ("/jti", json!(""), "jti"),
            ("/jti", json!("j".repeat(257)), "jti"),
            (
                "/app/installationId",
                json!("0a3a7799-53ae-4a5b-9e7e-03338980abb5"),
                "app.installationId",
            ),
            (
                "/app/apiBaseUrl",
                json!(format!(
                    "https://api.atlassian.com.evil.example/ex/jira/{CLOUD}"
                )),
                "app.apiBaseUrl",
            ),
            (
                "/app/apiBaseUrl",
                json!(format!("http://api.atlassian.com/ex/jira/{CLOUD}")),
                "app.apiBaseUrl",
            ),
            (
                "/app/apiBaseUrl",
                api(&format!("/ex/confluence/{CLOUD}")),
                "app.apiBaseUrl",
            ),
            (
                "/app/apiBaseUrl",
                api(&format!("/ex/jira/{CLOUD}/")),
                "app.apiBaseUrl",
            ),
            (
                "/app/apiBaseUrl",
                api(&format!("/ex/jira/{}", CLOUD.to_uppercase())),
                "app.apiBaseUrl",
            ),
            ("/app/apiBaseUrl", api("/ex/jira/"), "app.apiBaseUrl"),
            (
                "/app/apiBaseUrl",
                api(&format!("//ex/jira/{CLOUD}")),
                "app.apiBaseUrl",
            ),
            (
                "/context/cloudId",
                json!("99999999-a1b2-4c3d-8e9f-112233445566"),
                "context.cloudId",
            ),
            ("/principal", json!(""), "principal"),
            ("/principal", json!("a/b"), "principal"),
            ("/exp", json!(NOON + 121), "token_long_lived"),
            ("/exp", json!("1795435225"), "token_claims"),
            ("/exp", json!(1.5), "token_claims"),
            ("/exp", json!(u64::MAX), "exp"),
            ("/iat", json!(-1), "token_claims"),
            ("/nbf", json!(NOON + 25), "token_never_valid"),
        ] {
            assert_eq!(
                code(&with(path, Some(value.clone())), 0),
                told,
                "{path} {value}"
            );
        }
    }

    #[test]
    fn clocks_differ_by_five_seconds_at_most() {
        assert_eq!(
            (code(&claims(), -5), code(&claims(), -6)),
            ("good", "token_from_future")
        );
        assert_eq!(
            (code(&claims(), 29), code(&claims(), 30)),
            ("good", "token_expired")
        );
        let late = with("/nbf", Some(json!(NOON + 6)));
        assert_eq!((code(&late, 0), code(&late, 1)), ("token_not_yet", "good"));
    }
}
