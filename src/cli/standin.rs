//! `gatepost standin`: the pretended Jira alone, for people who develop against Gatepost. Nothing of the gateway runs here; with
//! `--install` it plays Atlassian's part: the signed callbacks of Connect once, Forge's schedule for as long as it runs.

mod greeting;
mod install;
mod schedule;
mod target;

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args as ClapArgs;

use crate::clock::{Chance, Clock};
use crate::standin::{FORGE_APP_ID, Settings, Standin};
use greeting::Greeting;
use target::Target;

/// Where a gateway listens that was not told otherwise.
const USUAL: &str = "http://127.0.0.1:8080";

/// Run the Jira stand-in alone: sites, key server, authorization server, Forge, api host and OpenID providers on one loopback address.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  gatepost standin --site acme --site globex
  gatepost standin --listen 127.0.0.1:9100 --site acme --install http://127.0.0.1:8080

What it prints is a gatepost.toml for a gateway beside it, and lines to paste: an issue by each kind of credential.

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
    /// Install the app: deliver each site's signed callback to this base URL of a gateway, waiting until it is up, and on sites with
    /// Forge alone what Forge's hourly schedule sends, as long as this runs.
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
    let gateway = Target::parse(args.install.as_deref().unwrap_or(USUAL))?;
    let settings = Settings {
        listen: args.listen,
        sites: args.sites,
        forge_sites: args.forge_sites,
        app_key: args.app_key,
        forge_app_id: args.forge_app_id,
    };
    let standin = Standin::start(settings, Clock::system(), Chance::system())
        .await
        .with_context(|| format!("the stand-in does not start on `{}`", args.listen))?;
    let greeting = Greeting {
        standin: &standin,
        gateway: &gateway,
    };
    print!("{greeting}");
    let playing = async {
        // Without a gateway that was named, nobody is called.
        if args.install.is_none() {
            return std::future::pending().await;
        }
        for site in standin.sites() {
            install::deliver(&site, &gateway).await?;
        }
        match schedule::keep(&standin.forge_sites(), &gateway, &schedule::FORGES_PACE).await {}
    };
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended.context("cannot wait for Ctrl-C")?,
        failed = playing => return failed,
    }
    Ok(super::Exit::Ok.into())
}
