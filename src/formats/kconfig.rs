// SPDX-License-Identifier: GPL-3.0-or-later

//! The files of KDE's `KConfig`.
//!
//! Source: KDE/kconfig, src/core/kconfigini.cpp, `parseConfig()` for the file: nested groups
//! `[a][b]`, the options `[$i]` (immutable), `[$e]` (expanded) and `[$d]` (deleted), languages in
//! brackets, escapes; the last of several lines counts, unless an earlier one is immutable.
//! src/core/kconfiggroup.cpp, `convertToQVariant()` for values: a boolean is false for `false`,
//! `no`, `off` and `0` in any case. KDE's programs save by replacing the file, and hold Qt's lock
//! file while they do; this module does the same. src/core/kconfig.cpp, `sync()` and
//! `notifyClients()`: the signal by which a running program learns of a change, if it has a
//! `KConfigWatcher` for the file.
//!
//! `KConfig` only skips a line that it can't read. Here such a line is a mistake: a file that isn't
//! understood isn't changed. Keys have one spelling.

use std::collections::HashMap;

use glib::prelude::*;

use crate::formats::bytes::check_nul;
use crate::formats::format::{ChangeSignal, Format, Found, Look, Scalar};
use crate::formats::ini;
use crate::formats::ini::{Entry, Parsed};
use crate::formats::mistake::At;
use crate::system::limits;

/// In KDE's signals: the name of the unnamed group, and the separator between the names of nested
/// groups.
const DEFAULT_GROUP: &str = "<default>";
const GROUP_SEPARATOR: &str = "\x1d";

/// KDE's files.
#[derive(Debug)]
pub(super) struct KConfig;

impl Format for KConfig {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        let fits = |name: &String| {
            !name.contains(['[', ']', '=', '#', '\\', '$'])
                && name.trim() == name
                && !name.is_empty()
        };
        if key.len() <= limits::KEY_DEPTH && key.iter().all(fits) {
            Ok(())
        } else {
            Err("the names of nested groups and of a key, without brackets, =, #, \\ and $")
        }
    }

    fn look(&self, text: &[u8], key: &[String], like: &Scalar) -> Result<Look, At> {
        let Some((key, groups)) = key.split_last() else {
            return Ok(Found::Nothing.into());
        };
        let parsed = parse(text)?;
        let entry = in_force(&parsed, groups, key);
        let is_locked = parsed.locked
            || parsed.named(groups).any(|group| group.locked)
            || entry.is_some_and(|entry| entry.locked);
        let is_certain = |entry: &Entry| {
            let bytes = &text[entry.value.clone()];
            let translated = parsed.of(groups, key).any(|entry| entry.language);
            let is_expanded = entry.expanded && bytes.contains(&b'$');
            !translated && !is_expanded
        };
        Ok(match entry {
            None => Look {
                locked: is_locked,
                ..Found::Nothing.into()
            },
            Some(entry) if entry.deleted => Look {
                found: Found::Nothing,
                locked: is_locked,
                hides: true,
            },
            Some(entry) => {
                let bytes = &text[entry.value.clone()];
                let value = value(bytes, like).filter(|_| is_certain(entry));
                Look {
                    locked: is_locked,
                    ..value.map_or(Found::Other, Found::Value).into()
                }
            }
        })
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        edited(text, key, value, false, false)
    }

    fn edit_lock(
        &self,
        text: &[u8],
        key: &[String],
        value: Option<&Scalar>,
        locks: bool,
    ) -> Option<Result<Vec<u8>, At>> {
        Some(edited(text, key, value, true, locks))
    }

    fn has_qt_lock(&self) -> bool {
        true
    }

    fn change_signal(&self, file: &str, key: &[String]) -> Option<ChangeSignal> {
        let (key, groups) = key.split_last()?;
        // As in `kconfigDBusSanitizePath()` of src/core/dbussanitizer_p.h.
        let sanitized = |c: char| {
            if c.is_ascii_alphanumeric() || c == '/' {
                c
            } else {
                '_'
            }
        };
        let group = match groups {
            [] => DEFAULT_GROUP.to_owned(),
            groups => groups.join(GROUP_SEPARATOR),
        };
        let changes = HashMap::from([(group, vec![key.as_bytes().to_vec()])]);
        Some(ChangeSignal {
            path: format!("/{file}").chars().map(sanitized).collect(),
            interface: "org.kde.kconfig.notify",
            name: "ConfigChanged",
            arguments: (changes,).to_variant(),
        })
    }
}

