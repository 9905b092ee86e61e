//! What the story plays on: a stand-in, a configuration in a fresh folder, a gateway. All of it goes when the demo ends.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::super::wire::{self, Message};
use crate::clock::{Chance, Clock};
use crate::config::{Config, Environment};
use crate::node::Node;
use crate::secret::{Vault, hex};
use crate::standin::{Settings, Standin};

/// The shipped policies, so that the demo needs no checkout.
const SHIPPED: [(&str, &str); 5] = [
    (
        "00-tenant-separation.cedar",
        include_str!("../../../policies/00-tenant-separation.cedar"),
    ),
    (
        "10-act-as.cedar",
        include_str!("../../../policies/10-act-as.cedar"),
    ),
    (
        "20-members.cedar",
        include_str!("../../../policies/20-members.cedar"),
    ),
    (
        "30-site-admins.cedar",
        include_str!("../../../policies/30-site-admins.cedar"),
    ),
    (
        "entities.json",
        include_str!("../../../policies/entities.json"),
    ),
];

/// Ports that are easy to remember; free ones if somebody has them.
const USUAL: [u16; 3] = [8080, 8081, 9100];

pub(super) struct Stage {
    pub(super) jira: Standin,
    pub(super) node: Node,
    folder: Folder,
}

/// A folder that goes with the demo.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Stage {
    pub(super) async fn build(free_ports: bool, policies: Option<&Path>) -> anyhow::Result<Self> {
        let chance = Chance::system();
        let folder = Folder(
            std::env::temp_dir().join(format!("gatepost-demo-{}", hex(&chance.bytes::<4>()))),
        );
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder.0)
            .context("the demo's folder cannot be made")?;
        lay_out_policies(&folder.0.join("policies"), policies)?;
        let [data, admin, sites] = ports(free_ports)?;
        let settings = Settings {
            listen: sites,
            ..Settings::default()
        };
        let jira = Standin::start(settings, Clock::system(), chance.clone())
            .await
            .context("the stand-in does not start")?;
        let config = write_config(&folder.0, &jira, data, admin)?;
        let key = write_key(&folder.0, &chance)?;
        let environment = [(
            "GATEPOST_MASTER_KEY_FILE".to_owned(),
            key.display().to_string(),
        )];
        let loaded = Config::load(Some(&config), &Environment::from_iter(environment))?;
        let node = Node::start(&loaded, Clock::system(), chance).await?;
        let stage = Self { jira, node, folder };
        stage.install().await?;
        Ok(stage)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// `127.0.0.1:8080`.
    pub(super) fn authority(&self) -> String {
        self.node.data_address().to_string()
    }

    /// As Atlassian does it: each site's signed callback, checked like any other.
    async fn install(&self) -> anyhow::Result<()> {
        for site in self.jira.sites() {
            let callback = site.install(&format!("http://{}", self.authority()));
            let message = Message {
                method: "POST",
                authority: &self.authority(),
                target: &callback.path,
                authorization: &callback.authorization,
                body: &callback.body,
            };
            let received = wire::exchange(&message).await?;
            if received.status != 204 {
                bail!(
                    "the gateway refused the install on `{}` with {}",
                    site.host(),
                    received.status
                );
            }
        }
        Ok(())
    }

    /// Ends everything in order.
    pub(super) async fn strike(self) {
        self.node.stop().await;
        self.jira.stop();
        drop(self.folder);
    }
}

/// The public URL must be known before the gateway listens, so its port is found first.
fn ports(free: bool) -> anyhow::Result<[SocketAddr; 3]> {
    let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let mut held = Vec::new();
    for usual in USUAL {
        let usual = if free {
            None
        } else {
            TcpListener::bind(loopback(usual)).ok()
        };
        held.push(
            usual
                .map_or_else(|| TcpListener::bind(loopback(0)), Ok)
                .context("there is no free port")?,
        );
    }
    let address = |at: usize| held[at].local_addr();
    Ok([address(0)?, address(1)?, address(2)?])
}

fn lay_out_policies(to: &Path, from: Option<&Path>) -> anyhow::Result<()> {
    fs::create_dir(to)?;
    let Some(from) = from else {
        for (name, text) in SHIPPED {
            fs::write(to.join(name), text)?;
        }
        return Ok(());
    };
    let failed = || format!("the policy folder `{}` cannot be copied", from.display());
    for entry in fs::read_dir(from).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).with_context(failed)?;
        }
    }
    Ok(())
}

fn write_config(
    folder: &Path,
    jira: &Standin,
    data: SocketAddr,
    admin: SocketAddr,
) -> anyhow::Result<PathBuf> {
    let mut hosts = String::new();
    for site in [jira.sites(), jira.forge_sites()].concat() {
        writeln!(hosts, "\"{}\" = \"{}\"", site.host(), jira.address())?;
    }
    let text = format!(
        r#"[server]
public_url = "http://{data}"
listen = "{data}"
admin_listen = "{admin}"
[database]
url = "sqlite://{folder}/gatepost.db"
[policy]
directory = "{folder}/policies"

[development]
enabled = true
install_key_server = "{keys}"
oauth_server = "{oauth}"
api_base = "{api}"
page_script = "{script}"
[development.resolve]
{hosts}"#,
        folder = folder.display(),
        keys = jira.key_server(),
        oauth = jira.oauth_server(),
        api = jira.api_base(),
        script = jira.page_script(),
    );
    let path = folder.join("gatepost.toml");
    fs::write(&path, text)?;
    Ok(path)
}

fn write_key(folder: &Path, chance: &Chance) -> anyhow::Result<PathBuf> {
    let path = folder.join("master.key");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    file.write_all(Vault::generate(chance).expose())?;
    Ok(path)
}
