//! Reading a folder: a file that cannot be read may be a missing forbid, so it refuses the set.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use gatepost::policy::{Draft, FILE_BYTES_MAX, Folder, Validated, Vocabulary};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

use super::PERMIT;

/// A folder with one permit.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), "a.cedar", PERMIT);
    folder
}

fn write(folder: &Path, path: &str, text: impl AsRef<[u8]>) {
    let place = folder.join(path);
    fs::create_dir_all(place.parent().expect("a parent")).expect("a folder");
    fs::write(place, text).expect("a file");
}

fn refusal(folder: &Path) -> String {
    Draft::read(folder).expect_err("refused").to_string()
}

#[test]
fn the_shipped_folder_is_in_order() {
    let set = Folder::new("policies")
        .load()
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(set.policy_count(), 6);
}

#[test]
fn the_digest_is_of_paths_and_contents() {
    let folder = folder();
    let digest = || {
        Draft::read(folder.path())
            .expect("a draft")
            .digest()
            .to_owned()
    };
    let first = digest();
    assert!(first.starts_with("sha256:") && first.len() == 71);
    assert_eq!(digest(), first);
    write(folder.path(), "notes.txt", "no rule");
    write(folder.path(), ".hidden.cedar", "no rule");
    write(folder.path(), "sub/.git/b.cedar", "no rule");
    assert_eq!(digest(), first);
    write(folder.path(), "sub/b.cedar", "");
    let second = digest();
    assert_ne!(second, first);
    fs::rename(
        folder.path().join("sub/b.cedar"),
        folder.path().join("b.cedar"),
    )
    .expect("renamed");
    assert_ne!(digest(), second);
}

#[test]
fn an_empty_folder_is_refused() {
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), "entities.json", "[]");
    assert!(refusal(folder.path()).ends_with(": no policies: there is no `*.cedar` file"));
    assert!(refusal(&folder.path().join("missing")).contains("cannot read the folder"));
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let folder = folder();
    write(folder.path(), "b.cedar", b"permit \xff");
    write(
        folder.path(),
        "c.cedar",
        vec![b' '; usize::try_from(FILE_BYTES_MAX).expect("small") + 1],
    );
    fs::create_dir_all(folder.path().join("d.cedar/deep")).expect("a folder");
    symlink("nowhere", folder.path().join("e.cedar")).expect("a link");
    assert_eq!(
        refusal(folder.path()),
        "b.cedar: not UTF-8 text\nc.cedar: larger than 1 MiB\ne.cedar: the link leads nowhere: No such file or directory (os error 2)"
    );
}

#[test]
fn all_files_together_have_a_limit() {
    let folder = folder();
    for number in 0..17 {
        write(
            folder.path(),
            &format!("{number:02}.cedar"),
            vec![b'\n'; 1024 * 1024],
        );
    }
    assert!(refusal(folder.path()).contains("the files together are larger than 16 MiB"));
}

#[test]
fn folders_have_a_depth_limit() {
    let folder = folder();
    write(
        folder.path(),
        &format!("{}b.cedar", "x/".repeat(30)),
        PERMIT,
    );
    assert!(refusal(folder.path()).contains("too many files, or folders too deep in each other"));
}

#[test]
fn a_pipe_is_not_waited_for() {
    let folder = folder();
    let pipe = folder.path().join("b.cedar");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).expect("a pipe");
    assert_eq!(refusal(folder.path()), "b.cedar: not a regular file");
}

#[test]
fn a_link_stays_inside() {
    let folder = folder();
    symlink("a.cedar", folder.path().join("b.cedar")).expect("a link");
    assert!(Draft::read(folder.path()).is_ok());
    let outside = self::folder();
    symlink(
        outside.path().join("a.cedar"),
        folder.path().join("c.cedar"),
    )
    .expect("a link");
    symlink(outside.path(), folder.path().join("d")).expect("a link");
    assert_eq!(
        refusal(folder.path()),
        "c.cedar: the link leads out of the policy folder\nd: links to folders are not followed; put the files here"
    );
}

#[test]
fn the_folder_itself_may_be_a_link() {
    let folder = folder();
    let place = TempDir::new().expect("a folder");
    symlink(folder.path(), place.path().join("policies")).expect("a link");
    let read = Draft::read(&place.path().join("policies")).expect("a draft");
    assert_eq!(read, Draft::read(folder.path()).expect("a draft"));
}

#[test]
fn what_stands_in_the_wrong_place_is_never_read_as_a_policy() {
    let folder = folder();
    for path in [
        "tests/t.cedar",
        "tenants/p.cedar",
        "tenants/a b/p.cedar",
        "tenants/acme/links.json",
        "sub/entities.json",
        "sub/links.json",
    ] {
        write(folder.path(), path, PERMIT);
    }
    assert_eq!(
        refusal(folder.path()),
        "sub/entities.json: this file is read at the top of the folder only\n\
         sub/links.json: this file is read at the top of the folder only\n\
         tenants/a b/p.cedar: this folder cannot be that of a tenant: ` ` has no place in a tenant id; it is made of letters, digits, `_`, `.`, `:` and `-`\n\
         tenants/acme/links.json: this file is read at the top of the folder only\n\
         tenants/p.cedar: a file under `tenants` lies in the folder of its tenant, which has the tenant's client key for a name\n\
         tests/t.cedar: Cedar files under `tests` are not policies"
    );
}

#[test]
fn a_guarantee_is_no_policy() {
    let folder = folder();
    write(
        folder.path(),
        "guarantees/g.cedar",
        "@guarantee(\"only\") @title(\"whatever\") permit (principal, action, resource);",
    );
    let draft = Draft::read(folder.path()).expect("a draft");
    let set = Validated::check(&draft, &Vocabulary::core()).expect("in order");
    assert_eq!(set.policy_count(), 1);
}

#[test]
fn a_folder_that_cannot_be_searched_hides_no_rules() {
    if rustix::process::geteuid().is_root() {
        eprintln!(
            "skipped: a_folder_that_cannot_be_searched_hides_no_rules: root may look everywhere"
        );
        return;
    }
    let folder = folder();
    write(folder.path(), "tenants/acme/b.cedar", PERMIT);
    let tenants = folder.path().join("tenants");
    let rights = |mode| fs::set_permissions(&tenants, fs::Permissions::from_mode(mode));
    rights(0o644).expect("rights");
    let told = refusal(folder.path());
    rights(0o755).expect("rights");
    assert!(told.contains("tenants/acme: cannot read it"), "{told}");
}
