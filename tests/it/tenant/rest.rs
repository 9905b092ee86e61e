//! Secrets at rest: the folder holds none in the open, and what is sealed opens for its own row and key alone.

use std::path::Path;

use gatepost::clock::{Chance, Clock};
use gatepost::config::{Config, Environment};
use gatepost::control::tokens::Role;
use gatepost::db::DbError;
use gatepost::node::{Node, NodeError};
use gatepost::secret::VaultError;
use gatepost::tenant::TenantError;

use crate::world::{self, World};

const ISSUE: &str = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1";

/// Every file of the folder, the folders inside included.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            all.extend(files(&entry.path()));
        } else if kind.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            all.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
    all
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes
        .windows(secret.len())
        .any(|window| window == secret.as_bytes())
}

#[tokio::test]
async fn no_file_of_the_folder_holds_a_secret_or_a_token() {
    let world = World::builder().not_installed().start().await;
    let mut secrets = vec![world::MASTER_KEY.to_owned()];
    for site in world.jira.sites() {
        let callback = site.install(world.app_url());
        assert_eq!(world.deliver(&callback).await.status, 204);
        secrets.push(
            callback
                .authorization
                .strip_prefix("JWT ")
                .unwrap()
                .to_owned(),
        );
        secrets.push(String::from_utf8(site.shared_secret().expose().to_vec()).unwrap());
    }
    let good = world.token("acme", "ann");
    assert_eq!(world.get(ISSUE, &good).await.status, 200);
    let bad = format!("{good}x");
    assert_eq!(world.get(ISSUE, &bad).await.status, 401);
    assert_eq!(
        world
            .get(&format!("{ISSUE}&jwt={good}"), &good)
            .await
            .status,
        400
    );
    let tokens = &world.node.shared().opened.tokens;
    let admin = tokens
        .create(Role::Operator, "test".to_owned(), "unix:0")
        .await
        .unwrap();
    secrets.extend([good, String::from_utf8(admin.expose().to_vec()).unwrap()]);
    let logged = world.log().await;
    let log = serde_json::to_string(&logged).unwrap();
    let check = |when: &str, dir: &Path| {
        let files = files(dir);
        assert!(
            files.iter().any(|(name, _)| name == "gatepost.db"),
            "{when}"
        );
        for secret in &secrets {
            // Signatures alone would do as well as whole tokens.
            let secret = secret.rsplit('.').next().unwrap();
            assert!(secret.len() >= 32 && !log.contains(secret));
            for (name, bytes) in &files {
                assert!(!holds(bytes, secret), "{when}: {name}");
            }
        }
        // What is searched for would be found: the client keys are there in the open.
        let known = world.jira.site("acme").client_key();
        assert!(
            files.iter().any(|(_, bytes)| holds(bytes, &known)),
            "{when}"
        );
    };
    check("while it runs", world.dir.path());
    world.node.stop().await;
    check("after its end", world.dir.path());
}

/// Starts a node on the world's folder again, with this master key.
async fn again(world: World, master_key: &str) -> Result<Node, NodeError> {
    world.node.stop().await;
    let key = ("GATEPOST_MASTER_KEY".to_owned(), master_key.to_owned());
    let path = world.dir.path().join("gatepost.toml");
    let loaded = Config::load(Some(&path), &Environment::from_iter([key])).unwrap();
    Node::start(&loaded, Clock::system(), Chance::system()).await
}

async fn sql(world: &World, statement: &'static str) {
    let work = world.node.shared().opened.db.transact(move |connection| {
        Box::pin(async move {
            sqlx::query(statement).execute(connection).await?;
            Ok::<_, DbError>(())
        })
    });
    work.await.unwrap();
}

#[tokio::test]
async fn another_master_key_is_told_by_its_id_before_anything_starts() {
    let world = World::new().await;
    let other = "ff".repeat(32);
    let sealed: Vec<Vec<u8>> = sqlx::query_scalar("SELECT shared_secret FROM tenants")
        .fetch_all(world.node.shared().opened.db.reads())
        .await
        .unwrap();
    assert_eq!(sealed.len(), 2);
    // Version, then the key's id: the same in both, the nonce and all else differ.
    assert_eq!(sealed[0][..5], sealed[1][..5]);
    assert_ne!(sealed[0][5..], sealed[1][5..]);
    let id = gatepost::secret::hex(&sealed[0][1..5]);
    match again(world, &other).await {
        Err(NodeError::Tenants(TenantError::Vault(VaultError::WrongKey {
            sealed,
            configured,
        }))) => {
            assert_eq!(sealed, id);
            assert_ne!(configured, id);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn another_master_key_is_told_also_before_the_first_install() {
    let world = World::builder().not_installed().start().await;
    let started = again(world, &"ff".repeat(32)).await;
    assert!(
        matches!(
            started,
            Err(NodeError::Tenants(TenantError::Vault(
                VaultError::WrongKey { .. }
            )))
        ),
        "{started:?}"
    );
}

#[tokio::test]
async fn a_sealed_secret_opens_in_its_own_row_only() {
    let world = World::new().await;
    sql(
        &world,
        "UPDATE tenants SET shared_secret = (SELECT shared_secret FROM tenants WHERE host = 'globex.atlassian.net')
         WHERE host = 'acme.atlassian.net'",
    )
    .await;
    let started = again(world, world::MASTER_KEY).await;
    assert!(
        matches!(
            started,
            Err(NodeError::Tenants(TenantError::Vault(VaultError::Tampered)))
        ),
        "{started:?}"
    );
}

#[tokio::test]
async fn the_right_master_key_opens_what_was_sealed_before() {
    let world = World::new().await;
    let (token, dir) = (world.token("acme", "ann"), world.dir.path().to_owned());
    let World {
        node,
        dir: _kept,
        jira,
        clock,
        ..
    } = world;
    node.stop().await;
    let loaded = world::load(&dir.join("gatepost.toml"));
    let node = Node::start(&loaded, clock.clock(), Chance::seeded(5))
        .await
        .unwrap();
    let reply =
        crate::node::wire::get(node.data_address(), ISSUE, Some(&format!("JWT {token}"))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    drop(jira);
}
