//! How large a policy may be. Cedar's parser, its validator and the prover follow a policy by recursion, so one that is nested deep
//! enough ends the process, and again at the next start; and what a solver is asked grows faster than the policy does. May be used
//! by `policy`, before a text is parsed. What must never happen here: a text that Cedar nests deeper than this counts. What is not
//! Cedar at all may be counted as more than it is.

use std::collections::HashSet;

use super::error::{Fault, Faults, PolicyError, Source};

/// How deep brackets and `if` may lie in each other.
const NESTING_MAX: usize = 32;
/// How many parts of a policy there may be: names, texts, numbers and signs.
const TOKENS_MAX: usize = 2_000;
/// How many operators, such as `&&` and `||`, may follow each other in one pair of brackets: Cedar nests them in each other.
const OPERATORS_MAX: usize = 400;
/// How many `.` and brackets may follow each other, as in `a.b.c`.
const PATH_MAX: usize = 32;
/// How many things a policy may name: the prover compares each with each. Measured with 190 of them, 380 MB and more than a minute.
const ENTITIES_MAX: usize = 100;
/// How often the left side of `in` may be made in brackets, as in `(if a then b else c) in d`: the prover writes out what lies above
/// each, for each thing that is named. Measured with 95 of them, 13 s before the solver is asked.
const MADE_MAX: usize = 16;
/// How long a policy may be: its texts and patterns become a part of the questions to the solver.
const BYTES_MAX: usize = 256 * 1024;

/// Refuses policies that are too large to be looked at.
pub(super) fn check(source: &Source) -> Result<(), PolicyError> {
    let mut faults = Faults::default();
    let mut policy: Option<Size<'_>> = None;
    for token in Tokens::of(source.text()) {
        let size = policy.get_or_insert_with(|| Size::at(token.offset));
        let is_told = size.fault.is_some();
        size.count(token);
        if let Some((offset, message)) = size.fault.as_ref().filter(|_| !is_told) {
            let fault = Fault::at(source, *offset, message);
            faults.push(
                fault.with_help(
                    "split it into several policies, if no bracket and no `;` is missing",
                ),
            );
        }
        if token.text == ";" && size.open.len() == 1 {
            policy = None;
        }
    }
    faults.none_or(())
}

/// A part of a text, and where it begins.
#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    text: &'a str,
    offset: usize,
}

