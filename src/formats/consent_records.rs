// SPDX-License-Identifier: GPL-3.0-or-later

//! The answers to questions about consent that `JetBrains`' programs keep in one file:
//! `rsch.send.usage.stat:1.1:0:1700000000000;…`, with 0 for no and 1 for yes.
//!
//! Source: JetBrains/intellij-community, platform/platform-impl/bootstrap/src/com/intellij/ide/gdpr:
//! `ConsentOptions.java`, `loadConfirmedConsents()`, and `ConfirmedConsent.java`, `fromString()`. The
//! last record of a name counts. A record that can't be parsed is no answer, even if only a line end
//! follows it.
//!
//! A missing record is never added: it names the version of the text that the user agreed to.

use std::ops::Range;

use crate::formats::bytes::{is_word, utf8, without};
use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::mistake::{At, quote};

/// Records of consent.
#[derive(Debug)]
pub(super) struct ConsentRecords;

impl Format for ConsentRecords {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        match key {
            [name] if is_word(name) => Ok(()),
            _ => Err("the name of a consent, as an array of one string"),
        }
    }

    fn look(&self, text: &[u8], key: &[String], _: &Scalar) -> Result<Look, At> {
        let text = utf8(text)?;
        let found = records(text, key)
            .next_back()
            .map_or(Found::Nothing, |record| {
                let answer = record.answer.map(|at| &text[at]);
                match answer {
                    Some("0") => Found::Value(Scalar::Integer(0)),
                    Some("1") => Found::Value(Scalar::Integer(1)),
                    _ => Found::Other,
                }
            });
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let text = utf8(text)?;
        let Some(value) = value else {
            let places = records(text, key).map(|record| record.place);
            return Ok(without(text.as_bytes(), places));
        };
        let Scalar::Integer(answer @ (0 | 1)) = value else {
            return Err(At(None, "expected 0 or 1".to_owned()));
        };
        match records(text, key).next_back() {
            None => {
                let name = key.first().map_or("", String::as_str);
                let message = format!(
                    "no answer {}; expected one, so answer the program’s own question first",
                    quote(name)
                );
                Err(At(None, message))
            }
            Some(Record {
                answer: Some(at), ..
            }) => Ok(format!("{}{answer}{}", &text[..at.start], &text[at.end..]).into_bytes()),
            Some(Record { place, .. }) => {
                let message =
                    "a record that is no answer; expected a name, a version, 0 or 1, and a time";
                Err(At(Some(place.start), message.to_owned()))
            }
        }
    }
}

/// A record of the name.
struct Record {
    /// The record's range, with the separator after it.
    place: Range<usize>,
    /// The answer's range. `None` if the program may fail to parse the record.
    answer: Option<Range<usize>>,
}

/// The records of a name, in order.
fn records<'a>(text: &'a str, key: &'a [String]) -> impl DoubleEndedIterator<Item = Record> + 'a {
    let mut found = Vec::new();
    let mut start = 0;
    for part in text.split_inclusive(';') {
        let place = start..start + part.len();
        start = place.end;
        let record = part.strip_suffix(';').unwrap_or(part);
        let name = record.split(':').find(|field| !field.is_empty());
        // Java's trim() takes all characters up to the space; a byte order mark is skipped.
        let blank = |c: char| c <= ' ' || c == '\u{feff}';
        if key.first().map(String::as_str) == name.map(|name| name.trim_matches(blank)) {
            let answer = answer(record).map(|at| place.start + at.start..place.start + at.end);
            found.push(Record { place, answer });
        }
    }
    found.into_iter()
}

/// The range of a record's answer.
fn answer(record: &str) -> Option<Range<usize>> {
    let fields: Vec<_> = record.split(':').collect();
    let [name, version, answer, time] = fields[..] else {
        return None;
    };
    let is_number =
        |text: &str| (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let is_version = version
        .split_once('.')
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor));
    let start = name.len() + 1 + version.len() + 1;
    (is_version && is_number(time) && matches!(answer, "0" | "1")).then(|| start..start + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "rsch.send.usage.stat";

    fn look(text: &str) -> Found {
        let like = Scalar::Integer(0);
        let look = ConsentRecords.look(text.as_bytes(), &[NAME.to_owned()], &like);
        look.unwrap().found
    }

    fn set(text: &str, answer: Option<i64>) -> Option<String> {
        let answer = answer.map(Scalar::Integer);
        let new = ConsentRecords.edit(text.as_bytes(), &[NAME.to_owned()], answer.as_ref());
        new.ok().map(|new| String::from_utf8(new).unwrap())
    }

    #[test]
    fn only_the_answer_changes() {
        let text = format!("eap:1.0:1:5;{NAME}:1.1:1:1574939222872;a:1.0:0:3");
        assert!(look(&text).is(&Scalar::Integer(1)));
        let off = format!("eap:1.0:1:5;{NAME}:1.1:0:1574939222872;a:1.0:0:3");
        assert_eq!(set(&text, Some(0)), Some(off.clone()));
        assert_eq!(set(&off, Some(1)), Some(text.clone()));
        assert_eq!(set(&text, None), Some("eap:1.0:1:5;a:1.0:0:3".to_owned()));
        let last = format!("{NAME}:1.1:1:1;{NAME}:1.1:0:2");
        assert!(look(&last).is(&Scalar::Integer(0)));
        let on = format!("{NAME}:1.1:1:1;{NAME}:1.1:1:2");
        assert_eq!(set(&last, Some(1)), Some(on));
    }

    #[test]
    fn what_the_program_does_not_understand_is_no_answer() {
        for rest in [
            ":1.1:0:12\n",
            ":1.1:no:12",
            ":1.1:0",
            ":x:0:1",
            ":1.1:00:1",
            "",
        ] {
            let text = format!("{NAME}{rest}");
            assert_eq!(look(&text), Found::Other, "{text}");
            assert_eq!(set(&text, Some(0)), None, "{text}");
        }
        for text in ["", "eap:1.0:1:5", "xrsch.send.usage.stat:1.1:0:1"] {
            assert_eq!(look(text), Found::Nothing, "{text}");
            assert_eq!(set(text, Some(0)), None, "{text}");
        }
    }
}
