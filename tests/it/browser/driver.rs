//! The driver itself: what it must not let pass.

use serde_json::json;

use super::perform;

#[tokio::test]
async fn a_scenario_fails_by_what_a_console_says_and_nobody_expected() {
    let script = "console.error('spilt'); console.warn('dripped'); fetch('http://127.0.0.1:1/far'); throw new Error('thrown')";
    let Some(played) = perform("console", &json!({"script": script})).await else {
        return;
    };
    let why = played.failed.unwrap_or_default();
    for complaint in [
        "a console says",
        ": spilt",
        ": dripped",
        "ERR_UNSAFE_PORT",
        "Error: thrown",
    ] {
        assert!(why.contains(complaint), "{complaint} in {why}");
    }
}

#[tokio::test]
async fn what_was_expected_once_is_a_fault_when_it_is_said_again() {
    let script = "console.error('spilt'); console.error('spilt')";
    let arguments = json!({"script": script, "expected": "spilt"});
    let Some(played) = perform("console", &arguments).await else {
        return;
    };
    let why = played.failed.unwrap_or_default();
    assert_eq!(why.matches(": spilt").count(), 1, "{why}");
}

#[tokio::test]
async fn what_was_expected_of_a_console_must_be_said_and_is_no_fault() {
    let arguments = json!({"script": "console.error('spilt')", "expected": "spilt"});
    let Some(played) = perform("console", &arguments).await else {
        return;
    };
    assert_eq!(played.failed, None);
}
