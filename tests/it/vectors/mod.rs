//! Third-party test vectors against our own verifiers and parsers. The folder is named by `GATEPOST_VECTORS`; without it these tests
//! say that they were skipped, unless `GATEPOST_REQUIRE_VECTORS=1`. Every disagreement is listed where it is found, with its reason.

mod hmac;
mod idna;
mod jwk;
mod jwks;
mod jws;
mod site;
mod url;

use std::path::PathBuf;

/// The text of a file in the folder of vectors; nothing if there is no folder and none is required.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by the environment; no configuration is loaded here"
)]
fn text(test: &str, file: &str) -> Option<String> {
    let Ok(folder) = std::env::var("GATEPOST_VECTORS") else {
        let required = std::env::var("GATEPOST_REQUIRE_VECTORS").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "{test} needs GATEPOST_VECTORS, the folder of `{file}`"
        );
        println!("skipped: {test} (GATEPOST_VECTORS is not set)");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    let content = std::fs::read_to_string(&path);
    Some(content.unwrap_or_else(|error| panic!("`{}`: {error}", path.display())))
}

/// The same as JSON.
fn json(test: &str, file: &str) -> Option<serde_json::Value> {
    text(test, file).map(|text| serde_json::from_str(&text).expect("a vector file is JSON"))
}
