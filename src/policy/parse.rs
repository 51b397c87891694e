// SPDX-License-Identifier: GPL-3.0-or-later

//! The format of a policy file. `docs/administrators.md` describes it for administrators.
//!
//! The parser reports all mistakes in a file at once. So it walks the document by hand: serde would
//! stop at the first mistake.

use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Decision, Lists, Organisation, Policy, Profiles};
use crate::choices::choice;
use crate::choices::choice::Choice;
use crate::choices::organisation::{is_contact, is_name};
use crate::choices::state::State;
use crate::formats::mistake;
use crate::formats::mistake::{At, Mistake, quote};
use crate::system::limits;
use crate::system::limits::POLICY_TEXT;

/// How similar a word must be to a known word to suggest it.
const ALIKE: f64 = 0.75;

/// Reads a policy.
///
/// # Errors
///
/// Every mistake, in the order of the file.
pub fn parse(file: &Path, bytes: &[u8]) -> Result<Policy, Vec<Mistake>> {
    let text = mistake::text(file, bytes).map_err(|mistake| vec![mistake])?;
    let (sound, broken) = without_broken_lines(text);
    let (document, _) = DeTable::parse_recoverable(&sound);
    let mut lines = text.lines().zip(sound.lines());
    let mut reading = Reading {
        lock_may_be_lost: lines.any(|(line, left)| line != left && line.contains("locked")),
        // A value may only be missing because its line is broken.
        complete: broken.is_empty(),
        mistakes: broken,
    };
    let policy = reading.policy(document.get_ref(), text);
    if reading.mistakes.is_empty() {
        return Ok(policy);
    }
    Err(At::all_in_file(reading.mistakes, file, text))
}

/// Replaces each line that is not TOML by spaces, and returns the mistakes in these lines.
/// Otherwise the parser could miss the lines below.
fn without_broken_lines(text: &str) -> (String, Vec<At>) {
    let mut sound = text.to_owned();
    let mut mistakes = Vec::new();
    let mut blank = HashSet::new();
    for _ in 0..limits::POLICY_BROKEN_LINES {
        let (_, errors) = DeTable::parse_recoverable(&sound);
        let mut blanked = false;
        for error in &errors {
            let at = At::parser(error);
            let place = at.0.map(|offset| line_around(&sound, offset));
            let is_new = place
                .as_ref()
                .is_none_or(|line| !blank.contains(&line.start));
            if is_new {
                mistakes.push(at);
            }
            // An unterminated multi-line string hides everything below it. A mistake without a
            // position may do so, too.
            let several = place.clone().is_none_or(|line| {
                ["\"\"\"", "'''"]
                    .iter()
                    .any(|mark| sound[line.clone()].contains(mark))
            });
            if let (true, false, Some(line)) = (is_new, several, place) {
                let spaces = " ".repeat(line.len());
                blank.insert(line.start);
                sound.replace_range(line, &spaces);
                blanked = true;
            }
        }
        if !blanked {
            break;
        }
    }
    (sound, mistakes)
}

