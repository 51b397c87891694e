// SPDX-License-Identifier: GPL-3.0-or-later

//! Preferences of Mozilla's programs: `user.js` and `prefs.js` of a profile, and the files of
//! defaults that an administrator or a distribution installs.
//!
//! The grammar is that of Firefox's own parser (mozilla/gecko-dev, `modules/libpref/parser/src/lib.rs`):
//! statements such as `user_pref("name", true);` with comments between their tokens. The last
//! statement about a preference decides.
//!
//! Firefox skips a statement that it can't parse, and goes on. How much it skips isn't certain. So
//! such a file is never written, and its preferences are unknown.

use std::ops::Range;

use crate::formats::bytes::utf8;
use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::mistake::At;
use crate::system::limits;

/// Preferences of Mozilla's programs.
#[derive(Debug)]
pub(super) struct PrefsJs;

impl Format for PrefsJs {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        match key {
            [name] if !name.is_empty() && !name.contains('\0') => Ok(()),
            _ => Err("the name of a preference, as one text"),
        }
    }

    fn most(&self) -> u64 {
        limits::PREFERENCES
    }

    fn look(&self, text: &[u8], key: &[String], _: &Scalar) -> Result<Look, At> {
        let statements = statements(utf8(text)?)?;
        let mut own = statements
            .into_iter()
            .filter(|other| [&other.name] == [&key[0]]);
        let last = own.next_back();
        Ok(Look {
            locked: last.as_ref().is_some_and(|last| last.locked),
            hides: false,
            found: last.map_or(Found::Nothing, |last| Found::Value(last.value)),
        })
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        edited(utf8(text)?, &key[0], value).map(String::into_bytes)
    }
}

/// A statement about a preference.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Statement {
    /// The preference.
    name: String,
    /// Its value.
    value: Scalar,
    /// Whether users can't change it. Only files of defaults can say so.
    locked: bool,
    /// The value's place in the text, in bytes.
    value_at: Range<usize>,
    /// The statement's place, with its semicolon.
    at: Range<usize>,
}

/// All statements in order.
fn statements(text: &str) -> Result<Vec<Statement>, At> {
    let mut parser = Parser { text, at: 0 };
    let mut statements = Vec::new();
    // Firefox's parser treats a byte order mark as an error, and skips the first statement.
    while parser.skip_space()? {
        statements.push(parser.statement()?);
    }
    Ok(statements)
}

/// The text with the user's value set, or with all statements about the preference removed. Every
/// other byte stays.
fn edited(text: &str, name: &str, value: Option<&Scalar>) -> Result<String, At> {
    let statements = statements(text)?;
    let mut own: Vec<_> = statements
        .into_iter()
        .filter(|other| other.name == name)
        .collect();
    let mut new = text.to_owned();
    match (value, own.pop()) {
        (Some(value), Some(last)) => new.replace_range(last.value_at, &literal(value)),
        (Some(value), None) => {
            let line_end = if is_crlf(text) { "\r\n" } else { "\n" };
            let name = literal(&Scalar::Text(name.to_owned()));
            let statement = format!("user_pref({name}, {});", literal(value));
            // A comment at the end of the last line would swallow the statement.
            let line = if text.is_empty() || text.ends_with(['\n', '\r']) {
                statement + line_end
            } else {
                line_end.to_owned() + &statement
            };
            new.push_str(&line);
        }
        (None, Some(last)) => {
            own.push(last);
            for statement in own.into_iter().rev() {
                new.replace_range(whole_line(text, statement.at), "");
            }
        }
        (None, None) => {}
    }
    Ok(new)
}

/// The range of the statement's line with its line end, if nothing else is on the line. For the
/// last line, the range may include the end of the line before.
fn whole_line(text: &str, at: Range<usize>) -> Range<usize> {
    let start = text[..at.start]
        .rfind(['\n', '\r'])
        .map_or(0, |end| end + 1);
    let rest = &text[at.end..];
    let end = rest.find('\n').map(|end| at.end + end + 1);
    let is_blank = |part: &str| part.chars().all(|c| c.is_ascii_whitespace());
    if !is_blank(&text[start..at.start]) || !is_blank(&text[at.end..end.unwrap_or(text.len())]) {
        return at;
    }
    if let Some(end) = end {
        return start..end;
    }
    let before = text[..start].strip_suffix('\n').unwrap_or_default();
    before.strip_suffix('\r').unwrap_or(before).len()..text.len()
}

