// SPDX-License-Identifier: GPL-3.0-or-later

//! The files of Qt's `QSettings`, such as those of KDE's user feedback.
//!
//! Source: qt/qtbase 5.15, src/corelib/io/qsettings.cpp: `readIniLine()`, `readIniFile()` and
//! `iniUnescapedKey()`: a group in brackets, keys in which `%` and `\` begin escapes, comments after `;`, and
//! values of several lines in quotes; the last one counts. `syncConfFile()`: programs read the file
//! again and replace it while they have Qt's lock file. A test compares with Qt itself.
//!
//! Only values that are one plain string are read and written. A file with a value of several lines
//! is refused: `QSettings` writes no such file.

use std::ops::Range;

use crate::formats::bytes::{check_nul, is_word};
use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::ini;
use crate::formats::ini::{Entry, Parsed};
use crate::formats::mistake::At;

/// The group whose name isn't part of its keys' names.
const GENERAL: &str = "general";

/// Qt's files.
#[derive(Debug)]
pub(super) struct QSettings;

impl Format for QSettings {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        match key {
            [group, _]
                if key.iter().all(|name| is_word(name)) && !group.eq_ignore_ascii_case(GENERAL) =>
            {
                Ok(())
            }
            _ => Err("the names of a group and of a key in it, of letters, digits and -._"),
        }
    }

    fn look(&self, text: &[u8], key: &[String], like: &Scalar) -> Result<Look, At> {
        let parsed = parse(text)?;
        let Some((groups, key)) = in_group(&parsed, key)? else {
            return Ok(Found::Nothing.into());
        };
        let found = parsed.last(text, groups, key, |bytes| value(bytes, like));
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let parsed = parse(text)?;
        let Some((groups, key)) = in_group(&parsed, key)? else {
            return Ok(text.to_vec());
        };
        let Some(value) = value else {
            return Ok(ini::without(text, &parsed, groups, key));
        };
        let value = written(value)?;
        if let Some(entry) = parsed.of(groups, key).next_back() {
            return Ok(ini::replaced(text, entry.value.clone(), value.as_bytes()));
        }
        let header = format!("[{}]", groups.concat());
        let line = format!("{key}={value}");
        let (header, line) = (header.as_bytes(), line.as_bytes());
        Ok(ini::added(text, &parsed, groups, header, line))
    }

    fn has_qt_lock(&self) -> bool {
        true
    }
}

/// The group, and the key in it. Fails if the file has the value in another group, too.
fn in_group<'a>(parsed: &Parsed, key: &'a [String]) -> Result<Option<(&'a [String], &'a str)>, At> {
    let Some((name, groups)) = key.split_last() else {
        return Ok(None);
    };
    let full = key.join("/");
    let is_it = |entry: &&Entry| {
        let group = parsed.groups[entry.group].names.concat();
        let is_direct = group == groups.concat().as_bytes() && entry.key == name.as_bytes();
        let found = match &group[..] {
            [] => entry.key.clone(),
            group => [group, b"/", &entry.key].concat(),
        };
        !is_direct && found == full.as_bytes()
    };
    match parsed.entries.iter().find(is_it) {
        None => Ok(Some((groups, name))),
        Some(entry) => {
            let message = "the value by another name; expected it in its own group";
            Err(At(Some(entry.line.place.start), message.to_owned()))
        }
    }
}

