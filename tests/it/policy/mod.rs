//! From files to a set in force.

mod activation;
mod annotations;
mod archive;
mod certified;
mod check;
mod corpus;
mod entities;
mod files;
mod groups;
mod incremental;
mod limits;
mod links;
mod lints;
mod live;
mod proven;
mod prover;
mod record;
mod reload;
mod slices;
mod soak;
mod tenant_folders;
mod told;
mod vocabulary;
mod watch;

use gatepost::policy::{Draft, Validated, Vocabulary};

const PERMIT: &str = r#"@id("everything") permit (principal, action, resource);"#;

/// What is said about a set of files: its faults, a line each, or nothing.
fn faults(files: &[(&str, &str)]) -> String {
    let checked = Draft::from_files(files.iter().copied())
        .and_then(|draft| Validated::check(&draft, &Vocabulary::core()));
    match checked {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

fn accepted(files: &[(&str, &str)]) -> Validated {
    let draft = Draft::from_files(files.iter().copied()).expect("files in order");
    Validated::check(&draft, &Vocabulary::core()).unwrap_or_else(|error| panic!("{error}"))
}
