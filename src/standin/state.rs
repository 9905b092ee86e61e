//! What the stand-in knows: its sites, the secrets they share with the app, the tokens it gave. For this folder only.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::{Chance, Clock};
use crate::secret::{Secret, hex, sha256};

use super::Settings;
use super::credentials::Credentials;
use super::faults::Faults;
use super::jira::{self, World};
use super::keys::Ring;
use super::people;
use super::provider::Signers;
use super::seen::Requests;
use super::strays::Strays;

/// Everything behind one listener.
pub(super) struct State {
    pub(super) clock: Clock,
    pub(super) chance: Chance,
    pub(super) app_key: String,
    pub(super) forge_app_id: String,
    pub(super) address: SocketAddr,
    pub(super) sites: Vec<Arc<Premises>>,
    pub(super) faults: Faults,
    pub(super) requests: Requests,
    pub(super) strays: Strays,
    pub(super) credentials: Credentials,
    /// What Forge signs with.
    pub(super) forge: Ring,
    /// The OpenID providers, by number.
    pub(super) providers: [Signers; 2],
}

/// One site: what never changes, and what does.
pub(super) struct Premises {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) base_url: String,
    pub(super) cloud_id: String,
    /// Whether the app is there through Forge alone: no Connect install, ever.
    pub(super) forge_only: bool,
    live: Mutex<Live>,
}

/// What changes on a site.
pub(super) struct Live {
    pub(super) client_key: String,
    pub(super) oauth_client_id: String,
    pub(super) former_oauth_client_ids: Vec<String>,
    pub(super) secret: Secret,
    pub(super) installed: bool,
    /// The base URL that the app was last installed with; nothing before the first time.
    pub(super) app_base_url: Option<String>,
    /// The UUID of the app's Forge installation; another one after it was installed anew.
    pub(super) installation: String,
    forge_installs: usize,
    /// The cloud id of the site that has this one's host: its own, until it is renamed.
    pub(super) cloud_of_host: String,
    /// Whether Forge knows the app on this site.
    pub(super) on_forge: bool,
    /// Whether the Connect install was made by Forge, and names its installation.
    pub(super) by_forge: bool,
    /// Whom the app may not act as, though they are users of the site.
    pub(super) out_of_reach: BTreeSet<String>,
    /// Groups by account, name and id each, where a test said so.
    pub(super) groups: BTreeMap<String, Vec<(String, String)>>,
    administrators: BTreeSet<String>,
    pub(super) world: World,
}

impl State {
    pub(super) fn new(
        address: SocketAddr,
        settings: Settings,
        clock: Clock,
        chance: Chance,
    ) -> Self {
        let place = |name, forge_only| Arc::new(Premises::new(name, forge_only, &chance));
        let connect = settings.sites.iter().map(|name| place(name, false));
        let forge = settings.forge_sites.iter().map(|name| place(name, true));
        Self {
            sites: connect.chain(forge).collect(),
            clock,
            chance,
            app_key: settings.app_key,
            forge_app_id: settings.forge_app_id,
            address,
            faults: Faults::default(),
            requests: Requests::default(),
            strays: Strays::default(),
            credentials: Credentials::default(),
            forge: Ring::forge(),
            providers: [0, 1].map(Signers::new),
        }
    }

    pub(super) fn site(&self, name: &str) -> Option<&Arc<Premises>> {
        self.sites.iter().find(|site| site.name == name)
    }

    /// The base URL of the authorization server.
    pub(super) fn own_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Premises {
    fn new(name: &str, forge_only: bool, chance: &Chance) -> Self {
        let host = format!("{name}.atlassian.net");
        let live = Live {
            client_key: identifier(&host, "client key", 0),
            oauth_client_id: identifier(&host, "oauth client", 0),
            former_oauth_client_ids: Vec::new(),
            secret: fresh_secret(chance),
            installed: !forge_only,
            app_base_url: None,
            installation: identifier(&host, "installation", 0),
            forge_installs: 0,
            cloud_of_host: identifier(&host, "cloud", 0),
            on_forge: true,
            by_forge: false,
            out_of_reach: BTreeSet::new(),
            groups: BTreeMap::new(),
            administrators: administrators(name),
            world: jira::seed::world(name),
        };
        Self {
            name: name.to_owned(),
            base_url: format!("https://{host}"),
            cloud_id: identifier(&host, "cloud", 0),
            host,
            forge_only,
            live: Mutex::new(live),
        }
    }

    /// Whether another site has this one's host.
    pub(super) fn has_lost_its_host(&self) -> bool {
        self.live().cloud_of_host != self.cloud_id
    }

    pub(super) fn lose_host(&self) {
        self.live().cloud_of_host = identifier(&self.host, "cloud", 1);
    }

    pub(super) fn live(&self) -> MutexGuard<'_, Live> {
        // A test may panic while it edits an issue; other tests have sites of their own.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Becomes another tenant at the same address.
    pub(super) fn import(&self, chance: &Chance) {
        let mut live = self.live();
        let former = live.oauth_client_id.clone();
        live.former_oauth_client_ids.push(former);
        let imports = live.former_oauth_client_ids.len();
        live.client_key = identifier(&self.host, "client key", imports);
        live.oauth_client_id = identifier(&self.host, "oauth client", imports);
        live.secret = fresh_secret(chance);
    }
}

impl Premises {
    /// Whether this is the client key of the app's installation here, now or before an import.
    pub(super) fn was_client(&self, client_key: &str) -> bool {
        let imports = self.live().former_oauth_client_ids.len();
        (0..=imports).any(|import| identifier(&self.host, "client key", import) == client_key)
    }

    /// Becomes another Forge installation of the same app.
    pub(super) fn install_on_forge_anew(&self) {
        let mut live = self.live();
        live.forge_installs += 1;
        live.installation = identifier(&self.host, "installation", live.forge_installs);
        live.on_forge = true;
    }
}

impl Live {
    pub(super) fn rotate_secret(&mut self, chance: &Chance) {
        self.secret = fresh_secret(chance);
    }

    /// Whether an account has the permission `ADMINISTER` here; nobody has it who is not an active user of this site.
    pub(super) fn administers(&self, account: &str) -> bool {
        self.world.is_active(account) && self.administrators.contains(account)
    }

    pub(super) fn set_administrator(&mut self, account: &str, administers: bool) {
        if administers {
            self.administrators.insert(account.to_owned());
        } else {
            self.administrators.remove(account);
        }
    }
}

fn administrators(site: &str) -> BTreeSet<String> {
    let nicknames = people::administrators(site).iter();
    nicknames.map(|name| people::account(name)).collect()
}

/// A UUID that follows from its arguments: a restarted stand-in has the same sites, as Atlassian would.
pub(super) fn identifier(host: &str, what: &str, imports: usize) -> String {
    let digest = sha256(format!("{host}\n{what}\n{imports}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

fn fresh_secret(chance: &Chance) -> Secret {
    Secret::from(format!("ATCO{}", hex(&chance.bytes::<32>())))
}
