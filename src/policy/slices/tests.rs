//! Which policies a question is put to.

use super::*;

/// Policies under their names, each with its scope: `principal` and `resource` by tenant, `*` for any.
fn slices(policies: &[(&str, &str, &str)]) -> Slices {
    let side = |tenant: &str, scope: String, any: &str| match tenant {
        "*" => any.to_owned(),
        _ => scope,
    };
    let policies: Vec<_> = policies
        .iter()
        .map(|(name, from, to)| {
            let principal = side(
                from,
                format!("principal in Team::\"{from}/x\""),
                "principal",
            );
            let resource = side(to, format!("resource in Project::\"{to}/x\""), "resource");
            let text = format!("permit ({principal}, action, {resource});");
            let policy = Policy::parse(Some(cedar_policy::PolicyId::new(name)), text).unwrap();
            let reach = Reach::of(&policy, &policy.to_json().unwrap());
            (policy, reach)
        })
        .collect();
    let sorted = policies.iter();
    Slices::of(sorted.map(|(policy, reach)| (policy, reach, None))).unwrap()
}

/// The names of the policies for a question from one tenant to another.
fn put(slices: &Slices, from: &str, to: &str) -> String {
    let policies = slices.policies(from, to).into_iter();
    let mut names: Vec<_> = policies.map(|policy| policy.id().to_string()).collect();
    names.sort();
    names.join(" ")
}

const ALL: [(&str, &str, &str); 7] = [
    ("any", "*", "*"),
    ("from-a", "a", "*"),
    ("to-a", "*", "a"),
    ("in-a", "a", "a"),
    ("a-to-b", "a", "b"),
    ("b-to-a", "b", "a"),
    ("to-b", "*", "b"),
];

#[test]
fn a_question_is_put_to_what_can_touch_it_and_to_nothing_else() {
    let slices = slices(&ALL);
    assert_eq!(put(&slices, "a", "a"), "any from-a in-a to-a");
    assert_eq!(put(&slices, "b", "b"), "any to-b");
    assert_eq!(put(&slices, "a", "b"), "a-to-b any from-a to-b");
    assert_eq!(put(&slices, "b", "a"), "any b-to-a to-a");
    assert_eq!(put(&slices, "c", "a"), "any to-a");
    assert_eq!(put(&slices, "c", "c"), "any");
    assert_eq!(put(&self::slices(&[]), "a", "b"), "");
}

#[test]
fn a_question_to_an_unknown_tenant_costs_what_one_to_a_registered_tenant_costs() {
    let sized = [("1", 1), ("2", 3), ("3", 9)];
    let numbered: Vec<_> = sized
        .iter()
        .flat_map(|(tenant, count)| {
            (0..*count).map(move |number| (format!("{tenant}-{number}"), tenant))
        })
        .collect();
    let policies: Vec<_> = numbered
        .iter()
        .map(|(name, tenant)| (name.as_str(), "*", **tenant))
        .collect();
    let slices = slices(&policies);
    let count = |to: &str| slices.policies("asks", to).len();
    assert_eq!([count("1"), count("2"), count("3")], [1, 3, 9]);
    // Neither the smallest nor the largest, and none where there is nothing to be told apart.
    assert_eq!(count("unknown"), 3);
    assert_eq!(slices.policies("unknown", "unknown").len(), 0);
}