pub(crate) fn parse(text: &[u8]) -> Result<Parsed, At> {
    check_nul(text)?;
    let mut parsed = Parsed::new();
    for line in ini::lines(text) {
        let content = ini::trimmed(text, line.content(), is_blank);
        let wrong = |message: &str| Err(At(Some(content.start), message.to_owned()));
        if text[line.content()].contains(&b'\r') {
            return wrong("a line end of another kind; expected one kind");
        }
        let bytes = &text[content.clone()];
        match bytes {
            [] => continue,
            [b';', ..] => {
                parsed.extend(&line);
                continue;
            }
            _ => {}
        }
        let Some(end) = end_of_values(bytes) else {
            return wrong("a value of several lines; expected one line");
        };
        if let [b'[', header @ ..] = &bytes[..end] {
            let Some(name) = header.strip_suffix(b"]") else {
                return wrong("a group without an end; expected ]");
            };
            let name = name.trim_ascii();
            let name = if name.eq_ignore_ascii_case(GENERAL.as_bytes()) {
                Vec::new()
            } else if name.eq_ignore_ascii_case(b"%general") {
                GENERAL.into()
            } else {
                unescaped(name)
            };
            if name.contains(&b']') {
                return wrong("a group with brackets in its name; expected none");
            }
            parsed.add_group(vec![name], false, &line);
            continue;
        }
        let Some(equals) = bytes[..end].iter().position(|byte| *byte == b'=') else {
            return wrong("a key without a value; expected =");
        };
        let start = content.start + equals + 1;
        // A comment may follow a semicolon, so the value isn't certain.
        let value: Range<usize> = ini::trimmed(text, start..content.end, is_blank);
        parsed.extend(&line);
        parsed.entries.push(Entry {
            value: value.start..line.end.max(value.start),
            group: parsed.group(),
            key: unescaped(bytes[..equals].trim_ascii()),
            ..Entry::of(line)
        });
    }
    Ok(parsed)
}

/// Where the values of a line end: at its end, or at a semicolon outside of quotes. `None` if they
/// continue on the next line.
fn end_of_values(line: &[u8]) -> Option<usize> {
    let mut is_quoted = false;
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\\' if at + 1 == line.len() => return None,
            b'\\' => at += 1,
            b';' if !is_quoted => return Some(at),
            _ => {}
        }
        at += 1;
    }
    (!is_quoted).then_some(at)
}

/// A name without its escapes.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut new = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [byte, after @ ..] = rest {
        let code = |digits: &[u8]| {
            let digits = std::str::from_utf8(digits).ok()?;
            u32::from_str_radix(digits, 16).ok()
        };
        let (taken, character) = match (byte, after) {
            (b'\\', _) => (1, Some('/')),
            (b'%', [b'U', digits @ ..]) if digits.len() >= 4 => {
                (6, code(&digits[..4]).and_then(char::from_u32))
            }
            (b'%', digits) if digits.len() >= 2 => (3, code(&digits[..2]).and_then(char::from_u32)),
            _ => (1, None),
        };
        if let Some(character) = character {
            new.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            rest = &rest[taken..];
        } else {
            new.push(*byte);
            rest = after;
        }
    }
    new
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Whether Qt writes and reads the text as one value without escapes.
fn is_plain(text: &str) -> bool {
    let is_kept = |c: char| c.is_ascii_alphanumeric() || " -._+/:".contains(c);
    !text.is_empty() && text.trim() == text && text.chars().all(is_kept)
}

/// What a program that expects a value of this type reads. `None` if that isn't certain.
fn value(bytes: &[u8], like: &Scalar) -> Option<Scalar> {
    let text = std::str::from_utf8(bytes).ok()?.trim_matches([' ', '\t']);
    let quoted = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let text = quoted.unwrap_or(text);
    if !is_plain(text) {
        return None;
    }
    match like {
        Scalar::Boolean(_) => match text {
            "true" | "1" => Some(Scalar::Boolean(true)),
            "false" | "0" => Some(Scalar::Boolean(false)),
            _ => None,
        },
        Scalar::Integer(_) => Scalar::decimal(text),
        Scalar::Text(_) => Some(Scalar::Text(text.to_owned())),
    }
}

