// SPDX-License-Identifier: GPL-3.0-or-later

//! The settings of the media player VLC, `vlcrc`.
//!
//! Source: VLC 3.0, src/config/file.c. `config_LoadConfigFile()`: lines that begin with `#` or `[` are
//! skipped, so sections have no meaning; other lines are a name, `=` and a value, without blanks around
//! them; the last one counts. `config_SaveConfigFile()`: a setting that has its default is a comment.

use crate::formats::bytes;
use crate::formats::bytes::check_nul;
use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::ini;
use crate::formats::ini::{Entry, Parsed};
use crate::formats::mistake::At;

/// The byte order mark. The program writes it at the beginning of a file, and skips it.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// VLC's file.
#[derive(Debug)]
pub(super) struct Vlcrc;

impl Format for Vlcrc {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        let is_name = |name: &String| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        match key {
            [name] if is_name(name) => Ok(()),
            _ => Err("a name of small letters, digits and -"),
        }
    }

    fn look(&self, text: &[u8], key: &[String], like: &Scalar) -> Result<Look, At> {
        let parsed = parse(text)?;
        let [name] = key else {
            return Ok(Found::Nothing.into());
        };
        let found = parsed.last(text, &[], name, |bytes| value(bytes, like));
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let parsed = parse(text)?;
        let [name] = key else {
            return Ok(text.to_vec());
        };
        let mut entries = parsed.of(&[], name);
        let Some(value) = value else {
            let places: Vec<_> = entries.map(|entry| entry.line.place.clone()).collect();
            return Ok(bytes::without(text, places.into_iter()));
        };
        let value = written(value)?;
        if let Some(entry) = entries.next_back() {
            return Ok(ini::replaced(text, entry.value.clone(), value.as_bytes()));
        }
        Ok([text, format!("{name}={value}\n").as_bytes()].concat())
    }
}

fn parse(text: &[u8]) -> Result<Parsed, At> {
    check_nul(text)?;
    let mut parsed = Parsed::new();
    let start = text.strip_prefix(MARK).map_or(0, |_| MARK.len());
    if !text[start..].is_empty() && !text.ends_with(b"\n") {
        let message = "no line feed at the end; expected one, without which VLC loses a character";
        return Err(At(Some(text.len()), message.to_owned()));
    }
    for line in ini::lines(&text[start..]) {
        // The program ends lines with a line feed only.
        let place = line.place.start + start..line.place.end + start;
        let content = &text[place.clone()];
        let content = content.strip_suffix(b"\n").unwrap_or(content);
        if matches!(content, [] | [b'#' | b'[', ..]) {
            continue;
        }
        let Some(equals) = content.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let end = place.start + content.len();
        parsed.entries.push(Entry {
            value: place.start + equals + 1..end,
            key: content[..equals].to_vec(),
            ..Entry::of(ini::Line { place, end })
        });
    }
    Ok(parsed)
}

/// What the program reads. `None` if it ignores the value, or may read it differently.
fn value(bytes: &[u8], like: &Scalar) -> Option<Scalar> {
    let text = std::str::from_utf8(bytes).ok()?;
    match like {
        Scalar::Boolean(_) => match text {
            "1" => Some(Scalar::Boolean(true)),
            "0" => Some(Scalar::Boolean(false)),
            _ => None,
        },
        // The program reads a number with a leading zero as octal.
        Scalar::Integer(_) => Scalar::decimal(text),
        Scalar::Text(_) => Some(Scalar::Text(text.to_owned())),
    }
}

fn written(value: &Scalar) -> Result<String, At> {
    match value {
        Scalar::Boolean(on) => Ok(i32::from(*on).to_string()),
        Scalar::Integer(number) => Ok(number.to_string()),
        Scalar::Text(text) if text.contains(['\n', '\0']) => {
            let message = "a value of several lines; expected one line";
            Err(At(None, message.to_owned()))
        }
        Scalar::Text(text) => Ok(text.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\u{feff}###\n###  vlc 3.0.24\n###\n\n[qt] # Qt interface\n\n# Save the recently played items in the menu (boolean)\n#qt-recentplay=1\n\n[core] # core program\n\nvolume-save=0\n";

    fn edit(text: &str, value: Option<bool>) -> String {
        let value = value.map(Scalar::Boolean);
        let new = Vlcrc.edit(
            text.as_bytes(),
            &["qt-recentplay".to_owned()],
            value.as_ref(),
        );
        String::from_utf8(new.unwrap()).unwrap()
    }

    fn found(text: &str) -> Found {
        let key = ["qt-recentplay".to_owned()];
        let look = Vlcrc.look(text.as_bytes(), &key, &Scalar::Boolean(true));
        look.unwrap().found
    }

    #[test]
    fn a_line_is_added_changed_and_taken_out_and_every_other_byte_stays() {
        assert_eq!(found(TEXT), Found::Nothing, "a comment");
        let new = edit(TEXT, Some(false));
        assert_eq!(new, format!("{TEXT}qt-recentplay=0\n"));
        assert_eq!(found(&new), Found::Value(Scalar::Boolean(false)));
        let on = edit(&new, Some(true));
        assert_eq!(on, format!("{TEXT}qt-recentplay=1\n"));
        assert_eq!(edit(&on, None), TEXT);
        let own = TEXT.replace("#qt-recentplay=1", "qt-recentplay=0");
        assert_eq!(edit(&own, Some(true)), TEXT.replace("#qt-", "qt-"));
        for text in ["", "a=1\n", "\u{feff}", "[qt]\n"] {
            let new = edit(text, Some(false));
            assert_eq!(edit(&new, None), text);
        }
    }

    #[test]
    fn what_the_program_reads_in_another_way_is_neither() {
        for (line, expected) in [
            ("qt-recentplay=0", Some(false)),
            ("[core]\nqt-recentplay=0", Some(false)),
            ("qt-recentplay=1\nqt-recentplay=0", Some(false)),
            ("qt-recentplay=00", None),
            ("qt-recentplay=0x0", None),
            ("qt-recentplay= 0", None),
            ("qt-recentplay=0\r", None),
            ("qt-recentplay=false", None),
            ("qt-recentplay=", None),
        ] {
            let expected = expected.map_or(Found::Other, |on| Found::Value(Scalar::Boolean(on)));
            assert_eq!(found(&format!("{line}\n")), expected, "{line}");
        }
        let key = ["qt-recentplay".to_owned()];
        for text in ["qt-recentplay=10", "a=1", "a\0\n"] {
            let look = Vlcrc.look(text.as_bytes(), &key, &Scalar::Boolean(true));
            assert!(look.is_err(), "{text}");
        }
        for line in [
            " qt-recentplay=0",
            "qt-recentplay =0",
            "#qt-recentplay=0",
            "qt-recentplay",
        ] {
            assert_eq!(found(&format!("{line}\n")), Found::Nothing, "{line}");
        }
    }
}
