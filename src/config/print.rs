//! Shows the effective configuration: TOML that can be pasted, each value with where it came from. Used by `config check --print`.
//! Shows no secret: the master key is not part of what it is given to print but for its place.

use serde::Serialize;

use super::{Loaded, Origin, list, section};

/// The text of `config check --print`.
pub(super) fn effective(loaded: &Loaded) -> String {
    let config = &loaded.config;
    let mut lines = Vec::new();
    for (name, keys) in section::all() {
        let values = match name {
            "server" => table(&config.server),
            "database" => table(&config.database),
            "atlassian" => table(&config.atlassian),
            "policy" => table(&config.policy),
            "ledger" => table(&config.ledger),
            "limits" => table(&config.limits),
            "telemetry" => table(&config.telemetry),
            _ => table(&config.development),
        };
        lines.push(format!("[{name}]"));
        for key in keys {
            let origin = loaded.origin(name, key);
            lines.push(line(key, values.get(*key), &origin));
        }
        lines.push(String::new());
    }
    for (index, settings) in config.oidc.iter().enumerate() {
        let values = table(settings);
        lines.push(format!("[[{}]]", list::NAME));
        for key in list::keys() {
            let origin = loaded.origin_of_provider(index, key);
            lines.push(line(key, values.get(*key), &origin));
        }
        lines.push(String::new());
    }
    lines.push(format!("# master key: {}\n", loaded.master_key));
    lines.join("\n")
}

fn line(key: &str, value: Option<&toml::Value>, origin: &Origin) -> String {
    match value {
        Some(value) => format!("{:<56} # {origin}", format!("{key} = {value}")),
        None => format!("# {key} is not set"),
    }
}

fn table(settings: &impl Serialize) -> toml::Table {
    toml::Table::try_from(settings).unwrap_or_default()
}