/// The text with the value set or removed. `unlocks`: an immutable value may be changed. `locks`:
/// the new value is immutable.
fn edited(
    text: &[u8],
    key: &[String],
    value: Option<&Scalar>,
    unlocks: bool,
    locks: bool,
) -> Result<Vec<u8>, At> {
    let Some((key, groups)) = key.split_last() else {
        return Ok(text.to_vec());
    };
    let parsed = parse(text)?;
    let is_locked = parsed.locked || parsed.named(groups).any(|group| group.locked);
    for entry in parsed.of(groups, key) {
        let message = if is_locked || (entry.locked && !unlocks) {
            "a value that is immutable; expected none with [$i]"
        } else if entry.expanded || entry.language {
            "a value that is expanded or translated; expected a plain one"
        } else {
            continue;
        };
        return Err(At(Some(entry.line.place.start), message.to_owned()));
    }
    if is_locked {
        let message = "a group that is immutable; expected none with [$i]";
        return Err(At(None, message.to_owned()));
    }
    let Some(value) = value else {
        return Ok(ini::without(text, &parsed, groups, key));
    };
    let value = written(value);
    let line = if locks {
        format!("{key}[$i]={value}")
    } else {
        format!("{key}={value}")
    };
    match in_force(&parsed, groups, key) {
        Some(entry) if entry.deleted || entry.locked || locks => {
            Ok(ini::replaced(text, entry.line.content(), line.as_bytes()))
        }
        Some(entry) => Ok(ini::replaced(text, entry.value.clone(), value.as_bytes())),
        None => {
            let header = match groups {
                [] => String::new(),
                groups => format!("[{}]", groups.join("][")),
            };
            let header = header.as_bytes();
            Ok(ini::added(text, &parsed, groups, header, line.as_bytes()))
        }
    }
}

/// The entry that counts: the first immutable one, or else the last one.
fn in_force<'a>(parsed: &'a Parsed, groups: &'a [String], key: &'a str) -> Option<&'a Entry> {
    let plain = || parsed.of(groups, key).filter(|entry| !entry.language);
    let locked = plain().find(|entry| entry.locked);
    locked.or_else(|| plain().next_back())
}

/// Parses a text.
pub(crate) fn parse(text: &[u8]) -> Result<Parsed, At> {
    check_nul(text)?;
    let mut parsed = Parsed::new();
    for line in ini::lines(text) {
        let content = ini::trimmed(text, line.content(), is_blank);
        let wrong = |message: &str| Err(At(Some(content.start), message.to_owned()));
        let bytes = &text[content.clone()];
        match bytes {
            [] => continue,
            [b'#', ..] => {
                parsed.extend(&line);
                continue;
            }
            [b'[', ..] => {
                let Some(mut names) = group(bytes) else {
                    return wrong("a group without an end; expected ]");
                };
                let locked = names.last().is_some_and(|name| name == b"$i");
                if locked {
                    names.pop();
                }
                parsed.locked |= locked && names.is_empty();
                parsed.add_group(names, locked, &line);
                continue;
            }
            _ => {}
        }
        let equals = bytes.iter().position(|byte| *byte == b'=');
        let key = content.start..content.start + equals.unwrap_or(bytes.len());
        let key = &text[ini::trimmed(text, key, is_blank)];
        let (name, brackets) = match key.iter().position(|byte| *byte == b'[') {
            Some(at) => key.split_at(at),
            None => (key, &b""[..]),
        };
        let Some(options) = group(brackets) else {
            return wrong("a key without an end; expected ]");
        };
        let has = |option: u8| {
            let mut options = options.iter().filter_map(|o| o.strip_prefix(b"$"));
            options.any(|options| options.contains(&option))
        };
        let deleted = has(b'd');
        if name.is_empty() || equals.is_none() && !deleted {
            return wrong("a key without a value; expected =");
        }
        let value = equals.map_or(content.end, |equals| content.start + equals + 1);
        let value = ini::trimmed(text, value..content.end, is_blank);
        parsed.extend(&line);
        let group = parsed.group();
        parsed.entries.push(Entry {
            value: value.start..value.end.max(value.start),
            group,
            key: unescaped(name).trim_ascii().to_vec(),
            language: options.iter().any(|option| !option.starts_with(b"$")),
            locked: parsed.locked || parsed.groups[group].locked || has(b'i'),
            expanded: has(b'e'),
            deleted,
            line,
        });
    }
    Ok(parsed)
}

