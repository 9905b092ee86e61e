//! A folder that is read: what counts, and whose fault it is that something could not be read.

use super::super::{Validated, Vocabulary, Workshop};
use super::*;

#[test]
fn kept_files_count_as_new_ones_do() {
    let draft = |tenant: &str, length| {
        let path = format!("tenants/{tenant}/a.cedar");
        let files = [
            (path, " ".repeat(length)),
            ("a.cedar".to_owned(), String::new()),
        ];
        Draft::from_files(files).unwrap()
    };
    let (new, last) = (draft("globex", SET_BYTES_MAX / 2), "acme");
    let composed = |length| {
        let last_good = draft(last, length);
        new.with_tenants_of(Some(&last_good), &BTreeSet::from([last]), &BTreeSet::new())
    };
    assert!(composed(SET_BYTES_MAX / 2).is_ok());
    let refused = composed(SET_BYTES_MAX / 2 + 1).unwrap_err();
    assert_eq!(refused.to_string(), format!(".: {TOO_LARGE}"));
}

#[test]
fn what_cannot_be_read_of_a_tenant_is_its_own_and_changes_the_digest() {
    let folder = tempfile::TempDir::new().unwrap();
    let permit = "@id(\"x\") permit (principal, action, resource);";
    std::fs::create_dir_all(folder.path().join("tenants/globex")).unwrap();
    std::fs::write(folder.path().join("a.cedar"), permit).unwrap();
    let before = Draft::read_once(folder.path()).unwrap();
    let large = vec![b' '; usize::try_from(FILE_BYTES_MAX).unwrap() + 1];
    let faults = [
        ("links.json", b"[]".to_vec()),
        ("b.cedar", b"\xff".to_vec()),
        ("c.cedar", large),
    ];
    for (name, bytes) in faults {
        let place = folder.path().join("tenants/globex").join(name);
        std::fs::write(&place, bytes).unwrap();
        let draft = Draft::read_once(folder.path()).unwrap();
        assert_ne!(draft.digest(), before.digest(), "{name}");
        assert!(Draft::read(folder.path()).is_err(), "{name}");
        let (mut workshop, core) = (Workshop::new(), Vocabulary::core());
        let blamed = ByTenant::new();
        let composed =
            Validated::check_confined(&mut workshop, &draft, &core, Some(&before), blamed);
        let (set, confined) = composed.unwrap();
        assert_eq!(confined[0].tenant, "globex", "{name}");
        assert!(confined[0].is_closed && set.rules().is_closed("globex"));
        std::fs::remove_file(&place).unwrap();
        assert_eq!(Draft::read_once(folder.path()).unwrap(), before);
    }
}

#[test]
fn a_tenant_does_not_take_the_room_of_others() {
    let folder = tempfile::TempDir::new().unwrap();
    let globex = folder.path().join("tenants/globex");
    std::fs::create_dir_all(&globex).unwrap();
    std::fs::write(folder.path().join("a.cedar"), "").unwrap();
    for n in 0..1_001 {
        std::fs::write(globex.join(format!("{n}.txt")), "").unwrap();
    }
    let draft = Draft::read_once(folder.path()).unwrap();
    assert_eq!(draft.unread().keys().collect::<Vec<_>>(), ["globex"]);
    std::fs::remove_dir_all(&globex).unwrap();
    std::fs::create_dir_all(&globex).unwrap();
    for n in 0..3 {
        let text = " ".repeat(400 * 1024);
        std::fs::write(globex.join(format!("{n}.cedar")), text).unwrap();
    }
    let draft = Draft::read_once(folder.path()).unwrap();
    let told = draft.unread()["globex"].to_string();
    assert!(
        told.ends_with("of this tenant together are larger than 1 MiB"),
        "{told}"
    );
}
