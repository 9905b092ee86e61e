//! Records as rows of 100 columns, or as many as the terminal has, for people. What does not fit is cut and marked; `show` and JSON have it in full.

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Width, presets};

use crate::ledger::read::Record;
use crate::ledger::text::visible;

/// What a row may have where nobody knows more.
pub(super) const WIDTH_MIN: u16 = 100;
const WHOLE_MAX: usize = 16;
/// Of a policy set's digest.
const DIGITS_SHOWN: usize = 8;

/// Heading; the width where rows come one by one and cannot be arranged together; and whether it is never cut where they can.
const COLUMNS: [(&str, u16, bool); 10] = [
    ("seq", 7, true),
    ("time (UTC)", 20, true),
    ("effect", 8, true),
    ("code", 14, false),
    ("tenant", 8, false),
    ("account", 8, false),
    ("action", 9, false),
    ("site", 8, false),
    ("issue", 9, true),
    ("decision", 9, true),
];

/// Columns that are cut: they share what a wide terminal has to spare.
const CUT: u16 = 5;

/// Prints rows, with the heading before the first.
pub(super) struct Table {
    coloured: bool,
    one_by_one: bool,
    headed: bool,
    width: u16,
}

impl Table {
    pub(super) fn new(coloured: bool, one_by_one: bool, width: u16) -> Self {
        Self {
            coloured,
            one_by_one,
            headed: false,
            width,
        }
    }

    /// The lines of `records`.
    pub(super) fn rows(&mut self, records: &[Record]) -> String {
        if records.is_empty() && self.headed {
            return String::new();
        }
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.width);
        if !self.headed {
            table.add_row(line(COLUMNS.map(|(heading, ..)| heading)));
            self.headed = true;
        }
        for record in records {
            table.add_row(line(cells(record)));
        }
        let spare = self.width.saturating_sub(WIDTH_MIN) / CUT;
        for (column, (_, width, whole)) in table.column_iter_mut().zip(COLUMNS) {
            column.set_padding((0, 1));
            if self.one_by_one {
                let width = if whole { width } else { width + spare };
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
            } else if whole {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        let mut lines = String::new();
        for line in table.trim_fmt().lines() {
            lines.push_str(&self.colour(line));
            lines.push('\n');
        }
        lines
    }

    /// Before the effect stand only a number and a time: the first such word of a line is the effect.
    fn colour(&self, line: &str) -> String {
        let painted = |word, code| {
            let paint = format!("\u{1b}[{code}m{word}\u{1b}[0m");
            line.replacen(word, &paint, 1)
        };
        match line.split_ascii_whitespace().nth(3) {
            Some(word @ "deny") if self.coloured => painted(word, 31),
            Some(word @ "allow") if self.coloured => painted(word, 32),
            _ => line.to_owned(),
        }
    }
}

fn line<T: Into<comfy_table::Cell>>(cells: [T; COLUMNS.len()]) -> Row {
    let mut row = Row::from(cells);
    row.max_height(1);
    row
}

fn cells(record: &Record) -> [String; COLUMNS.len()] {
    let text = |name| visible(record.text(name).unwrap_or_default());
    let inner = |name, member: &str| {
        let member = record.member(name).and_then(|value| value.get(member));
        member.cloned().unwrap_or_default()
    };
    let effect = record.text("effect").or_else(|| record.text("kind"));
    let code = match record.text("kind") {
        Some("outcome") => inner("outcome", "status").to_string(),
        Some("admin") => text("operation"),
        Some("policy_activated" | "policy_rejected") => set(record),
        _ => text("code"),
    };
    [
        record.seq().to_string(),
        time(record),
        start(effect.unwrap_or("erased")),
        code,
        text("tenant"),
        text("account"),
        text("action"),
        // A policy set has no site: the place is free.
        fault(record).unwrap_or_else(|| text("site")),
        start(inner("resource", "id").as_str().unwrap_or_default()),
        end(&text("decision_id")),
    ]
}

/// Which policy set, by as many digits as commands take.
fn set(record: &Record) -> String {
    let digest = record.text("policy_set").unwrap_or_default();
    let digits = digest.strip_prefix("sha256:").unwrap_or(digest);
    visible(digits.get(..DIGITS_SHOWN).unwrap_or(digits))
}

/// What is wrong with a policy set: first of all the file and line.
fn fault(record: &Record) -> Option<String> {
    let fault = record.member("detail")?.get("fault_01")?;
    fault.as_str().map(visible)
}

/// As much as a column that is never cut may take from the others.
fn start(text: &str) -> String {
    let text = visible(text);
    match text.char_indices().nth(WHOLE_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The end of an id: ids sort by time, so those of one minute begin alike.
fn end(id: &str) -> String {
    let cut = id.chars().count().saturating_sub(7);
    match id.char_indices().nth(cut) {
        Some((from, _)) if cut > 1 => format!("…{}", &id[from..]),
        _ => id.to_owned(),
    }
}

/// `2026-11-23 12:00:00`.
fn time(record: &Record) -> String {
    let time = record.text("time").unwrap_or_default();
    visible(time.get(..19).unwrap_or(time)).replace('T', " ")
}