fn written(value: &Scalar) -> Result<String, At> {
    match value {
        Scalar::Boolean(on) => Ok(on.to_string()),
        Scalar::Integer(number) => Ok(number.to_string()),
        Scalar::Text(text) if is_plain(text) => Ok(text.clone()),
        Scalar::Text(_) => {
            let message =
                "a value with other characters than letters, digits and -._+/:; expected none";
            Err(At(None, message.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[General]\nwindow=@ByteArray(\\x1\\0)\n\n[UserFeedback]\nApplicationTime=12\nLastSubmission=@DateTime(\\0\\0\\0\\x10)\n\n[Source-a%20b]\nlist=1, \"b;c\"\n";

    fn key() -> Vec<String> {
        ["UserFeedback", "Mode"].map(str::to_owned).into()
    }

    fn edit(text: &str, value: Option<&str>) -> Result<String, String> {
        let value = value.map(|value| Scalar::Text(value.to_owned()));
        let new = QSettings.edit(text.as_bytes(), &key(), value.as_ref());
        new.map(|new| String::from_utf8(new).unwrap())
            .map_err(|at| at.1)
    }

    fn found(text: &str) -> Result<Found, String> {
        let like = Scalar::Text(String::new());
        let look = QSettings.look(text.as_bytes(), &key(), &like);
        look.map(|look| look.found).map_err(|at| at.1)
    }

    #[test]
    fn a_value_changes_and_every_other_byte_stays() {
        assert_eq!(found(TEXT), Ok(Found::Nothing));
        let new = edit(TEXT, Some("NoTelemetry")).unwrap();
        let line = "x10)\n";
        assert_eq!(
            new,
            TEXT.replace(line, &format!("{line}Mode=NoTelemetry\n"))
        );
        assert!(
            found(&new)
                .unwrap()
                .is(&Scalar::Text("NoTelemetry".to_owned()))
        );
        let basic = edit(&new, Some("Basic")).unwrap();
        assert_eq!(basic, new.replace("NoTelemetry", "Basic"));
        assert_eq!(edit(&basic, None).unwrap(), TEXT);
        assert!(edit(TEXT, Some("a;b")).is_err());
    }

    #[test]
    fn what_is_no_plain_text_is_neither_and_what_goes_on_is_refused() {
        for (line, expected) in [
            ("Mode=a", Some("a")),
            (" Mode = a b ", Some("a b")),
            ("Mode=\"a\"", Some("a")),
            ("Mode=a\nMode=b", Some("b")),
            ("Mode=a\n[Other]\nx=1\n[UserFeedback]\nMode=b", Some("b")),
            ("%4Dode=a", Some("a")),
            ("Mode=a, b", None),
            ("Mode=a;b", None),
            ("Mode=@Invalid()", None),
            ("Mode=a\\x62", None),
            ("Mode=", None),
            ("Mode=\"a\"b", None),
            ("Mode=\u{e4}", None),
        ] {
            let expected = expected.map_or(Found::Other, |text| {
                Found::Value(Scalar::Text(text.to_owned()))
            });
            let text = format!("[UserFeedback]\n{line}\n");
            assert_eq!(found(&text), Ok(expected), "{line}");
        }
        for text in [
            "[UserFeedback]\nother=\"a\nMode=b\"\n",
            "[UserFeedback]\nother=a\\\nMode=b\n",
            "[UserFeedback\nMode=b\n",
            "[UserFeedback]\nMode\n",
            "[UserFeedback]\rMode=b\n",
            "[General]\nUserFeedback\\Mode=a\n",
            "UserFeedback/Mode=a\n",
            "[UserFeedback]\nMode=a\0\n",
        ] {
            assert!(found(text).is_err(), "{text}");
            assert!(edit(text, Some("b")).is_err(), "{text}");
        }
        for text in [
            "[userfeedback]\nMode=a\n",
            "[UserFeedback]\nmode=a\n;Mode=a\n#Mode=a\n",
            "[%General]\nMode=a\n",
        ] {
            assert_eq!(found(text), Ok(Found::Nothing), "{text}");
        }
    }
}
