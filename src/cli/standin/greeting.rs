//! What the stand-in prints when it starts: a whole configuration for a gateway beside it, and, as comments of it, what people paste
//! into a terminal. Used by this command only.

use std::fmt::{self, Write as _};
use std::net::SocketAddr;

use super::target::Target;
use crate::standin::{Site, Standin};

/// The greeting of a stand-in; its text is a `gatepost.toml`.
pub(super) struct Greeting<'a> {
    pub(super) standin: &'a Standin,
    pub(super) gateway: &'a Target,
}

impl fmt::Display for Greeting<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.standin.address();
        writeln!(
            formatter,
            "# The stand-in listens on {address}. This is a gatepost.toml for it; what is not here has its default."
        )?;
        writeln!(formatter, "{}", self.configuration())?;
        let issues = self.issues()?;
        for line in issues.lines().chain(self.standin.guide().lines()) {
            writeln!(formatter, "{}", format!("# {line}").trim_end())?;
        }
        Ok(())
    }
}

impl Greeting<'_> {
    fn configuration(&self) -> String {
        let Self { standin, gateway } = self;
        let sites = [standin.sites(), standin.forge_sites()].concat();
        let each = |line: &dyn Fn(&Site) -> String| sites.iter().map(line).collect::<String>();
        format!(
            r#"[server]
public_url = {public_url}
{listen}[atlassian]
app_key = {app_key}
forge_app_id = {forge_app_id}
[development]
enabled = true
install_key_server = "{keys}"
oauth_server = "{oauth}"
api_base = "{api}"
forge_jwks = "{forge_jwks}"
page_script = "{script}"
[development.resolve]
{hosts}[[oidc]]
name = "company"
issuer = "{issuer}"
audience = "gatepost"
jwks = "{jwks}"
tenant_claim = "org"
account_claim = "account"
[oidc.tenants]
{tenants}"#,
            public_url = quoted(&gateway.base_url),
            listen = listen(gateway),
            app_key = quoted(standin.app_key()),
            forge_app_id = quoted(standin.forge_app_id()),
            keys = standin.key_server(),
            oauth = standin.oauth_server(),
            api = standin.api_base(),
            forge_jwks = standin.forge_jwks(),
            script = standin.page_script(),
            hosts = each(&|site| format!("\"{}\" = \"{}\"\n", site.host(), standin.address())),
            issuer = standin.oidc_issuer(),
            jwks = standin.oidc_jwks(),
            tenants = each(&|site| format!("\"{}\" = \"{}\"\n", site.name(), site.host())),
        )
    }

    /// An issue by each kind of credential: lines that work once the gateway runs and the app is installed.
    fn issues(&self) -> Result<String, fmt::Error> {
        let mut text = "Once the gateway runs and the app is installed, an issue\n".to_owned();
        if let Some(site) = self.standin.sites().first() {
            let (name, host) = (site.name(), site.host());
            let token = |what: &str| self.fetched(what, site);
            let context = header("JWT", &token(&format!("sites/{name}/context-token?")));
            let id = header(
                "Bearer",
                &token(&format!("id-token?aud=gatepost&org={name}&")),
            );
            let api = format!("-u \"{}\"", token("api-token?"));
            let access = header("Bearer", &token(&format!("oauth-token?site={name}&")));
            write!(
                text,
                "by a token of Connect's:\n{}by a token of the company's OpenID provider:\n{}\
                 by an API token and by an access token, once the site takes them:\n  \
                 gatepost tenant credentials {host} --allow api_token,oauth_token\n{}{}",
                self.curl(&context, site),
                self.curl(&id, site),
                self.curl(&api, site),
                self.curl(&access, site),
            )?;
        }
        if let Some(site) = self.standin.forge_sites().first() {
            let token = format!("sites/{}/invocation-token?", site.name());
            let invocation = header("Bearer", &self.fetched(&token, site));
            write!(
                text,
                "by a token of Forge's:\n{}",
                self.curl(&invocation, site)
            )?;
        }
        if let Some(site) = self.standin.sites().first() {
            let page = site.page_url(site.somebody());
            write!(text, "The app's page in its frame:\n  {page}\n")?;
        }
        text.push('\n');
        Ok(text)
    }

    /// What a shell puts a fresh credential in place of.
    fn fetched(&self, what: &str, site: &Site) -> String {
        let own = self.standin.oauth_server();
        format!(
            "$(curl -s '{own}/_standin/{what}account={}')",
            site.somebody()
        )
    }

    fn curl(&self, with: &str, site: &Site) -> String {
        let (gateway, host, key) = (&self.gateway.base_url, site.host(), site.first_issue());
        format!("  curl -s {with} '{gateway}/sites/{host}/rest/api/3/issue/{key}'\n")
    }
}

/// Where the gateway must listen to be at the address that is called; nothing where that is no address of this machine.
fn listen(gateway: &Target) -> String {
    let authority = gateway.authority.replace("localhost:", "127.0.0.1:");
    let address: Result<SocketAddr, _> = authority.parse();
    address.map_or_else(
        |_| String::new(),
        |address| format!("listen = \"{address}\"\n"),
    )
}

/// A string of TOML, whatever is in it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn header(scheme: &str, token: &str) -> String {
    format!("-H \"Authorization: {scheme} {token}\"")
}

#[cfg(test)]
mod tests;
