//! The command as it is typed, and what its table and sheet look like.

use clap::{CommandFactory as _, Parser as _};

use super::*;
use crate::clock::{Chance, Clock};
use crate::db::Db;
use crate::ledger::entry::{Effect, Entry, Kind, Resource};
use crate::ledger::read::Filter;
use crate::ledger::{Draft, Ledger, Settings};

#[derive(clap::Parser)]
struct Program {
    #[command(flatten)]
    args: Args,
}

fn query(words: &[&str]) -> Result<Query, clap::Error> {
    let program = Program::try_parse_from(["log", "query"].iter().chain(words))?;
    match program.args.command {
        Command::Query(query) => Ok(*query),
        other => panic!("{other:?}"),
    }
}

async fn records(entries: Vec<Entry>) -> Vec<Record> {
    let folder = tempfile::tempdir().expect("a fresh folder");
    let url = format!("sqlite://{}/gatepost.db", folder.path().display());
    let db = Db::open(&db::Settings { url }).await.expect("it opens");
    let (clock, chance) = (Clock::system(), Chance::seeded(1));
    let ledger = Ledger::open(db.clone(), &Settings::default(), clock, chance).await;
    let ledger = ledger.expect("the log opens");
    for entry in entries {
        let draft = Draft::new(&entry).expect("it is small");
        let _ = ledger.append(draft).await.expect("it is written");
    }
    let page = query::newest(&Reader::of(&db), &Filter::default(), 100).await;
    page.expect("it can be read").records
}

fn wide() -> Entry {
    let long = |name: &str| Some(name.repeat(20));
    Entry {
        account: long("account\u{202e}"),
        action: long("getIssue"),
        code: long("code\n"),
        decision_id: Some("019a9f3e-8a00-7000-8000-0123456789ab".to_owned()),
        effect: Some(Effect::Deny),
        resource: Some(Resource {
            id: "LONGPROJECTKEY-1234567".to_owned(),
            ..Resource::default()
        }),
        site: long("site\u{1b}[2J"),
        tenant: long("tenant"),
        ..Entry::default()
    }
}

#[tokio::test]
async fn a_row_is_one_line_of_at_most_100_columns_without_hidden_characters() {
    let records = records(vec![wide(), Entry::default()]).await;
    for one_by_one in [false, true] {
        let mut table = Table::new(false, one_by_one, 100);
        let lines = table.rows(&records);
        assert_eq!(lines.lines().count(), 1 + records.len(), "{lines}");
        for line in lines.lines() {
            assert!(line.chars().count() <= 100, "{line}");
            assert!(
                !line.contains(|c: char| c.is_control() || c == '\u{202e}'),
                "{line:?}"
            );
        }
        assert!(
            lines.contains(" deny ") && lines.contains("…56789ab"),
            "{lines}"
        );
        assert_eq!(table.rows(&[]), "", "the heading comes once");
    }
}

#[tokio::test]
async fn a_wide_terminal_shows_more_of_each_row() {
    let entry = Entry {
        code: Some("a_code_of_thirty_characters___".to_owned()),
        tenant: Some("a-tenant-of-36-characters-0123456789".to_owned()),
        ..wide()
    };
    let records = records(vec![entry]).await;
    for one_by_one in [false, true] {
        let lines = Table::new(false, one_by_one, 400).rows(&records);
        assert!(lines.lines().all(|line| line.chars().count() <= 400));
        for whole in [
            "a_code_of_thirty_characters___",
            "a-tenant-of-36-characters-0123456789",
        ] {
            assert!(lines.contains(whole), "{lines}");
        }
    }
}

#[tokio::test]
async fn a_row_about_a_policy_set_names_it_and_its_first_fault() {
    let set = |kind| Entry {
        kind,
        policy_set: Some("sha256:0123456789abcdef".to_owned()),
        ..Entry::default()
    };
    let mut rejected = set(Kind::PolicyRejected);
    let fault = (
        "fault_01".to_owned(),
        "a.cedar:1:27 no such thing".to_owned(),
    );
    rejected.detail = [fault].into();
    let records = records(vec![set(Kind::PolicyActivated), rejected]).await;
    let lines = Table::new(false, false, 100).rows(&records);
    let row = |kind| {
        lines
            .lines()
            .find(|line| line.contains(kind))
            .expect("a row")
    };
    assert!(row("policy_activated").contains("01234567"), "{lines}");
    let refused = row("policy_rejected");
    assert!(
        refused.contains("01234567") && refused.contains("a.cedar"),
        "{lines}"
    );
}

#[tokio::test]
async fn only_the_effect_is_coloured_and_only_where_asked() {
    let entry = Entry {
        account: Some("deny allow".to_owned()),
        effect: Some(Effect::Allow),
        ..Entry::default()
    };
    let records = records(vec![entry]).await;
    let coloured = Table::new(true, false, 100).rows(&records);
    assert_eq!(coloured.matches("\u{1b}[32mallow\u{1b}[0m").count(), 1);
    assert_eq!(coloured.matches('\u{1b}').count(), 2);
    assert!(
        !Table::new(false, false, 100)
            .rows(&records)
            .contains('\u{1b}')
    );
}

#[tokio::test]
async fn a_sheet_shows_every_member_on_a_line_of_its_own() {
    let sheet = show::sheet(&records(vec![wide()]).await[1]);
    let value = |name: &str| {
        let line = sheet
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name));
        line.and_then(|line| line.split_whitespace().nth(1))
            .map(str::to_owned)
    };
    assert_eq!(value("effect").as_deref(), Some("deny"));
    assert_eq!(
        value("resource.id").as_deref(),
        Some("LONGPROJECTKEY-1234567")
    );
    assert!(value("code").unwrap().starts_with("code\\u{a}code"));
}

#[test]
fn what_people_type_becomes_what_records_have() {
    let filter = query(&["--site", "https://ACME.atlassian.net/", "--issue", "acme-1"])
        .unwrap()
        .filter();
    assert_eq!(filter.site.as_deref(), Some("acme.atlassian.net"));
    assert_eq!(filter.issue.as_deref(), Some("ACME-1"));
    for wrong in [
        ["--effect", "maybe"],
        ["--since", "soon"],
        ["--limit", "0"],
        ["--limit", "10001"],
        ["--kind", "decisions"],
        ["--action", "readIssue"],
    ] {
        assert!(query(&wrong).is_err(), "{wrong:?}");
    }
    for right in [
        ["--kind", "policy_activated"],
        ["--action", "whoami"],
        ["--action", "findIssue"],
    ] {
        assert!(query(&right).is_ok(), "{right:?}");
    }
    let filter = query(&["--tenant", "https://ACME.atlassian.net/"])
        .unwrap()
        .filter();
    assert_eq!(filter.tenant.as_deref(), Some("acme.atlassian.net"));
    Program::command().debug_assert();
}

#[tokio::test]
async fn a_missing_database_is_a_mistake_in_the_call() {
    let query = query(&["--database-url", "sqlite:///nonexistent/gatepost.db"]).unwrap();
    let error = query.run().await.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::Usage, "{error}");
    let text = error.to_string();
    assert!(
        text.contains("/nonexistent/gatepost.db") && text.contains("--database-url"),
        "{text}"
    );
}
