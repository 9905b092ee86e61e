//! A database with very many sessions and keys of one tenant, fifty of each an account: written past every check, as bulk, and with
//! the indexes that the migrations made.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use gatepost::clock::{Chance, Clock};
use gatepost::config::{Config, Environment, Loaded};
use gatepost::db::{Connection, DbError};
use gatepost::identity::Window;
use gatepost::identity::issued::{self, Issued, Lifetimes};
use gatepost::identity::verify::Verifiers;
use gatepost::ledger::entry::{Credential, Entry};
use gatepost::node::{Markers, Opened};
use gatepost::secret::{Secret, Vault, sha256};
use gatepost::tenant::SharedTenant;
use gatepost::tenant::lifecycle::{Install, Signed};

use super::signed;

const OF_AN_ACCOUNT: u32 = 50;

/// The accounts that there are in the smallest database, so that each has as many credentials as in the largest.
const ACCOUNTS: u32 = 20;
/// The fewest sessions that can be filled in.
pub(crate) const COUNT_MIN: u32 = ACCOUNTS * OF_AN_ACCOUNT;

/// The account for this number: each in turn.
pub(crate) fn account(number: u32) -> String {
    format!("account-{}", number % ACCOUNTS)
}

/// A database with its registry.
pub(crate) struct Filled {
    pub(crate) opened: Opened,
    pub(crate) loaded: Loaded,
    pub(crate) clock: Clock,
    _folder: tempfile::TempDir,
}

impl Filled {
    /// With as many sessions, and as many keys.
    pub(crate) async fn with(count: u32, clock: &Clock) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a folder for the database")?;
        let config = folder.path().join("gatepost.toml");
        let text = format!(
            "[server]\npublic_url = \"https://gate.example\"\n[atlassian]\napp_key = \"com.example.gatepost\"\n\
             [database]\nurl = \"sqlite://{}/gatepost.db\"\n",
            folder.path().display()
        );
        std::fs::write(&config, text)?;
        let key = String::from_utf8(Vault::generate(&Chance::system()).expose().to_vec())?;
        let environment = Environment::from_iter([("GATEPOST_MASTER_KEY".to_owned(), key)]);
        let loaded = Config::load(Some(&config), &environment)?;
        let opened =
            Opened::open(&loaded, Markers::Written, clock.clone(), Chance::system()).await?;
        let secret = Secret::from(signed::SHARED_SECRET.to_owned());
        let (acme, cloud) = ("https://acme.atlassian.net", super::own::CLOUD);
        let install = install(clock, (signed::CLIENT_KEY, secret), acme, cloud)?;
        opened.tenants.install(install).await?;
        let now_us = clock.now().micros();
        opened
            .db
            .transact(move |connection| Box::pin(fill(connection, count, now_us)))
            .await?;
        Ok(Self {
            opened,
            loaded,
            clock: clock.clone(),
            _folder: folder,
        })
    }

    pub(crate) fn tenant(&self) -> anyhow::Result<SharedTenant> {
        Ok(self.opened.tenants.by_any_name(signed::CLIENT_KEY)?)
    }

    /// The same credentials behind an empty cache.
    pub(crate) fn issued_anew(&self) -> anyhow::Result<Issued> {
        Ok(Issued::new(issued::Parts {
            db: self.opened.db.clone(),
            ledger: self.opened.ledger.clone(),
            tenants: self.opened.tenants.clone(),
            vault: Arc::new(self.loaded.master_key.vault()?),
            lifetimes: Lifetimes {
                session_idle: Duration::from_mins(15),
                session: Duration::from_hours(8),
                key_max: Duration::from_hours(24 * 365),
                grant_max: Duration::from_hours(24 * 365),
            },
            clock: self.clock.clone(),
            chance: Chance::system(),
        }))
    }

    pub(crate) fn verifiers(&self, issued: &Issued) -> Verifiers {
        let window = Window {
            leeway_s: 30,
            lifetime_s_max: 3600,
        };
        let (tenants, clock) = (self.opened.tenants.clone(), self.clock.clone());
        Verifiers::new(tenants, issued.clone(), window, String::new(), clock)
    }
}

/// The app's install on a site, with the tenant's client key and secret.
pub(crate) fn install(
    clock: &Clock,
    (tenant, secret): (&str, Secret),
    site: &str,
    cloud: &str,
) -> anyhow::Result<Install> {
    let iat = clock.now().seconds();
    Ok(Install {
        signed: Signed {
            token_hash: sha256(site.as_bytes()),
            body_hash: sha256(b"body"),
            iat,
            exp: iat + 60,
            credential: Credential::default(),
            entry: Entry::default(),
        },
        tenant: tenant.parse()?,
        site: site.parse()?,
        cloud_id: Some(cloud.parse()?),
        display_url: None,
        oauth_client_id: None,
        installation: None,
        secret,
    })
}

/// In the order of their hashes, and the indexes afterwards: a million rows in seconds instead of minutes.
async fn fill(connection: &mut Connection, count: u32, now_us: i64) -> Result<(), DbError> {
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('sessions', 'client_keys')",
    )
    .fetch_all(&mut *connection)
    .await?;
    for (name, _) in &indexes {
        let drop = format!("DROP INDEX {name}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop))
            .execute(&mut *connection)
            .await?;
    }
    for statement in [SESSIONS, KEYS] {
        sqlx::query(statement)
            .bind(count)
            .bind(now_us)
            .bind(count / OF_AN_ACCOUNT)
            .bind(signed::CLIENT_KEY)
            .execute(&mut *connection)
            .await?;
    }
    for (_, sql) in indexes {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Half of the open ones are idle since long, and one of ten was ended.
const SESSIONS: &str = "
    WITH RECURSIVE counted (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < ?1),
        hashed (hash, n) AS (SELECT randomblob(32), n FROM counted ORDER BY 1)
    INSERT INTO sessions (hash, id, tenant, epoch, account, made_at, last_used_at, ends_at, ended_at, ended_by)
    SELECT hash, printf('session_%08x-0000-7000-8000-000000000000', n), ?4, 1, 'account-' || (n % ?3),
        ?2 - n % 28000 * 1000000, ?2 - n / ?3 % 2 * 1800000000, ?2 + (28800 - n % 28000) * 1000000,
        CASE n / ?3 % 10 WHEN 0 THEN ?2 END, CASE n / ?3 % 10 WHEN 0 THEN 'unix:0' END
    FROM hashed";

const KEYS: &str = "
    WITH RECURSIVE counted (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < ?1),
        hashed (hash, n) AS (SELECT randomblob(32), n FROM counted ORDER BY 1)
    INSERT INTO client_keys (hash, id, tenant, epoch, account, name, bounds, made_by, made_at, ends_at, revoked_at, revoked_by)
    SELECT hash, printf('key_%08x-0000-7000-8000-000000000000', n), ?4, 1, 'account-' || (n % ?3), 'ci', '{}', 'unix:0',
        ?2 - n % 28000 * 1000000, ?2 + 7776000000000,
        CASE n / ?3 % 10 WHEN 0 THEN ?2 END, CASE n / ?3 % 10 WHEN 0 THEN 'unix:0' END
    FROM hashed";
