// SPDX-License-Identifier: GPL-3.0-or-later

//! GLib's key files, such as GTK's `settings.ini`.
//!
//! Source: GNOME/glib, glib/gkeyfile.c: `g_key_file_parse_line()` for lines, and
//! `g_key_file_parse_value_as_boolean()` for values: only `true`, `1`, `false` and `0`, in lower
//! case; blanks may follow. One broken line makes the whole file unreadable. A test compares with
//! GLib itself.
//!
//! Programs may accept several spellings of a key: GTK finds its settings through `GObject`, which
//! treats `_` as `-`.

use std::ops::Range;

use crate::formats::bytes::check_nul;
use crate::formats::format::{Format, Found, Look, Scalar, is_other_spelling, other_spelling};
use crate::formats::ini;
use crate::formats::ini::{Entry, Line, Parsed};
use crate::formats::mistake::At;

/// GLib's key files.
#[derive(Debug)]
pub(super) struct GKeyFile;

impl Format for GKeyFile {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        let fits = |name: &String| {
            !name.contains(['[', ']', '=', '#']) && name.trim() == name && !name.is_empty()
        };
        if key.len() == 2 && key.iter().all(fits) {
            Ok(())
        } else {
            Err("the names of a group and of a key in it, without brackets, = and #")
        }
    }

    fn look(&self, text: &[u8], key: &[String], like: &Scalar) -> Result<Look, At> {
        let [group, key] = key else {
            return Ok(Found::Nothing.into());
        };
        let parsed = parse(text)?;
        check_spelling(&parsed, group, key)?;
        let groups = std::slice::from_ref(group);
        if let Some(entry) = parsed.of(groups, key).find(|entry| entry.language) {
            return Err(for_language(entry));
        }
        let found = parsed.last(text, groups, key, |bytes| value(bytes, like));
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let [group, key] = key else {
            return Ok(text.to_vec());
        };
        let parsed = parse(text)?;
        check_spelling(&parsed, group, key)?;
        let groups = std::slice::from_ref(group);
        if let Some(entry) = parsed.of(groups, key).find(|entry| entry.language) {
            return Err(for_language(entry));
        }
        let Some(value) = value else {
            return Ok(ini::without(text, &parsed, groups, key));
        };
        let value = written(value);
        if let Some(entry) = parsed.of(groups, key).next_back() {
            return Ok(ini::replaced(text, entry.value.clone(), value.as_bytes()));
        }
        let header = format!("[{group}]");
        let entry = format!("{key}={value}");
        let (header, entry) = (header.as_bytes(), entry.as_bytes());
        Ok(ini::added(text, &parsed, groups, header, entry))
    }
}

fn parse(text: &[u8]) -> Result<Parsed, At> {
    check_nul(text)?;
    let mut parsed = Parsed::new();
    for line in ini::lines(text) {
        let start = ini::trimmed(text, line.content(), is_blank).start;
        let content = start..line.end;
        let wrong = |expected: &str| Err(At(Some(start), format!("expected {expected}")));
        match &text[content.clone()] {
            [] => {}
            [b'#', ..] => parsed.extend(&line),
            [b'[', header @ ..] if header.contains(&b']') => match group(header) {
                Some(name) => parsed.add_group(vec![name.to_vec()], false, &line),
                None => return wrong("a group’s name in brackets"),
            },
            _ => match entry(text, &line, content, parsed.group()) {
                None => return wrong("a group, a key with a value, or a comment after #"),
                Some(_) if parsed.group() == 0 => return wrong("a group before the first key"),
                Some(entry) if entry.key == b"Encoding" => {
                    return wrong("no key “Encoding”, since all such files are UTF-8");
                }
                Some(entry) => {
                    parsed.extend(&line);
                    parsed.entries.push(entry);
                }
            },
        }
    }
    Ok(parsed)
}

