// SPDX-License-Identifier: GPL-3.0-or-later

//! A file with one word and the date on which the program wrote it, such as Go's `telemetry/mode`:
//! `off 2024-08-13`.
//!
//! Source: golang/telemetry, internal/telemetry/dir.go, `Mode()` and `SetMode()`. White space around
//! the text doesn't count, and the word ends at the first space. The program sends nothing that it
//! recorded before the date, so a new word always has today's.

use std::ops::Range;

use crate::formats::bytes::utf8;
use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::mistake::At;

/// The only key: the word has no name in the file.
const KEY: &str = "word";

/// A word with a date.
#[derive(Debug)]
pub(super) struct DatedWord;

impl Format for DatedWord {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        if is_key(key) {
            Ok(())
        } else {
            Err("“word”, the only value of such a file")
        }
    }

    fn look(&self, text: &[u8], key: &[String], _: &Scalar) -> Result<Look, At> {
        let text = utf8(text)?;
        let word = &text[place(text)];
        let word = word.split_once(' ').map_or(word, |(word, _)| word);
        Ok(match word {
            _ if !is_key(key) => Found::Nothing,
            "" => Found::Nothing,
            word if is_word(word) => Found::Value(Scalar::Text(word.to_owned())),
            _ => Found::Other,
        }
        .into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let found = self.look(text, key, &Scalar::Boolean(false))?.found;
        let text = utf8(text)?;
        let new = match value {
            None => String::new(),
            Some(value) if found.is(value) => return Ok(text.as_bytes().to_vec()),
            Some(Scalar::Text(word)) if is_word(word) => format!("{word} {}", today()?),
            Some(_) => return Err(At(None, "expected a value that is a word".to_owned())),
        };
        let place = place(text);
        Ok([&text[..place.start], &new, &text[place.end..]]
            .concat()
            .into_bytes())
    }
}

fn is_key(key: &[String]) -> bool {
    matches!(key, [only] if only == KEY)
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// The range of the text without surrounding white space.
fn place(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start + text[start..].trim_end().len()
}

/// Today's date in UTC, as Go writes it.
fn today() -> Result<String, At> {
    let date = glib::DateTime::now_utc().and_then(|now| now.format("%Y-%m-%d"));
    date.map(Into::into)
        .map_err(|error| At(None, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, word: Option<&str>) -> Option<String> {
        let key = [KEY.to_owned()];
        let value = word.map(|word| Scalar::Text(word.to_owned()));
        let new = DatedWord.edit(text.as_bytes(), &key, value.as_ref());
        new.ok().map(|new| String::from_utf8(new).unwrap())
    }

    #[test]
    fn a_new_word_has_todays_date_and_the_same_word_keeps_its_own() {
        let today = today().unwrap();
        for (before, word, after) in [
            ("", Some("off"), format!("off {today}")),
            ("on 2024-01-02", Some("off"), format!("off {today}")),
            ("local\n", Some("on"), format!("on {today}\n")),
            (
                "off 2024-01-02\n",
                Some("off"),
                "off 2024-01-02\n".to_owned(),
            ),
            ("off", Some("off"), "off".to_owned()),
            ("off 2024-01-02\n", None, "\n".to_owned()),
        ] {
            assert_eq!(set(before, word), Some(after), "{before}");
        }
        assert_eq!(set("", Some("two words")), None);
    }

    #[test]
    fn what_is_no_word_is_neither() {
        let look = |text: &str| {
            let key = [KEY.to_owned()];
            let look = DatedWord.look(text.as_bytes(), &key, &Scalar::Boolean(false));
            look.unwrap().found
        };
        assert_eq!(look(" \n"), Found::Nothing);
        assert!(look(" off 2024-01-02\n").is(&Scalar::Text("off".to_owned())));
        for text in ["off\t2024-01-02", "off\n2024", "\"off\"", "off;"] {
            assert_eq!(look(text), Found::Other, "{text}");
        }
        let bytes = DatedWord.look(b"off\xff", &[KEY.to_owned()], &Scalar::Boolean(false));
        assert!(bytes.is_err());
    }
}
