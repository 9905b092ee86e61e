//! What every command owes its users: an environment variable for each flag, and examples in its help.

use gatepost::config::{Config, Environment};

/// Each command with the words that lead to it.
fn all() -> Vec<(String, clap::Command)> {
    fn walk(path: &str, command: &clap::Command, into: &mut Vec<(String, clap::Command)>) {
        into.push((path.to_owned(), command.clone()));
        for sub in command.get_subcommands() {
            walk(&format!("{path} {}", sub.get_name()), sub, into);
        }
    }
    let mut found = Vec::new();
    walk("gatepost", &gatepost::cli::command(), &mut found);
    found
}

#[test]
fn every_flag_has_an_environment_variable() {
    for (path, command) in all() {
        let flags = command.get_arguments().filter(|arg| !arg.is_positional());
        for flag in flags.filter(|arg| !["help", "version"].contains(&arg.get_id().as_str())) {
            let variable = flag
                .get_env()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            assert!(
                variable.starts_with("GATEPOST_"),
                "{path} --{}",
                flag.get_id()
            );
        }
    }
}

#[test]
fn no_variable_of_a_flag_is_taken_for_a_key_of_the_configuration() {
    for (path, command) in all() {
        for variable in command.get_arguments().filter_map(|arg| arg.get_env()) {
            let name = variable.to_str().unwrap();
            let environment: Environment = [(name, "1")].into_iter().collect();
            let error = Config::load(None, &environment).unwrap_err().to_string();
            assert!(
                !error.contains(name),
                "{path}: {name} begins like a section"
            );
        }
    }
}

#[test]
fn every_command_shows_examples_and_no_flag_takes_a_secret() {
    for (path, command) in all() {
        if command.has_subcommands() && path != "gatepost" {
            continue;
        }
        let help = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(help.contains("gatepost "), "{path} has no examples");
        for arg in command.get_arguments() {
            let id = arg.get_id().as_str();
            assert!(
                !["secret", "password", "master_key"].contains(&id),
                "{path} --{id}"
            );
        }
    }
}

#[test]
fn clap_finds_the_command_line_sound() {
    gatepost::cli::command().debug_assert();
}
