//! Asks Atlassian whose a credential is, with leave to. Used by `flights`.
//! It goes to the registered site and to Atlassian's API host, and nowhere else; a redirect is an answer that says nothing.
//! Before each question the tenant is read again: a turn, the log and an answer are waited for, and what an operator or Atlassian said of
//! the tenant meanwhile must win.

use crate::identity::tenant_info::{self, Untold};
use crate::outbound::{
    ApiHost, Authorization, Destination, LoginRefused, Outbound, Received, SiteRequest,
};
use crate::tenant::own::OwnKind;
use crate::tenant::{AccountId, Tenant, Tenants};

use super::answers::{self, Unconfirmed};
use super::error::{Refused, Trouble};
use super::leave::Leave;
use super::still_takes;
use super::subject::Subject;

/// Whose it is, and whether it is good at the API host.
pub(super) type Owner = (AccountId, bool);

/// Whose the credential is. `at_api` is where it was good before, if it was.
pub(super) async fn whose(
    outbound: &Outbound,
    api: &ApiHost,
    tenants: &Tenants,
    leave: &Leave,
    at_api: Option<bool>,
) -> Result<Owner, Unconfirmed> {
    let subject = leave.subject();
    let asker = Asker {
        outbound,
        api,
        tenants,
        subject,
    };
    match subject.brought.kind() {
        OwnKind::OauthToken => asker.of_access_token().await,
        OwnKind::ApiToken => {
            let at_api = at_api.unwrap_or(subject.brought.is_for_api_host);
            asker.of_api_token(at_api).await
        }
    }
}

struct Asker<'a> {
    outbound: &'a Outbound,
    api: &'a ApiHost,
    tenants: &'a Tenants,
    subject: &'a Subject,
}

impl Asker<'_> {
    /// A token with scopes is not known at the site's own host: what is refused there is tried once at the API host. So is what that host
    /// must not see.
    async fn of_api_token(&self, at_api: bool) -> Result<Owner, Unconfirmed> {
        if at_api {
            return self.myself(true).await;
        }
        let has_its_host = self.has_its_host().await?;
        if has_its_host {
            match self.myself(false).await {
                Err(Unconfirmed::Refused(Refused::Credential | Refused::Forbidden))
                    if self.subject.tenant.cloud_id.is_some() => {}
                // Where Jira wants a CAPTCHA each further try would only make it worse; anything else is an answer.
                other => return other,
            }
        }
        let owner = self.myself(true).await;
        // Not for a stranger's tries, which would be a line each.
        if owner.is_ok() && !has_its_host {
            let Tenant { id, site, .. } = &*self.subject.tenant;
            tracing::warn!(
                tenant.id = id.as_str(),
                host = site.host(),
                "the site of this tenant does not have its host any more; users' API tokens go to the API host"
            );
        }
        owner
    }

    /// Whether the site's host is the site's still. Where Connect installs, a signed callback tells that a site was renamed; where Forge
    /// alone knows it nobody does, and Atlassian may have given its host to another customer.
    async fn has_its_host(&self) -> Result<bool, Unconfirmed> {
        let Subject {
            tenant, request_id, ..
        } = self.subject;
        if !tenant.is_of_forge_alone() {
            return Ok(true);
        }
        self.require_unchanged()?;
        let cloud = tenant.cloud_id.ok_or(Refused::NoCloudId)?;
        match tenant_info::cloud_id(self.outbound, &tenant.site, request_id).await {
            Ok(told) => Ok(told == cloud),
            // The former host of a renamed site redirects for a while, and then is nobody's until somebody gets it.
            Err(Untold::Status {
                status: 300..=399 | 404 | 410,
                ..
            }) => Ok(false),
            Err(untold) => Err(Trouble::from(untold).into()),
        }
    }

    /// Which sites the token covers is asked first: at a site that it does not cover it has no business.
    async fn of_access_token(&self) -> Result<Owner, Unconfirmed> {
        let cloud = self.subject.tenant.cloud_id.ok_or(Refused::NoCloudId)?;
        let (authorization, request_id) = self.sent()?;
        let asked = self
            .outbound
            .accessible_resources(self.api, authorization, request_id);
        answers::covers(&usable(asked.await.map_err(Trouble::from)?)?, cloud)?;
        self.myself(true).await
    }

    async fn myself(&self, at_api: bool) -> Result<Owner, Unconfirmed> {
        let tenant = &self.subject.tenant;
        let cloud = tenant.cloud_id.map(|cloud| cloud.to_string());
        let (authorization, request_id) = self.sent()?;
        let request = SiteRequest {
            to: match (at_api, &cloud) {
                (false, _) => Destination::Site {
                    host: tenant.site.host(),
                },
                (true, Some(cloud)) => Destination::Api {
                    host: self.api,
                    cloud,
                },
                (true, None) => return Err(Refused::NoCloudId.into()),
            },
            segments: &["rest", "api", "3", "myself"],
            query: &[],
            authorization: Some(authorization),
            request_id,
        };
        let asked = self.outbound.ask_whose(&request).await;
        let body = usable(asked.map_err(Trouble::from)?)?;
        Ok((answers::myself(&body)?, at_api))
    }

    /// What is sent, once: nothing else gives the credential out, and it is asked for before each question.
    fn sent(&self) -> Result<(Authorization<'_>, &str), Unconfirmed> {
        self.require_unchanged()?;
        let authorization = self.subject.brought.carried.authorization();
        Ok((authorization, &self.subject.request_id))
    }

    fn require_unchanged(&self) -> Result<(), Unconfirmed> {
        let tenant = &self.subject.tenant;
        let current = self.tenants.current(&tenant.id);
        let (kind, now) = (self.subject.brought.kind(), self.tenants.now());
        if current.is_some_and(|current| still_takes(&current, tenant.epoch, kind, now)) {
            Ok(())
        } else {
            Err(Unconfirmed::Outlived)
        }
    }
}

impl From<Untold> for Trouble {
    fn from(untold: Untold) -> Self {
        match untold {
            Untold::Outbound(error) => error.into(),
            Untold::Status {
                status: 429,
                retry_after_s,
            } => Self::Limited(retry_after_s),
            Untold::Status { .. } | Untold::Malformed => Self::Broken,
        }
    }
}

/// The body of an answer that is one.
fn usable(received: Received) -> Result<bytes::Bytes, Unconfirmed> {
    match received.status {
        200 => Ok(received.body),
        403 if received.login_refused() == Some(LoginRefused::Captcha) => {
            Err(Refused::Captcha.into())
        }
        401 => Err(Refused::Credential.into()),
        // The API host knows no site for whoever was not let in there.
        403 | 404 => Err(Refused::Forbidden.into()),
        429 => Err(Trouble::Limited(received.retry_after_s()).into()),
        _ => Err(Trouble::Broken.into()),
    }
}
