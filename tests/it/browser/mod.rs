//! Scenarios of `tests/browser` in a real, headless browser. Where the browser or its driver is missing they say that they were skipped,
//! unless `GATEPOST_REQUIRE_VECTORS=1`; `make need-browser` installs both.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: what cannot go on is a failed test"
)]

mod docs;
mod driver;
mod page;
mod standin;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::sync::Mutex;

const BROWSER: &str = "/usr/bin/chromium";
/// The driver ends a scenario and its browser after a minute; this one is for a driver that does not.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// One browser at a time: it takes several processes and a good part of a small machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// What a scenario told, step by step.
pub(crate) struct Played {
    told: Vec<Value>,
    /// Why it did not come to its end.
    failed: Option<String>,
}

impl Played {
    /// The steps of this name, in their order.
    pub(crate) fn steps(&self, name: &str) -> Vec<&Value> {
        let steps = self.told.iter();
        steps.filter(|step| step["step"] == name).collect()
    }

    /// The one step of this name.
    pub(crate) fn step(&self, name: &str) -> &Value {
        let steps = self.steps(name);
        assert_eq!(steps.len(), 1, "one step `{name}` in {:?}", self.told);
        steps[0]
    }
}

/// Plays `tests/browser/scenarios/{scenario}.mjs`. A scenario that fails, or in which a console complains, fails the test. Gives nothing
/// where the tools are missing, after saying so.
pub(crate) async fn play(scenario: &str, arguments: &Value) -> Option<Played> {
    let played = perform(scenario, arguments).await?;
    if let Some(why) = &played.failed {
        panic!("`{scenario}` failed: {why}\nafter {:#?}", played.told);
    }
    Some(played)
}

/// The same, for a scenario that may fail.
async fn perform(scenario: &str, arguments: &Value) -> Option<Played> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let node = tools(root, scenario)?;
    let _turn = ONE_AT_A_TIME.lock().await;
    let running = Command::new(node)
        .arg(root.join("tests/browser/drive.mjs"))
        .args([scenario, &arguments.to_string()])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(TIME_LIMIT, running).await;
    let output = output.unwrap_or_else(|_| panic!("the driver of `{scenario}` hangs"));
    let output = output.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let told: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no step: {line}")))
        .collect();
    let failed = told.iter().find_map(|line| line["failed"].as_str());
    let failed = failed.map(ToOwned::to_owned);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let fits = output.status.success() == failed.is_none() && !told.is_empty();
    assert!(fits, "the driver broke off: {text}{stderr}");
    Some(Played { told, failed })
}

/// The Node that runs the driver, if it, the driver and the browser are all there.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by the environment; no configuration is loaded here"
)]
fn tools(root: &Path, scenario: &str) -> Option<PathBuf> {
    let modules = root.join("target/tools/browser/node_modules");
    let missing = [
        PathBuf::from(BROWSER),
        modules.join("playwright-core"),
        modules.join("axe-core"),
    ];
    let Some(missing) = missing.into_iter().find(|path| !path.exists()) else {
        let own = modules.join("node/bin/node");
        return Some(if own.exists() { own } else { "node".into() });
    };
    let missing = missing.display();
    let required = std::env::var("GATEPOST_REQUIRE_VECTORS").is_ok_and(|value| value == "1");
    assert!(!required, "the scenario `{scenario}` needs `{missing}`");
    println!("skipped: the scenario `{scenario}` (`{missing}` is missing; `make need-browser`)");
    None
}
