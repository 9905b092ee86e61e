//! No statement about credentials reads more rows the more of them there are: asked of the database, for each statement in the sources.

use sqlx::Row as _;

use crate::world::World;

const SOURCES: [&str; 2] = [
    include_str!("../../../src/identity/issued/store.rs"),
    include_str!("../../../src/identity/issued/store/lists.rs"),
];

const BLOCKS: &str = include_str!("../../../src/tenant/store/blocks.rs");

/// Every text in double quotes that begins like a statement.
fn statements(source: &str) -> impl Iterator<Item = &str> {
    let is_statement = |text: &&str| {
        ["SELECT ", "INSERT ", "UPDATE ", "DELETE "]
            .iter()
            .any(|verb| text.starts_with(verb))
    };
    source.split('"').filter(is_statement)
}

#[tokio::test]
async fn every_statement_about_credentials_goes_by_an_index() {
    let world = World::new().await;
    let reads = world.node.shared().opened.db.reads();
    let mut asked = 0;
    for statement in SOURCES.into_iter().flat_map(statements) {
        let question = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan = sqlx::query(question).fetch_all(reads).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
        for step in &steps {
            // A list of everybody's is read from one end of an index, and no further than its limit.
            let whole =
                step.starts_with("SCAN ") && !step.ends_with(" USING INDEX client_keys_made");
            assert!(
                !whole && !step.contains("TEMP B-TREE"),
                "{statement}\n{steps:#?}"
            );
        }
        asked += 1;
    }
    assert_eq!(asked, 31, "statements in the sources");
}

#[tokio::test]
async fn every_search_for_blocks_is_by_what_it_is_about_and_never_by_an_account_alone() {
    let world = World::new().await;
    let reads = world.node.shared().opened.db.reads();
    // Read once, at the start.
    let all = "SELECT * FROM blocks WHERE ended_at IS NULL AND (until IS NULL OR until > ?1)";
    let about_blocks = |text: &&str| text.contains(" blocks") && *text != all;
    let mut asked = 0;
    for statement in statements(BLOCKS).filter(about_blocks) {
        let question = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan = sqlx::query(question).fetch_all(reads).await.unwrap();
        for step in plan.iter().map(|step| step.get::<String, _>("detail")) {
            let whole = step.starts_with("SCAN blocks");
            let alone = step.contains("(account=?)");
            assert!(!whole && !alone, "{statement}\n{step}");
        }
        asked += 1;
    }
    assert_eq!(asked, 7, "statements in the sources");
}