/// Parses `[A][B]`. `None`: a bracket isn't closed.
fn group(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    let mut rest = line;
    while let Some(name) = rest.strip_prefix(b"[") {
        let end = name.iter().position(|byte| *byte == b']')?;
        names.push(unescaped(&name[..end]));
        rest = &name[end + 1..];
    }
    Some(names)
}

const fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'\x0b'
}

/// What a program that expects a value of this type reads. `None` if that isn't certain.
fn value(bytes: &[u8], like: &Scalar) -> Option<Scalar> {
    let text = String::from_utf8(unescaped(bytes)).ok()?;
    match like {
        Scalar::Boolean(_) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(Scalar::Boolean(true)),
            "false" | "no" | "off" | "0" => Some(Scalar::Boolean(false)),
            _ => None,
        },
        Scalar::Integer(_) => text.parse().ok().map(Scalar::Integer),
        Scalar::Text(_) => Some(Scalar::Text(text)),
    }
}

/// Undoes the escapes of a value; `printableToString()`.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut new = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        let (taken, written): (usize, &[u8]) = match after {
            _ if *byte != b'\\' => (1, &[*byte]),
            [b't', ..] => (2, b"\t"),
            [b'n', ..] => (2, b"\n"),
            [b'r', ..] => (2, b"\r"),
            [b'\\', ..] | [] => (1 + after.len().min(1), b"\\"),
            // The escapes of a list, which stay.
            [b',' | b';', ..] => (2, &rest[..2]),
            [b'x', digits @ ..] => {
                let digits = &digits[..digits.len().min(2)];
                let code = std::str::from_utf8(digits).ok();
                let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
                new.push(code.unwrap_or(b' '));
                (2 + digits.len(), b"")
            }
            // `\s`. Any other escape is one character, too.
            _ => (2, b" "),
        };
        new.extend_from_slice(written);
        rest = &rest[taken..];
    }
    new
}

fn written(value: &Scalar) -> String {
    match value {
        Scalar::Boolean(on) => on.to_string(),
        Scalar::Integer(number) => number.to_string(),
        Scalar::Text(text) => {
            let text = ini::escaped(text);
            let blank = |c: char| matches!(c, ' ' | '\x0b' | '\x0c');
            let start = text.len() - text.trim_start_matches(blank).len();
            let end = text.trim_end_matches(blank).len().max(start);
            let hidden = |blanks: &str| -> String {
                let escape = |c| {
                    if c == ' ' {
                        "\\s".to_owned()
                    } else {
                        format!("\\x{:02x}", u32::from(c))
                    }
                };
                blanks.chars().map(escape).collect()
            };
            format!(
                "{}{}{}",
                hidden(&text[..start]),
                &text[start..end],
                hidden(&text[end..])
            )
        }
    }
}
