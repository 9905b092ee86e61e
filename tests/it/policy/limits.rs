//! A policy that is too large is refused before anything follows it by recursion. Without that, each of the worst ones here ends the
//! process.

use std::thread;

use super::faults;

/// What is said about a file with this condition, on a stack as large as that of whoever checks sets.
fn of(condition: &str) -> String {
    let text = format!(
        "@id(\"x\") permit (principal, action, resource) when {{\n{condition}\n}};\n@id(\"y\") permit (principal, action, resource);"
    );
    let checking = thread::Builder::new().stack_size(64 * 1024 * 1024);
    let checking = checking.spawn(move || faults(&[("a.cedar", &text)]));
    checking.expect("a thread").join().expect("no panic")
}

fn nested(depth: usize, open: &str, close: &str) -> String {
    format!("{}true{}", open.repeat(depth), close.repeat(depth))
}

fn joined(count: usize, part: impl Fn(usize) -> String, by: &str) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(by)
}

fn yes(_: usize) -> String {
    "true".to_owned()
}

#[test]
fn brackets_and_ifs_lie_in_each_other_so_deep_and_no_deeper() {
    let deep = "a.cedar:2: brackets and `if` lie in each other more than 32 deep";
    // The braces of the condition are one of them.
    assert_eq!(of(&nested(31, "(", ")")), "");
    assert_eq!(of(&nested(31, "!!!!(", ")")), "");
    assert_eq!(of(&nested(32, "(", ")")), deep);
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{a: ", "}"),
        ("!(", ")"),
        ("-(", ")"),
    ] {
        assert_eq!(of(&nested(100_000, open, close)), deep, "{open}");
    }
    assert_eq!(of(&nested(100_000, "if true then ", " else true")), deep);
    assert_eq!(of(&nested(100_000, "if true then true else ", "")), deep);
    // A bracket that does not fit closes nothing: Cedar reads on as deep as before.
    assert_eq!(of(&"[ ) ,".repeat(10_000)), deep);
}

#[test]
fn so_many_operators_follow_each_other_and_no_more() {
    let many = "a.cedar:2: more than 400 operators follow each other";
    assert_eq!(of(&joined(401, yes, " && ")), "");
    for by in [" && ", " || ", " + ", " - ", " * ", "&&//\n"] {
        assert!(of(&joined(402, yes, by)).ends_with(&many[10..]), "{by}");
        assert!(of(&joined(50_000, yes, by)).ends_with(&many[10..]), "{by}");
    }
    let whens = "when { true } ".repeat(10_000);
    let text = format!("permit (principal, action, resource) {whens};");
    let told = faults(&[("a.cedar", &text)]);
    assert_eq!(told, "a.cedar:1: more than 400 operators follow each other");
}

#[test]
fn a_path_has_so_many_steps_and_no_more() {
    let long = "a.cedar:2: more than 32 `.` or brackets follow each other";
    assert!(of(&format!("context{}", ".a".repeat(32))).contains("attribute"));
    for step in [".a", "[\"a\"]", ".contains(1)", "(1)"] {
        assert_eq!(
            of(&format!("context{}", step.repeat(10_000))),
            long,
            "{step}"
        );
    }
    assert_eq!(of(&format!("context has a{}", ".a".repeat(33))), long);
}

#[test]
fn a_policy_has_so_many_parts_and_no_more() {
    let large = "a.cedar:1: this policy is made of more than 2000 names, texts and signs";
    let list = |count| {
        let words = joined(count, |n| format!("\"w{n}\""), ",");
        format!("[{words}].contains(context.auth)")
    };
    assert_eq!(of(&list(900)), "");
    assert_eq!(of(&list(50_000)), large);
}

#[test]
fn a_policy_names_so_many_entities_and_no_more() {
    let account = |n| format!("principal == Account::\"acme/u{n}\"");
    assert_eq!(of(&joined(100, account, " || ")), "");
    let named = of(&joined(101, account, " || "));
    assert_eq!(named, "a.cedar:1: this policy names more than 100 entities");
    // The same one counts once.
    assert_eq!(of(&joined(150, |_| account(1), " || ")), "");
}

#[test]
fn what_is_made_in_brackets_is_looked_for_in_groups_so_often_and_no_more() {
    let made =
        |n| format!("(if context.auth == \"{n}\" then principal else context.actAs) in principal");
    assert!(!of(&joined(16, made, " || ")).contains("in brackets"));
    let many = of(&joined(17, made, " || "));
    assert_eq!(
        many,
        "a.cedar:2: more than 16 left sides of `in` are made in brackets"
    );
}

#[test]
fn a_text_and_a_comment_are_no_parts() {
    let brackets = "(".repeat(1_000);
    assert_eq!(
        of(&format!(
            "context.auth == \"\\\"{brackets}\" // {brackets}\n"
        )),
        ""
    );
    let long = of(&format!("context.auth like \"{}\"", "*a".repeat(150_000)));
    assert_eq!(long, "a.cedar:1: this policy is longer than 262144 bytes");
}

#[test]
fn each_policy_is_counted_on_its_own() {
    let policy = |n: usize| {
        format!(
            "@id(\"p{n}\") permit (principal, action, resource) when {{ {} }};\n",
            joined(300, yes, " && ")
        )
    };
    let text: String = (0..10).map(policy).collect();
    assert_eq!(
        thread::Builder::new()
            .stack_size(64 << 20)
            .spawn(move || faults(&[("a.cedar", &text)]))
            .expect("a thread")
            .join()
            .expect("no panic"),
        ""
    );
}

#[test]
fn a_guarantee_has_the_same_limits() {
    let text = format!(
        "permit (principal, action, resource) when {{\n{} }};",
        nested(100_000, "(", ")")
    );
    let told = faults(&[("a.cedar", super::PERMIT), ("guarantees/g.cedar", &text)]);
    assert_eq!(
        told,
        "guarantees/g.cedar:2: brackets and `if` lie in each other more than 32 deep"
    );
}