/// The parts of a text, without blanks and comments. Where Cedar cannot read on, as at an end that a text lacks, it parses nothing
/// that follows either.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.text.as_bytes();
        loop {
            let rest = &bytes[self.at..];
            let (is_token, length) = match rest {
                [] => return None,
                [b'/', b'/', ..] => (false, run(rest, |byte| !matches!(byte, b'\n' | b'\r'))),
                [b'"', ..] => (true, quoted(rest)),
                [byte, ..] if is_word(*byte) => (true, run(rest, is_word)),
                [b'&', b'&', ..]
                | [b'|', b'|', ..]
                | [b':', b':', ..]
                | [b'=' | b'!' | b'<' | b'>', b'=', ..] => (true, 2),
                // What is not ASCII is a blank, or nothing that Cedar can read.
                [byte, ..] if byte.is_ascii_graphic() => (true, 1),
                [_, ..] => (false, run(rest, |byte| !byte.is_ascii_graphic())),
            };
            let offset = self.at;
            self.at += length;
            if is_token {
                let text = &self.text[offset..self.at];
                return Some(Token { text, offset });
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// How many bytes from the beginning are so.
fn run(bytes: &[u8], is_so: impl Fn(u8) -> bool) -> usize {
    let end = bytes.iter().position(|byte| !is_so(*byte));
    end.unwrap_or(bytes.len())
}

/// How long a text in quotes is, with its quotes.
fn quoted(bytes: &[u8]) -> usize {
    let mut is_escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

/// How large a policy is, up to the token that was counted last.
struct Size<'a> {
    begin: usize,
    tokens: usize,
    ifs: usize,
    /// The brackets that are open; the first stands for the policy itself.
    open: Vec<Level>,
    entities: HashSet<(&'a str, &'a str)>,
    made: usize,
    /// The last two tokens: `Team` and `::` before a text name a thing.
    last: [&'a str; 2],
    /// The first limit that it goes over.
    fault: Option<(usize, String)>,
}

/// What stands in one pair of brackets, since the last comma.
#[derive(Default)]
struct Level {
    end: &'static str,
    operators: usize,
    path: usize,
    ifs: usize,
}

impl<'a> Size<'a> {
    fn at(begin: usize) -> Self {
        Self {
            begin,
            tokens: 0,
            ifs: 0,
            open: vec![Level::default()],
            entities: HashSet::new(),
            made: 0,
            last: [""; 2],
            fault: None,
        }
    }

    fn count(&mut self, token: Token<'a>) {
        let Token { text, offset } = token;
        self.tokens += 1;
        match text {
            "(" => self.enter(")"),
            "[" => self.enter("]"),
            "{" => self.enter("}"),
            ")" | "]" | "}" => self.leave(text),
            _ => self.level(text),
        }
        if text.starts_with('"') && self.last[1] == "::" {
            self.entities.insert((self.last[0], text));
        }
        if text == "in" && matches!(self.last[1], ")" | "]") {
            self.made += 1;
        }
        self.last = [self.last[1], text];
        let bytes = offset + text.len() - self.begin;
        let found = self.found(bytes);
        self.fault = self.fault.take().or_else(|| {
            found.map(|(is_here, message)| (if is_here { offset } else { self.begin }, message))
        });
    }

    /// The limit that it goes over, and whether it does so at this token rather than as a whole.
    fn found(&self, bytes: usize) -> Option<(bool, String)> {
        // INVARIANT: the level of the policy itself is never left.
        let level = self.open.last().expect("the level of the policy");
        let limits = [
            (
                self.open.len() - 1 + self.ifs,
                NESTING_MAX,
                true,
                "brackets and `if` lie in each other more than {} deep",
            ),
            (
                level.operators,
                OPERATORS_MAX,
                true,
                "more than {} operators follow each other",
            ),
            (
                level.path,
                PATH_MAX,
                true,
                "more than {} `.` or brackets follow each other",
            ),
            (
                self.tokens,
                TOKENS_MAX,
                false,
                "this policy is made of more than {} names, texts and signs",
            ),
            (
                self.made,
                MADE_MAX,
                true,
                "more than {} left sides of `in` are made in brackets",
            ),
            (
                self.entities.len(),
                ENTITIES_MAX,
                false,
                "this policy names more than {} entities",
            ),
            (
                bytes,
                BYTES_MAX,
                false,
                "this policy is longer than {} bytes",
            ),
        ];
        let mut over = limits.iter().filter(|(count, most, ..)| count > most);
        let (_, most, is_here, message) = over.next()?;
        Some((*is_here, message.replace("{}", &most.to_string())))
    }

    fn enter(&mut self, end: &'static str) {
        self.level(end);
        self.open.push(Level {
            end,
            ..Level::default()
        });
    }

    /// A bracket closes its like only. Cedar reads on behind one that does not fit, as deep as before.
    fn leave(&mut self, end: &str) {
        if let Some(level) = self.open.pop_if(|level| level.end == end) {
            self.ifs -= level.ifs;
        }
    }

    /// Counts within the brackets that are open.
    fn level(&mut self, text: &str) {
        let is_policy = self.open.len() == 1;
        // INVARIANT: the level of the policy itself is never left.
        let level = self.open.last_mut().expect("the level of the policy");
        match text {
            "," => {
                self.ifs -= level.ifs;
                *level = Level {
                    end: level.end,
                    ..Level::default()
                };
            }
            "if" => {
                level.ifs += 1;
                self.ifs += 1;
            }
            // Conditions are joined as if by `&&`.
            "}" if is_policy => level.operators += 1,
            "." | ")" | "]" => level.path += 1,
            "&&" | "||" | "+" | "-" | "*" => {
                level.operators += 1;
                level.path = 0;
            }
            // A name behind a `.` goes on with the path; all else begins another.
            _ if self.last[1] == "." => {}
            _ => level.path = 0,
        }
    }
}
