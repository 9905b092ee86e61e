//! `gatepost policy check` through the program: which folder and which schema it checks.

use std::fs;
use std::path::Path;

use super::{gatepost, text};

const UNKNOWN: &str = r#"@id("team") permit (principal, action, resource)
    when { principal.tenant == resource.tenant && principal has badge };"#;
const PLAIN: &str = r#"@id("own") permit (principal, action, resource)
    when { principal.tenant == resource.tenant };"#;
const CONFIG: &str =
    "[policy]\nproof = \"off\"\ndirectory = \"rules\"\n[development]\nenabled = true\n";

fn check(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let args = [&["policy", "check"], args].concat();
    let mut command = gatepost(folder, &args);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    (
        output.status.code(),
        text(&output.stdout) + &text(&output.stderr),
    )
}

#[test]
fn the_folder_is_the_one_that_a_server_would_read_unless_a_flag_names_another() {
    let ground = tempfile::tempdir().unwrap();
    let at = ground.path();
    for (folder, policy) in [("policies", PLAIN), ("rules", UNKNOWN), ("spare", PLAIN)] {
        fs::create_dir(at.join(folder)).unwrap();
        fs::write(at.join(folder).join("a.cedar"), policy).unwrap();
    }
    // No configuration file at all, and none of what a server needs.
    let (code, told) = check(at, &[], &[]);
    assert_eq!(code, Some(0), "{told}");
    let from_environment = [("GATEPOST_POLICY_DIRECTORY", "rules")];
    assert_eq!(check(at, &[], &from_environment).0, Some(3));
    fs::write(at.join("gatepost.toml"), CONFIG).unwrap();
    let (code, told) = check(at, &[], &[]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("badge"), "{told}");
    fs::rename(at.join("gatepost.toml"), at.join("other.toml")).unwrap();
    assert_eq!(check(at, &["--config", "other.toml"], &[]).0, Some(3));
    let spare = ["--config", "other.toml", "--policies", "spare"];
    assert_eq!(check(at, &spare, &[]).0, Some(0));
    let (code, told) = check(at, &["--config", "none.toml"], &[]);
    assert_eq!(code, Some(2), "{told}");
}

#[test]
fn the_extension_is_the_one_that_a_server_would_read_unless_a_flag_names_another() {
    let ground = tempfile::tempdir().unwrap();
    let at = ground.path();
    fs::create_dir(at.join("rules")).unwrap();
    fs::write(at.join("rules/a.cedar"), PLAIN).unwrap();
    fs::write(at.join("good.cedarschema"), "entity Badge;").unwrap();
    fs::write(at.join("bad.cedarschema"), "entity").unwrap();
    let line = "directory = \"rules\"\nextension = \"bad.cedarschema\"";
    let config = CONFIG.replace("directory = \"rules\"", line);
    fs::write(at.join("gatepost.toml"), config).unwrap();
    let (code, told) = check(at, &[], &[]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("bad.cedarschema"), "{told}");
    let good = ["--extension", "good.cedarschema"];
    let (code, told) = check(at, &good, &[]);
    assert_eq!(code, Some(0), "{told}");
    let both = ["--extension", "good.cedarschema", "--schema", "x"];
    assert_eq!(check(at, &both, &[]).0, Some(2));
}