/// The name of a group, from the text after its opening bracket.
fn group(header: &[u8]) -> Option<&[u8]> {
    let end = header.iter().position(|byte| *byte == b']')?;
    let (name, rest) = header.split_at(end);
    let fits = !name.is_empty()
        && !name
            .iter()
            .any(|byte| *byte == b'[' || byte.is_ascii_control())
        && rest[1..].iter().all(|byte| matches!(byte, b' ' | b'\t'));
    fits.then_some(name)
}

fn entry(text: &[u8], line: &Line, content: Range<usize>, group: usize) -> Option<Entry> {
    let equals = content.start
        + text[content.clone()]
            .iter()
            .position(|byte| *byte == b'=')?;
    let key = ini::trimmed(text, content.start..equals, is_blank);
    let (name, language) = key_name(&text[key])?;
    let value = ini::trimmed(text, equals + 1..line.end, is_blank);
    Some(Entry {
        value: value.start..line.end,
        group,
        key: name.to_vec(),
        language,
        ..Entry::of(line.clone())
    })
}

/// A key without the language in brackets behind it, and whether there is one.
fn key_name(key: &[u8]) -> Option<(&[u8], bool)> {
    let end = key.iter().position(|byte| matches!(byte, b'[' | b']'));
    let (name, language) = key.split_at(end.unwrap_or(key.len()));
    let is_language = match language {
        [] => true,
        [b'[', name @ .., b']'] => name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(byte)),
        _ => false,
    };
    (!name.is_empty() && is_language && !name.ends_with(b" "))
        .then_some((name, !language.is_empty()))
}

/// What `g_ascii_isspace()` counts as white space.
fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace()
}

/// Refuses names that the program may mistake for the key's.
fn check_spelling(parsed: &Parsed, group: &str, key: &str) -> Result<(), At> {
    let of = |entry: &Entry| parsed.groups[entry.group].names.concat();
    for entry in &parsed.entries {
        let (found_group, found) = (of(entry), String::from_utf8_lossy(&entry.key));
        let found_group = String::from_utf8_lossy(&found_group);
        let (same, alike) = (found_group == group, is_other_spelling(&found_group, group));
        let is_key = found == key || is_other_spelling(&found, key);
        if (same && found != key || alike) && is_key {
            let at = Some(entry.line.place.start);
            let found = format!("[{found_group}] {found}");
            return Err(other_spelling(at, &found, &format!("[{group}] {key}")));
        }
    }
    Ok(())
}

fn for_language(entry: &Entry) -> At {
    let message = "the key of one language; expected one for all";
    At(Some(entry.line.place.start), message.to_owned())
}

/// What a program that expects a value of this type reads. `None` if that isn't certain.
fn value(bytes: &[u8], like: &Scalar) -> Option<Scalar> {
    let text = std::str::from_utf8(bytes).ok()?;
    let plain = text.trim_end_matches(|c: char| c.is_ascii_whitespace());
    match like {
        Scalar::Boolean(_) => match plain {
            "true" | "1" => Some(Scalar::Boolean(true)),
            "false" | "0" => Some(Scalar::Boolean(false)),
            _ => None,
        },
        Scalar::Integer(_) => plain.parse().ok().map(Scalar::Integer),
        Scalar::Text(_) => unescaped(text).map(Scalar::Text),
    }
}

/// The text without its escapes. `None` if GLib doesn't know one of them.
fn unescaped(text: &str) -> Option<String> {
    let mut new = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        new.push(match character {
            '\\' => match characters.next()? {
                's' => ' ',
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(new)
}

fn written(value: &Scalar) -> String {
    match value {
        Scalar::Boolean(on) => on.to_string(),
        Scalar::Integer(number) => number.to_string(),
        Scalar::Text(text) => {
            let text = ini::escaped(text);
            let blanks = text.len() - text.trim_start_matches(' ').len();
            format!("{}{}", "\\s".repeat(blanks), &text[blanks..])
        }
    }
}
