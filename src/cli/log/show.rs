//! One record in full, for people: a name and a value a line.

use std::fmt::Write as _;

use serde_json::Value;

use crate::ledger::read::Record;
use crate::ledger::text::visible;

/// All members of `record`, names of inner ones joined with dots.
pub(super) fn sheet(record: &Record) -> String {
    let mut lines = Vec::new();
    for (name, value) in record.members() {
        flatten(name, value, &mut lines);
    }
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let kind = record.text("kind").unwrap_or("erased");
    let mut sheet = format!("-- {} {}\n", record.seq(), visible(kind));
    for (name, value) in lines {
        // INVARIANT: writing into a String cannot fail.
        writeln!(sheet, "{name:width$}  {value}").expect("memory takes it");
    }
    sheet
}

fn flatten(name: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (inner, value) in members {
                flatten(&format!("{name}.{inner}"), value, lines);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                flatten(&format!("{name}.{index}"), value, lines);
            }
        }
        Value::String(text) => lines.push((visible(name), visible(text))),
        other => lines.push((visible(name), other.to_string())),
    }
}
