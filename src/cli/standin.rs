//! `gatepost standin`: the pretended Jira alone, for people who develop against Gatepost. Nothing of the gateway runs here; with
//! `--install` it plays Atlassian's part: it delivers the signed callback, and sends what Forge's schedule sends.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args as ClapArgs;

use super::wire::{self, Message};
use crate::clock::{Chance, Clock};
use crate::standin::{Callback, FORGE_APP_ID, Settings, Site, Standin};

/// How often a gateway that is not up yet is tried, a second apart.
const ATTEMPTS_MAX: u32 = 60;
/// How often one that is up may refuse the first call of a schedule, likewise.
const REFUSED_MAX: u32 = 15;
/// As often as the schedule of the sample app under `docs/forge/`.
const SCHEDULE: Duration = Duration::from_hours(1);

/// Run the Jira stand-in alone: sites, key server, authorization server, Forge, api host and OpenID providers on one loopback address.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  gatepost standin --site acme --site globex
  gatepost standin --listen 127.0.0.1:9100 --site acme --install http://127.0.0.1:8080

A browser then sees the app's page in its frame, as inside Jira, at
  http://127.0.0.1:9100/sites/acme/page?as=ann
How to get a credential of each kind says
  curl -s http://127.0.0.1:9100/_standin/")]
pub struct Args {
    /// Where to listen; loopback only, port 0 takes a free one.
    #[arg(
        long,
        env = "GATEPOST_STANDIN_LISTEN",
        default_value = "127.0.0.1:9100"
    )]
    pub listen: SocketAddr,
    /// A site, by the first label of its host; may be given several times.
    #[arg(
        long = "site",
        value_name = "NAME",
        env = "GATEPOST_STANDIN_SITE",
        value_delimiter = ',',
        default_values = ["acme", "globex"],
    )]
    pub sites: Vec<String>,
    /// A site where the app is there through Forge alone; may be given several times.
    #[arg(
        long = "forge-site",
        value_name = "NAME",
        env = "GATEPOST_STANDIN_FORGE_SITE",
        value_delimiter = ',',
        default_values = ["initech"],
    )]
    pub forge_sites: Vec<String>,
    /// The key of the app that is installed.
    #[arg(
        long,
        env = "GATEPOST_STANDIN_APP_KEY",
        default_value = "com.example.gatepost"
    )]
    pub app_key: String,
    /// The app on Forge.
    #[arg(
        long,
        value_name = "ARI",
        env = "GATEPOST_STANDIN_FORGE_APP_ID",
        default_value = FORGE_APP_ID
    )]
    pub forge_app_id: String,
    /// Install the app: deliver each site's signed callback to this base URL of a gateway, waiting until it is up. For sites on Forge
    /// alone, Forge's schedule is played every hour.
    #[arg(long, value_name = "URL", env = "GATEPOST_STANDIN_INSTALL")]
    pub install: Option<String>,
}

/// Runs until Ctrl-C.
pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(stand_in(args))
}

async fn stand_in(args: Args) -> anyhow::Result<ExitCode> {
    let settings = Settings {
        listen: args.listen,
        sites: args.sites,
        forge_sites: args.forge_sites,
        app_key: args.app_key,
        forge_app_id: args.forge_app_id,
    };
    let standin = Standin::start(settings, Clock::system(), Chance::system())
        .await
        .with_context(|| format!("cannot listen on `{}`", args.listen))?;
    print!("{}", greeting(&standin));
    let playing = async {
        if let Some(base_url) = args.install {
            let target = Target::parse(&base_url)?;
            for site in standin.sites() {
                install(&site, &base_url, &target).await?;
            }
            keep_schedule(&standin.forge_sites(), &target).await?;
        }
        std::future::pending().await
    };
    tokio::select! {
        stopped = tokio::signal::ctrl_c() => stopped.context("cannot wait for Ctrl-C")?,
        played = playing => return played,
    }
    Ok(super::Exit::Ok.into())
}

/// What to paste into the gateway's configuration, and how to get credentials.
fn greeting(standin: &Standin) -> String {
    let all = [standin.sites(), standin.forge_sites()].concat();
    let lines = |line: &dyn Fn(&Site) -> String| all.iter().map(line).collect::<Vec<_>>().concat();
    let page = standin.sites().first().map(|site| site.page_url("ann"));
    format!(
        "# The stand-in listens on {address}. For gatepost.toml:
[atlassian]
app_key = \"{key}\"
forge_app_id = \"{app}\"
[development]
enabled = true
install_key_server = \"{keys}\"
oauth_server = \"{oauth}\"
api_base = \"{api}\"
forge_jwks = \"{forge}\"
page_script = \"{script}\"
[development.resolve]
{hosts}[[oidc]]
name = \"company\"
issuer = \"{issuer}\"
jwks = \"{jwks}\"
audience = \"gatepost\"
tenant_claim = \"org\"
account_claim = \"account\"
[oidc.tenants]
{tenants}
# The app's page in its frame, as Ann sees it, once the app is installed:
#   {page}
# {guide}
",
        address = standin.address(),
        key = standin.app_key(),
        app = standin.forge_app_id(),
        keys = standin.key_server(),
        oauth = standin.oauth_server(),
        api = standin.api_base(),
        forge = standin.forge_jwks(),
        script = standin.page_script(),
        hosts = lines(&|site| format!("\"{}\" = \"{}\"\n", site.host(), standin.address())),
        issuer = standin.oidc_issuer(),
        jwks = standin.oidc_jwks(),
        tenants = lines(&|site| format!("{} = \"{}\"\n", site.name(), site.host())),
        page = page.unwrap_or_else(|| "no site has it".to_owned()),
        guide = standin.guide().trim_end().replace('\n', "\n# "),
    )
}

