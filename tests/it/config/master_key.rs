//! Where the master key may be, and that it shows nowhere.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use gatepost::config::MasterKey;

use super::{Case, DEVELOPMENT};

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn case_with_file(content: &str, mode: u32) -> (Case, PathBuf) {
    let case = Case::new(DEVELOPMENT);
    let path = case.path().with_file_name("master.key");
    std::fs::write(&path, content).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    let named = case.with("GATEPOST_MASTER_KEY_FILE", path.to_str().unwrap());
    (named, path)
}

#[test]
fn the_key_is_read_from_the_environment_or_a_file_of_ones_own() {
    let loaded = Case::new(DEVELOPMENT)
        .with("GATEPOST_MASTER_KEY", KEY)
        .loaded();
    assert!(matches!(loaded.master_key, MasterKey::Environment(_)));
    let from_environment = loaded.master_key.vault().unwrap().key_id();
    let (case, _) = case_with_file(&format!("{KEY}\n"), 0o600);
    let from_file = case.loaded().master_key.vault().unwrap().key_id();
    assert_eq!(from_environment, from_file);
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    for mode in [0o640, 0o604, 0o660, 0o601] {
        let (case, path) = case_with_file(KEY, mode);
        let problems = case.problems();
        assert_eq!(problems.len(), 1);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            problems[0].contains(&format!("chmod 600 {name}")),
            "{problems:?}"
        );
    }
}

#[test]
fn two_keys_at_once_are_refused() {
    let (case, _) = case_with_file(KEY, 0o600);
    let problems = case.with("GATEPOST_MASTER_KEY", KEY).problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("both set"), "{problems:?}");
}

#[test]
fn a_malformed_or_missing_key_is_told_without_showing_it() {
    let problems = Case::new(DEVELOPMENT)
        .with("GATEPOST_MASTER_KEY", "hunter2hunter2")
        .problems();
    assert_eq!(problems.len(), 1);
    assert!(!problems[0].contains("hunter2"), "{problems:?}");
    let missing = Case::new(DEVELOPMENT)
        .loaded()
        .master_key
        .vault()
        .unwrap_err();
    assert!(
        missing.to_string().contains("the master key is missing"),
        "{missing}"
    );
    assert!(
        missing.to_string().contains("gatepost secret generate"),
        "{missing}"
    );
}

#[test]
fn the_key_shows_in_no_output() {
    let loaded = Case::new(DEVELOPMENT)
        .with("GATEPOST_MASTER_KEY", KEY)
        .loaded();
    assert!(!format!("{loaded:?}").contains(KEY));
    assert!(!loaded.print().contains(KEY));
    assert!(
        loaded
            .print()
            .contains("# master key: set from GATEPOST_MASTER_KEY\n")
    );
}
