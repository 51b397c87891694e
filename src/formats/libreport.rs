// SPDX-License-Identifier: GPL-3.0-or-later

//! Lines of `key = value` without groups, as ABRT and libreport read them, such as
//! `/etc/abrt/abrt.conf`.
//!
//! Source: abrt/libreport, `src/lib/configuration_files.c`, `libreport_load_conf_file()`, and
//! `data/augeas/libreport.aug`: one line that isn't of the format makes the whole file unreadable.
//! A key has at least two characters, which are letters or `_`. A value is the rest of the line
//! without blanks at its ends, and has no quotes. Augeas numbers keys that occur twice, so
//! libreport finds neither.

use std::ops::Range;

use crate::formats::bytes;
use crate::formats::bytes::utf8;
use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::ini;
use crate::formats::ini::{Entry, Line, Parsed};
use crate::formats::mistake::At;

/// libreport's files.
#[derive(Debug)]
pub(super) struct Libreport;

impl Format for Libreport {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        match key {
            [name] if is_word(name.as_bytes()) => Ok(()),
            _ => Err("the name of a value, two letters or “_” at least, as one text"),
        }
    }

    fn look(&self, text: &[u8], key: &[String], like: &Scalar) -> Result<Look, At> {
        let parsed = parse(text)?;
        let mut own = parsed.of(&[], &key[0]);
        let found = match (own.next(), own.next()) {
            (None, _) => Found::Nothing,
            (Some(entry), None) => value(&text[entry.value.clone()], like),
            // Older versions take the last one.
            (Some(_), Some(_)) => Found::Other,
        };
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let parsed = parse(text)?;
        let name = key[0].as_str();
        let Some(value) = value else {
            return Ok(ini::without(text, &parsed, &[], name));
        };
        let value = written(value)?;
        let mut own: Vec<_> = parsed.of(&[], name).collect();
        let Some(last) = own.pop() else {
            let line = format!("{name} = {value}");
            return Ok(ini::inserted(text, text.len(), &[line.as_bytes()]));
        };
        let new = ini::replaced(text, last.value.clone(), value.as_bytes());
        // The entries before the last one are still at the same offsets.
        let others = own.iter().map(|entry| entry.line.place.clone());
        Ok(bytes::without(&new, others))
    }
}

/// The lens `word`.
fn is_word(name: &[u8]) -> bool {
    let is_letter = |c: &u8| c.is_ascii_alphabetic();
    name.len() > 1
        && name.first().is_some_and(is_letter)
        && name.iter().all(|c| is_letter(c) || *c == b'_')
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn parse(text: &[u8]) -> Result<Parsed, At> {
    utf8(text)?;
    let wrong = |at: usize| {
        let expected = "expected a comment after #, or a line such as Name = value";
        At(Some(at), expected.to_owned())
    };
    // The C library ends strings at a NUL, and how a carriage return is read isn't certain.
    if let Some(at) = text.iter().position(|byte| matches!(byte, 0 | b'\r')) {
        return Err(wrong(at));
    }
    let mut parsed = Parsed::new();
    for line in ini::lines(text) {
        let content = ini::trimmed(text, line.content(), is_blank);
        match &text[content.clone()] {
            [] => {}
            [b'#', ..] => parsed.extend(&line),
            _ => {
                let entry = entry(text, &line, content.clone());
                let entry = entry.ok_or_else(|| wrong(content.start))?;
                parsed.extend(&line);
                parsed.entries.push(entry);
            }
        }
    }
    Ok(parsed)
}

fn entry(text: &[u8], line: &Line, content: Range<usize>) -> Option<Entry> {
    let equals = text[content.clone()]
        .iter()
        .position(|byte| *byte == b'=')?;
    let equals = content.start + equals;
    let key = ini::trimmed(text, content.start..equals, is_blank);
    let key = &text[key];
    let value = ini::trimmed(text, equals + 1..content.end, is_blank);
    is_word(key).then(|| Entry {
        value,
        key: key.to_vec(),
        ..Entry::of(line.clone())
    })
}

/// What a program that expects a value of this type reads.
fn value(bytes: &[u8], like: &Scalar) -> Found {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Found::Other;
    };
    let value = match like {
        // Programs compare strings, such as “yes” or “no”.
        Scalar::Text(_) => Some(Scalar::Text(text.to_owned())),
        Scalar::Integer(_) => text.parse().ok().map(Scalar::Integer),
        Scalar::Boolean(_) => match text {
            "yes" => Some(Scalar::Boolean(true)),
            "no" => Some(Scalar::Boolean(false)),
            _ => None,
        },
    };
    value.map_or(Found::Other, Found::Value)
}