fn is_crlf(text: &str) -> bool {
    text.contains("\r\n") && !text.replace("\r\n", "").contains('\n')
}

/// The value in the syntax of the file.
fn literal(value: &Scalar) -> String {
    let text = match value {
        Scalar::Boolean(on) => return on.to_string(),
        Scalar::Integer(number) => return number.to_string(),
        Scalar::Text(text) => text,
    };
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

struct Parser<'a> {
    text: &'a str,
    /// The offset of the next character, in bytes.
    at: usize,
}

impl Parser<'_> {
    fn wrong<T>(&self, expected: &str) -> Result<T, At> {
        Err(At(Some(self.at), format!("expected {expected}")))
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Skips white space and comments. `false` at the end of the text.
    fn skip_space(&mut self) -> Result<bool, At> {
        loop {
            let rest = self.rest();
            // The white space of Firefox's parser.
            let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c');
            if rest.starts_with(blank) {
                self.at += 1;
            } else if rest.starts_with('#') || rest.starts_with("//") {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let Some(end) = comment.find("*/") else {
                    return self.wrong("“*/” after “/*”");
                };
                self.at += "/*".len() + end + "*/".len();
            } else {
                return Ok(!rest.is_empty());
            }
        }
    }

    /// The next word of letters, digits and underscores, after white space.
    fn word(&mut self) -> Result<&str, At> {
        self.skip_space()?;
        let rest = self.rest();
        let length = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let start = self.at;
        self.at += length;
        Ok(&self.text[start..self.at])
    }

    fn sign(&mut self, sign: char) -> Result<(), At> {
        self.skip_space()?;
        if self.peek() != Some(sign) {
            return self.wrong(&format!("“{sign}”"));
        }
        self.at += sign.len_utf8();
        Ok(())
    }

    fn statement(&mut self) -> Result<Statement, At> {
        let start = self.at;
        if !matches!(self.word()?, "user_pref" | "pref" | "sticky_pref") {
            self.at = start;
            return self.wrong("“user_pref” or “pref”");
        }
        self.sign('(')?;
        self.skip_space()?;
        let name = self.string()?;
        self.sign(',')?;
        self.skip_space()?;
        let value_start = self.at;
        let value = self.value()?;
        let value_at = value_start..self.at;
        let mut locked = false;
        self.skip_space()?;
        while self.peek() == Some(',') {
            self.at += 1;
            match self.word()? {
                "locked" => locked = true,
                "sticky" => {}
                _ => return self.wrong("“locked” or “sticky”"),
            }
            self.skip_space()?;
        }
        self.sign(')')?;
        self.sign(';')?;
        Ok(Statement {
            name,
            value,
            locked,
            value_at,
            at: start..self.at,
        })
    }

    fn value(&mut self) -> Result<Scalar, At> {
        let start = self.at;
        match self.peek() {
            Some('"' | '\'') => self.string().map(Scalar::Text),
            Some('+' | '-' | '0'..='9') => {
                let negative = match self.peek() {
                    Some('-') => Some(true),
                    Some('+') => Some(false),
                    _ => None,
                };
                if negative.is_some() {
                    self.at += 1;
                    // Firefox allows white space and comments after the sign.
                    self.skip_space()?;
                }
                // Firefox keeps whole numbers in 32 bits.
                let number = self.word()?.parse::<i64>().ok();
                let number = number.map(|number| {
                    if negative == Some(true) {
                        -number
                    } else {
                        number
                    }
                });
                if let Some(number) = number.filter(|number| i32::try_from(*number).is_ok()) {
                    Ok(Scalar::Integer(number))
                } else {
                    self.at = start;
                    self.wrong("a whole number of 32 bits")
                }
            }
            _ => match self.word()? {
                "true" => Ok(Scalar::Boolean(true)),
                "false" => Ok(Scalar::Boolean(false)),
                _ => {
                    self.at = start;
                    self.wrong("true, false, a whole number or a string")
                }
            },
        }
    }

    fn string(&mut self) -> Result<String, At> {
        let Some(quote @ ('"' | '\'')) = self.peek() else {
            return self.wrong("a string");
        };
        self.at += 1;
        let mut string = String::new();
        loop {
            let start = self.at;
            match self.next() {
                Some(c) if c == quote => return Ok(string),
                Some('\\') => {
                    if let Some(c) = self.escape() {
                        string.push(c);
                    } else {
                        self.at = start;
                        return self.wrong("an escape such as \\n, \\x41 or \\u0041");
                    }
                }
                // Firefox treats U+0000 as the end of the file.
                Some('\0') | None => {
                    self.at = start;
                    return self.wrong("the end of the string");
                }
                Some(c) => string.push(c),
            }
        }
    }

    /// The character of an escape after its backslash.
    fn escape(&mut self) -> Option<char> {
        match self.next()? {
            c @ ('"' | '\'' | '\\') => Some(c),
            'n' => Some('\n'),
            'r' => Some('\r'),
            'x' => self.hexadecimal(2).and_then(char::from_u32),
            'u' => {
                let first = self.hexadecimal(4)?;
                let second = if (0xd800..0xdc00).contains(&first) {
                    self.at += self.rest().strip_prefix("\\u").map(|_| 2)?;
                    self.hexadecimal(4)?
                } else {
                    return char::from_u32(first);
                };
                let pair = [first, second].map(|unit| u16::try_from(unit).ok());
                let pair = [pair[0]?, pair[1]?];
                char::decode_utf16(pair).next()?.ok()
            }
            _ => None,
        }
        // Firefox refuses U+0000 in a string.
        .filter(|c| *c != '\0')
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<u32> {
        let word = self.rest().get(..digits)?;
        let number = u32::from_str_radix(word, 16).ok()?;
        if !word.bytes().all(|c| c.is_ascii_hexdigit()) {
            return None;
        }
        self.at += digits;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Result<Option<Scalar>, At> {
        let key = [name.to_owned()];
        let look = PrefsJs.look(text.as_bytes(), &key, &Scalar::Boolean(false))?;
        Ok(match look.found {
            Found::Value(value) => Some(value),
            _ => None,
        })
    }

    #[test]
    fn the_last_statement_outside_of_comments_decides() {
        let text = "// user_pref(\"a\", 1);\n# user_pref(\"a\", 2);\n/* user_pref(\"a\", 3); */\n\
                    user_pref(\"a\", true); user_pref('a', false); // user_pref(\"a\", true);\n\
                    user_pref(\"url\", \"https://example.org/*\"); pref(\"n\", - 7, sticky, locked);";
        assert_eq!(value(text, "a").unwrap(), Some(Scalar::Boolean(false)));
        let url = Scalar::Text("https://example.org/*".to_owned());
        assert_eq!(value(text, "url").unwrap(), Some(url));
        assert_eq!(value(text, "n").unwrap(), Some(Scalar::Integer(-7)));
        assert_eq!(value(text, "b").unwrap(), None);
        let locked = PrefsJs.look(text.as_bytes(), &["n".to_owned()], &Scalar::Integer(0));
        assert!(locked.unwrap().locked);
    }

    #[test]
    fn what_firefox_would_skip_has_no_known_meaning_and_is_not_written() {
        for text in [
            "user_pref(\"a\", yes);",
            "user_pref(\"a\", 1)",
            "user_pref(\"a\" true);",
            "user_pref(\"a\", \"\\q\");",
            "user_pref(\"a\", \"\\ud800\");",
            "user_pref(\"a\", 2147483648);",
            "lock_pref(\"a\", true);",
            "\u{feff}user_pref(\"a\", true);",
            "/* no end",
        ] {
            assert!(value(text, "a").is_err(), "{text}");
            let key = ["a".to_owned()];
            let value = Scalar::Boolean(true);
            assert!(PrefsJs.edit(text.as_bytes(), &key, Some(&value)).is_err());
        }
    }

    #[test]
    fn all_statements_about_a_preference_are_removed_and_all_else_stays() {
        let text =
            "// mine\r\nuser_pref(\"a\", 1);\r\nuser_pref(\"b\", 2); user_pref(\"a\", 3);\r\n";
        let new = edited(text, "a", None).unwrap();
        assert_eq!(new, "// mine\r\nuser_pref(\"b\", 2); \r\n");
    }
}
