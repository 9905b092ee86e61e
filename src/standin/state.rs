//! What the stand-in knows: its sites, the secrets they share with the app, the tokens it gave. For this folder only.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Chance, Clock, Timestamp};
use crate::secret::{Secret, hex, sha256};

use super::faults::Faults;
use super::jira::{self, World};
use super::people;
use super::seen::Requests;

/// The life of a user token, in seconds.
pub(super) const TOKEN_LIFE_S: u32 = 900;
const TOKENS_MAX: usize = 100_000;

/// Everything behind one listener.
pub(super) struct State {
    pub(super) clock: Clock,
    pub(super) chance: Chance,
    pub(super) app_key: String,
    pub(super) address: SocketAddr,
    pub(super) sites: Vec<Arc<Premises>>,
    pub(super) faults: Faults,
    pub(super) requests: Requests,
    tokens: Mutex<HashMap<String, Grant>>,
}

/// One site: what never changes, and what does.
pub(super) struct Premises {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) base_url: String,
    pub(super) cloud_id: String,
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
    administrators: BTreeSet<String>,
    pub(super) world: World,
}

/// What an access token stands for.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) oauth_client_id: String,
    pub(super) account: String,
    pub(super) scopes: Vec<String>,
    pub(super) expires: Timestamp,
}

impl State {
    pub(super) fn new(
        address: SocketAddr,
        app_key: String,
        sites: &[String],
        clock: Clock,
        chance: Chance,
    ) -> Self {
        let sites = sites
            .iter()
            .map(|name| Arc::new(Premises::new(name, &chance)));
        Self {
            sites: sites.collect(),
            clock,
            chance,
            app_key,
            address,
            faults: Faults::default(),
            requests: Requests::default(),
            tokens: Mutex::default(),
        }
    }

    pub(super) fn site(&self, name: &str) -> Option<&Arc<Premises>> {
        self.sites.iter().find(|site| site.name == name)
    }

    /// The base URL of the authorization server.
    pub(super) fn own_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gives out an opaque token for `grant`.
    pub(super) fn issue(&self, grant: Grant) -> String {
        let token = hex(&self.chance.bytes::<32>());
        let now = self.clock.now();
        let mut tokens = self.tokens();
        if tokens.len() >= TOKENS_MAX {
            tokens.retain(|_, grant| grant.expires > now);
        }
        if tokens.len() < TOKENS_MAX {
            tokens.insert(token.clone(), grant);
        }
        token
    }

    /// What a token was given for, whether or not it is still good.
    pub(super) fn grant(&self, token: &str) -> Option<Grant> {
        self.tokens().get(token).cloned()
    }

    /// The end of a token that is issued now.
    pub(super) fn token_end(&self) -> Timestamp {
        self.clock
            .now()
            .plus(Duration::from_secs(TOKEN_LIFE_S.into()))
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Premises {
    fn new(name: &str, chance: &Chance) -> Self {
        let host = format!("{name}.atlassian.net");
        let live = Live {
            client_key: identifier(&host, "client key", 0),
            oauth_client_id: identifier(&host, "oauth client", 0),
            former_oauth_client_ids: Vec::new(),
            secret: fresh_secret(chance),
            installed: true,
            app_base_url: None,
            administrators: administrators(name),
            world: jira::seed::world(name),
        };
        Self {
            name: name.to_owned(),
            base_url: format!("https://{host}"),
            cloud_id: identifier(&host, "cloud", 0),
            host,
            live: Mutex::new(live),
        }
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
fn identifier(host: &str, what: &str, imports: usize) -> String {
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