fn written(value: &Scalar) -> Result<String, At> {
    let text = match value {
        Scalar::Text(text) => text.clone(),
        Scalar::Integer(number) => number.to_string(),
        Scalar::Boolean(on) => if *on { "yes" } else { "no" }.to_owned(),
    };
    let is_line = !text.contains(['\n', '\r', '\0']);
    if is_line && text.trim_matches([' ', '\t']) == text {
        Ok(text)
    } else {
        let message = "a value on one line, without blanks at its ends, was expected";
        Err(At(None, message.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AutoreportingEnabled";

    fn found(text: &str) -> Result<Found, At> {
        let like = Scalar::Text(String::new());
        let look = Libreport.look(text.as_bytes(), &[KEY.to_owned()], &like);
        look.map(|look| look.found)
    }

    fn edited(text: &str, value: Option<&str>) -> String {
        let value = value.map(|value| Scalar::Text(value.to_owned()));
        let new = Libreport.edit(text.as_bytes(), &[KEY.to_owned()], value.as_ref());
        String::from_utf8(new.unwrap()).unwrap()
    }

    #[test]
    fn a_value_is_read_as_libreports_own_test_file_reads_it() {
        let text = |value: &str| Found::Value(Scalar::Text(value.to_owned()));
        for (file, value) in [
            ("AutoreportingEnabled = yes\n", text("yes")),
            (" \tAutoreportingEnabled=   \t no \t\n", text("no")),
            ("AutoreportingEnabled =\n", text("")),
            ("AutoreportingEnabled = a = b # c", text("a = b # c")),
            ("AutoreportingEnabled = \"yes\"\n", text("\"yes\"")),
            ("# AutoreportingEnabled = yes\n#\n\n  # x\n", Found::Nothing),
            ("autoreportingenabled = yes\n", Found::Nothing),
            (
                "AutoreportingEnabled = yes\nAutoreportingEnabled = no\n",
                Found::Other,
            ),
        ] {
            assert_eq!(found(file).unwrap(), value, "{file}");
        }
    }

    #[test]
    fn a_file_that_libreport_does_not_read_is_not_understood_and_not_written() {
        for file in [
            "[abrt]\nAutoreportingEnabled = yes\n",
            "AutoreportingEnabled\n",
            "= yes\n",
            "A = 1\n",
            "Auto-reporting = yes\n",
            "Option2 = yes\n",
            "; comment\n",
            "AutoreportingEnabled = yes\r\n",
            "AutoreportingEnabled = y\0\n",
        ] {
            assert!(found(file).is_err(), "{file:?}");
            let new = Libreport.edit(file.as_bytes(), &[KEY.to_owned()], None);
            assert!(new.is_err(), "{file:?}");
        }
    }

    #[test]
    fn one_value_changes_and_all_else_stays() {
        let file = "# ABRT\n  AutoreportingEnabled\t=  yes  \n\nDumpLocation = /var/spool/abrt";
        let new = edited(file, Some("no"));
        assert_eq!(new, file.replace("yes", "no"));
        assert_eq!(edited(&new, Some("yes")), file);
        let without = "# ABRT\n\nDumpLocation = /var/spool/abrt";
        assert_eq!(edited(file, None), without);
        let added = edited(without, Some("no"));
        assert_eq!(added, format!("{without}\nAutoreportingEnabled = no"));
        assert_eq!(edited(&added, None), without);
        assert_eq!(edited("", Some("no")), "AutoreportingEnabled = no\n");
        let twice = "AutoreportingEnabled = yes\nX_y = 1\nAutoreportingEnabled = no\n";
        assert_eq!(
            edited(twice, Some("no")),
            "X_y = 1\nAutoreportingEnabled = no\n"
        );
    }
}