/// Where a callback goes.
struct Target {
    authority: String,
    path: String,
}

impl Target {
    fn parse(base_url: &str) -> anyhow::Result<Self> {
        let url = url::Url::parse(base_url).with_context(|| format!("`{base_url}` is no URL"))?;
        let is_bare =
            url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
        if url.scheme() != "http" || !is_bare {
            bail!(
                "`{base_url}` is no base URL of a gateway in development: http, host, port, path"
            );
        }
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Self {
            authority: format!("{host}:{port}"),
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }
}

async fn install(site: &Site, base_url: &str, target: &Target) -> anyhow::Result<()> {
    for attempt in 1..=ATTEMPTS_MAX {
        // Signed anew each time: a callback is good for three minutes, and once.
        let callback = site.install(base_url.trim_end_matches('/'));
        match deliver(target, &callback).await {
            Ok(status @ (200 | 204)) => {
                println!("# Installed on {}: {status}.", site.host());
                return Ok(());
            }
            Ok(status) => bail!(
                "the gateway refused the install on `{}`: {status}",
                site.host()
            ),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                if attempt == 1 {
                    eprintln!("waiting for a gateway at {}", target.authority);
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error).context("cannot deliver the install"),
        }
    }
    bail!("no gateway at `{}`", target.authority)
}

/// Plays Forge's schedule on the sites that it alone knows, for as long as the stand-in runs: what a gateway has of it ends.
async fn keep_schedule(sites: &[Site], target: &Target) -> anyhow::Result<()> {
    for site in sites {
        first_trigger(site, target).await?;
        println!("# Schedule of {}: 204.", site.host());
    }
    loop {
        tokio::time::sleep(SCHEDULE).await;
        for site in sites {
            // A gateway that is down for an hour hears of the next.
            match trigger(site, target).await {
                Ok(204) => {}
                Ok(status) => eprintln!("the schedule of {} was refused: {status}", site.host()),
                Err(error) => eprintln!("the schedule of {} was not sent: {error}", site.host()),
            }
        }
    }
}

/// A gateway that started a moment ago takes no token of Forge's yet.
async fn first_trigger(site: &Site, target: &Target) -> anyhow::Result<()> {
    let mut refused = 0;
    for _ in 1..=ATTEMPTS_MAX {
        match trigger(site, target).await {
            Ok(204) => return Ok(()),
            Ok(401) if refused < REFUSED_MAX => refused += 1,
            Ok(status) => bail!(
                "the gateway refused the schedule of `{}`: {status}; `atlassian.forge_app_id` and `development.forge_jwks` must be \
                 those above",
                site.host()
            ),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
            Err(error) => return Err(error).context("cannot send the schedule"),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    bail!("no gateway at `{}`", target.authority)
}

/// The call of a schedule; gives the status of the answer.
async fn trigger(site: &Site, target: &Target) -> std::io::Result<u16> {
    let message = Message {
        method: "POST",
        authority: &target.authority,
        target: &format!("{}/forge/remote/trigger", target.path),
        authorization: "",
        headers: &site.forge_headers(None),
        body: "{}",
    };
    Ok(wire::exchange(&message).await?.status)
}

/// One POST over a connection of its own; gives the status of the answer.
async fn deliver(target: &Target, callback: &Callback) -> std::io::Result<u16> {
    let message = Message {
        method: "POST",
        authority: &target.authority,
        target: &format!("{}{}", target.path, callback.path),
        authorization: &callback.authorization,
        headers: &[],
        body: &callback.body,
    };
    Ok(wire::exchange(&message).await?.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn the_greeting_is_a_configuration() {
        let standin = Standin::start(Settings::default(), Clock::system(), Chance::seeded(1)).await;
        let standin = standin.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gatepost.toml");
        std::fs::write(&path, greeting(&standin)).unwrap();
        let loaded = Config::load(Some(&path), &Environment::default()).unwrap();
        let development = &loaded.config.development;
        assert_eq!(development.install_key_server, Some(standin.key_server()));
        assert_eq!(development.api_base, Some(standin.api_base()));
        assert_eq!(development.forge_jwks, Some(standin.forge_jwks()));
        assert_eq!(development.page_script, Some(standin.page_script()));
        for host in ["acme.atlassian.net", "initech.atlassian.net"] {
            assert_eq!(development.resolve.get(host), Some(&standin.address()));
        }
    }

    #[test]
    fn only_a_plain_http_base_url_takes_installs() {
        for url in [
            "https://x.example",
            "http://a@127.0.0.1",
            "http://127.0.0.1/?a",
            "127.0.0.1:8080",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
        let target = Target::parse("http://127.0.0.1:8080/base/").unwrap();
        assert_eq!(
            (target.authority.as_str(), target.path.as_str()),
            ("127.0.0.1:8080", "/base")
        );
    }

    #[tokio::test]
    async fn an_install_is_delivered_and_its_status_read() {
        let standin = Standin::start(Settings::default(), Clock::system(), Chance::seeded(1)).await;
        let site = standin.unwrap().site("acme");
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/base", gateway.local_addr().unwrap());
        let answering = async {
            let (mut stream, _) = gateway.accept().await.unwrap();
            let mut request = vec![0; 16 * 1024];
            let read = stream.read(&mut request).await.unwrap();
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .await
                .unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        };
        let target = Target::parse(&base_url).unwrap();
        let (request, installed) = tokio::join!(answering, install(&site, &base_url, &target));
        installed.unwrap();
        assert!(
            request.starts_with("POST /base/connect/installed HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(request.contains("Authorization: JWT "));
    }
}