/// The line around an offset, without its newline.
fn line_around(text: &str, offset: usize) -> Range<usize> {
    let offset = (0..=offset.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    let start = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
    let end = |from: usize| {
        text[from..]
            .find('\n')
            .map_or(text.len(), |newline| from + newline)
    };
    start..end(offset)
}

struct Reading {
    complete: bool,
    /// Whether a line that is not TOML may have been meant to lock the choice.
    lock_may_be_lost: bool,
    mistakes: Vec<At>,
}

type Field<'a> = &'a Spanned<DeValue<'a>>;

impl Reading {
    fn wrong<T>(&mut self, at: &Spanned<T>, message: String) {
        self.mistakes.push(At(Some(at.span().start), message));
    }

    fn policy(&mut self, document: &DeTable<'_>, text: &str) -> Policy {
        let mut policy = Policy {
            text: text.to_owned(),
            ..Policy::default()
        };
        for (name, value) in document {
            match name.get_ref().as_ref() {
                "organisation" => {
                    policy.organisation = self
                        .table(name, value)
                        .and_then(|table| self.organisation(value, table));
                }
                "choices" => {
                    if let Some(table) = self.table(name, value) {
                        policy.decisions = self.decisions(table);
                    }
                }
                "profiles" => {
                    let words = [("user", Profiles::User), ("all", Profiles::All)];
                    policy.profiles = self.word(name, value, &words).unwrap_or_default();
                }
                _ => self.unknown("field", name, &["organisation", "choices", "profiles"]),
            }
        }
        policy
    }

    fn organisation(&mut self, place: Field<'_>, table: &DeTable<'_>) -> Option<Organisation> {
        let mut name = None;
        let mut contact = None;
        let mut named = false;
        for (field, value) in table {
            match field.get_ref().as_ref() {
                "name" => {
                    named = true;
                    let expected = format!(
                        "a name on one line of {POLICY_TEXT} bytes at most, without control characters"
                    );
                    name = self.checked(field, value, is_name, &expected);
                }
                "contact" => {
                    let expected = "the URI of a web page or a mail address, such as \
                                    “https://it.example.edu/privacy” or “mailto:it@example.edu”";
                    contact = self.checked(field, value, is_contact, expected);
                }
                _ => self.unknown("field", field, &["name", "contact"]),
            }
        }
        if !named && self.complete {
            self.wrong(
                place,
                "no name; expected name = \"…\", by which people know who set their choices"
                    .to_owned(),
            );
        }
        Some(Organisation {
            name: name?,
            contact,
        })
    }

    fn decisions(&mut self, table: &DeTable<'_>) -> Vec<Decision> {
        let ids: Vec<_> = choice::ALL.iter().map(|choice| choice.id).collect();
        let mut decisions = Vec::new();
        for (id, value) in table {
            match Choice::find(id.get_ref()) {
                None => self.unknown("choice", id, &ids),
                Some(choice) => {
                    let table = self.table(id, value);
                    decisions.extend(table.and_then(|table| self.decision(choice, id, table)));
                }
            }
        }
        decisions
            .sort_by_key(|decision: &Decision| ids.iter().position(|id| *id == decision.choice.id));
        decisions
    }

    fn decision<T>(
        &mut self,
        choice: &'static Choice,
        place: &Spanned<T>,
        table: &DeTable<'_>,
    ) -> Option<Decision> {
        let mut state = None;
        let mut locked = None;
        let mut lists = None;
        for (field, value) in table {
            match field.get_ref().as_ref() {
                "state" => {
                    let states = [("on", State::On), ("off", State::Off)];
                    state = Some(self.word(field, value, &states));
                }
                "locked" => {
                    locked = Some((field, value.get_ref().as_bool()));
                    if !value.get_ref().is_bool() {
                        self.wrong_type(field, value, "true or false, without quotes");
                    }
                }
                "lists" => lists = Some((field, self.word(field, value, &Lists::ALL))),
                _ => self.unknown("field", field, &["state", "locked", "lists"]),
            }
        }
        match (&state, &locked) {
            (None, Some((field, _))) if self.complete => self.wrong(
                *field,
                "“locked” without “state”; expected state = \"on\" or state = \"off\" beside it"
                    .to_owned(),
            ),
            (None, None) if self.complete => self.wrong(
                place,
                "no state; expected state = \"on\" or state = \"off\"".to_owned(),
            ),
            _ => {}
        }
        let is_locked = matches!(locked, Some((_, Some(true))));
        if let Some((field, word)) = lists {
            let known = locked.map_or(!self.lock_may_be_lost, |(_, value)| value.is_some());
            if !is_locked && known {
                self.wrong(
                    field,
                    "“lists” without a lock; expected locked = true beside it, or no “lists”"
                        .to_owned(),
                );
            }
            if word == Some(Lists::AllOff) && state == Some(Some(State::On)) {
                self.wrong(
                    field,
                    "“all-off” for a choice that is on; expected “locked” or “preset”".to_owned(),
                );
            }
        }
        Some(Decision {
            choice,
            state: state??,
            locked: is_locked,
            lists: lists.and_then(|(_, word)| word).unwrap_or_default(),
        })
    }

    fn table<'a, T: AsRef<str>>(
        &mut self,
        name: &Spanned<T>,
        value: &'a Spanned<DeValue<'a>>,
    ) -> Option<&'a DeTable<'a>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(name, value, "a table");
        }
        table
    }

    /// A string that fulfils a condition.
    fn checked<T: AsRef<str>>(
        &mut self,
        name: &Spanned<T>,
        value: Field<'_>,
        valid: impl FnOnce(&str) -> bool,
        expected: &str,
    ) -> Option<String> {
        let text = self.text(name, value)?;
        if valid(&text) {
            return Some(text);
        }
        self.wrong(value, format!("{}; expected {expected}", quote(&text)));
        None
    }

    fn text<T: AsRef<str>>(&mut self, name: &Spanned<T>, value: Field<'_>) -> Option<String> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(name, value, "text in quotes");
        }
        text.map(str::to_owned)
    }

    /// One of a few words.
    fn word<T: AsRef<str>, W: Copy>(
        &mut self,
        name: &Spanned<T>,
        value: Field<'_>,
        words: &[(&str, W)],
    ) -> Option<W> {
        let expected = || {
            let words: Vec<_> = words.iter().map(|(word, _)| format!("“{word}”")).collect();
            words.join(" or ")
        };
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(name, value, &format!("{}, in quotes", expected()));
            return None;
        };
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(
                value,
                format!(
                    "{} for “{}”; expected {}{}",
                    quote(text),
                    name.get_ref().as_ref(),
                    expected(),
                    suggestion(text, &known)
                ),
            );
        }
        found.map(|(_, meant)| *meant)
    }

    fn wrong_type<T: AsRef<str>>(&mut self, name: &Spanned<T>, value: Field<'_>, expected: &str) {
        self.wrong(
            value,
            format!(
                "{} for “{}”; expected {expected}",
                found(value.get_ref()),
                name.get_ref().as_ref()
            ),
        );
    }

    fn unknown<T: AsRef<str>>(&mut self, what: &str, name: &Spanned<T>, known: &[&str]) {
        let text = name.get_ref().as_ref();
        let message = format!(
            "unknown {what} {}; expected one of: {}{}",
            quote(text),
            known.join(", "),
            suggestion(text, known)
        );
        self.wrong(name, message);
    }
}

/// Describes a value of the wrong type.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quote(text),
        DeValue::Integer(number) => format!("the number {}", quote(number.as_str())),
        DeValue::Float(number) => format!("the number {}", quote(number.as_str())),
        DeValue::Boolean(value) => format!("“{value}”"),
        DeValue::Datetime(time) => format!("the time “{time}”"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// `. Did you mean “state”?`
fn suggestion(text: &str, known: &[&str]) -> String {
    // A long string was not meant to be one of a few words.
    if text.len() > limits::SIMILAR_WORD {
        return String::new();
    }
    known
        .iter()
        .map(|word| (strsim::jaro_winkler(&text.to_lowercase(), word), word))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map_or_else(String::new, |(_, word)| format!(". Did you mean “{word}”?"))
}
