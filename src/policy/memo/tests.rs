//! How much is done again, and how much is kept.

use super::super::{Draft, Validated};
use super::*;

/// A hundred tenants with a file each; the first has another one in each version.
fn draft(version: u32) -> Draft {
    let file = |number: u32| {
        let version = if number == 0 { version } else { 0 };
        let text = format!(
            "@id(\"p{number}-{version}\") permit (principal == Account::\"t{number}/ann\", action, resource);"
        );
        (format!("tenants/t{number}/a.cedar"), text)
    };
    Draft::from_files((0..100).map(file)).unwrap()
}

#[test]
fn a_change_of_one_file_makes_one_page() {
    let (mut workshop, core) = (Workshop::new(), Vocabulary::core());
    let mut made = |version| {
        let before = workshop.made;
        Validated::check_in(&mut workshop, &draft(version), &core).unwrap();
        workshop.made - before
    };
    assert_eq!([made(0), made(0), made(1), made(2)], [100, 0, 1, 1]);
}

#[test]
fn what_a_check_did_not_use_is_forgotten() {
    let (mut workshop, core) = (Workshop::new(), Vocabulary::core());
    for version in 0..10 {
        Validated::check_in(&mut workshop, &draft(version), &core).unwrap();
        assert_eq!(workshop.pages.len(), 100);
    }
    // A refused set is a set of pages as well; the last good files are used beside it.
    let broken = Draft::from_files([("tenants/t0/a.cedar", "permit")]).unwrap();
    let good = Some(&draft(0));
    let composed = Validated::check_confined(&mut workshop, &broken, &core, good, BTreeMap::new());
    assert_eq!(composed.unwrap().1.len(), 1);
    assert_eq!(workshop.pages.len(), 2);
    assert!(Validated::check_in(&mut workshop, &broken, &core).is_err());
    assert_eq!(workshop.pages.len(), 1);
}
