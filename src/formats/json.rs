// SPDX-License-Identifier: GPL-3.0-or-later

//! JSON (RFC 8259), and JSON with comments as editors such as Visual Studio Code read it.
//!
//! The parser is our own, and keeps the places of names, values and commas. No crate that keeps
//! them fits: `jsonc-parser` bounds its depth only in versions that need Rust 1.88, and its editor
//! reformats an object when it adds a value.
//!
//! Parsers differ about names that occur twice or in another case: JavaScript takes the last value,
//! some libraries the first, and Go's `encoding/json` ignores the case of names. Such a file is a
//! mistake.

use std::ops::Range;

use crate::formats::bytes::utf8;
use crate::formats::format::{Format, Found, Look, Scalar, is_other_spelling, other_spelling};
use crate::formats::mistake::{At, quote};
use crate::system::limits;

/// The byte order mark. Chromium and Visual Studio Code skip it.
const MARK: char = '\u{feff}';

/// A dialect of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// RFC 8259.
    Strict,
    /// With comments, and with commas before closing brackets.
    WithComments,
}

impl Format for Json {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        if key.is_empty() || key.len() > limits::KEY_DEPTH {
            return Err("a key of 1 to 16 parts");
        }
        Ok(())
    }

    fn look(&self, text: &[u8], key: &[String], _: &Scalar) -> Result<Look, At> {
        let text = utf8(text)?;
        let document = self.document(text)?;
        let Some(mut value) = document.as_ref() else {
            return Ok(Found::Nothing.into());
        };
        for (place, name) in key.iter().enumerate() {
            match value.object(&key[..place])?.property(name)? {
                None => return Ok(Found::Nothing.into()),
                Some(property) => value = &property.value,
            }
        }
        let found = match &value.kind {
            Kind::Boolean(on) => Found::Value(Scalar::Boolean(*on)),
            Kind::Text(Some(text)) => Found::Value(Scalar::Text(text.clone())),
            Kind::Number => text[value.place.clone()]
                .parse()
                .map_or(Found::Other, |number| Found::Value(Scalar::Integer(number))),
            Kind::Text(None) | Kind::Null | Kind::Array | Kind::Object(_) => Found::Other,
        };
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let text = utf8(text)?;
        let document = self.document(text)?;
        let new = match value {
            Some(value) => with(text, document.as_ref(), key, value)?,
            None => without(text, document.as_ref(), key)?,
        };
        // Checks that the value was changed, and that everything else is as before.
        let changed = self.document(&new)?;
        if others(text, document.as_ref(), key) == others(&new, changed.as_ref(), key) {
            Ok(new.into_bytes())
        } else {
            let message = "the value cannot be changed alone";
            Err(At(None, message.to_owned()))
        }
    }

    fn is_blank(&self, text: &[u8]) -> bool {
        matches!(text.trim_ascii(), b"" | b"{}")
    }

    fn most(&self) -> u64 {
        limits::JSON
    }
}

impl Json {
    /// The value of a text. `None`: the text has only blanks and comments.
    fn document(self, text: &str) -> Result<Option<Value>, At> {
        let mut parser = Parser {
            text,
            at: if text.starts_with(MARK) {
                MARK.len_utf8()
            } else {
                0
            },
            dialect: self,
        };
        parser.skip()?;
        if parser.next().is_none() {
            return Ok(None);
        }
        let value = parser.value(0)?;
        parser.skip()?;
        match parser.next() {
            None => Ok(Some(value)),
            Some(_) => Err(parser.wrong("the end of the file")),
        }
    }
}

/// A value with its place in the text.
#[derive(Debug)]
struct Value {
    place: Range<usize>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Null,
    Boolean(bool),
    Number,
    /// `None`: the string has half of a surrogate pair, so it isn't Unicode.
    Text(Option<String>),
    Array,
    Object(Object),
}

#[derive(Debug)]
struct Object {
    /// With the brackets.
    place: Range<usize>,
    properties: Vec<Property>,
}

#[derive(Debug)]
struct Property {
    /// Where it begins.
    start: usize,
    /// As for [`Kind::Text`].
    name: Option<String>,
    value: Value,
    /// Where the comma after it is.
    comma: Option<usize>,
}

impl Value {
    /// The value as an object. `path`: its names.
    fn object(&self, path: &[String]) -> Result<&Object, At> {
        match &self.kind {
            Kind::Object(object) => Ok(object),
            _ if path.is_empty() => {
                let message = "expected an object, such as {}";
                Err(At(Some(self.place.start), message.to_owned()))
            }
            _ => {
                let message = format!("{} is no object", quote(&path.join(".")));
                Err(At(Some(self.place.start), message))
            }
        }
    }
}

impl Object {
    /// The index of a property.
    fn find(&self, name: &str) -> Result<Option<usize>, At> {
        let mut found = None;
        for (at, property) in self.properties.iter().enumerate() {
            let Some(other) = &property.name else {
                continue;
            };
            if is_other_spelling(other, name) {
                return Err(other_spelling(Some(property.start), other, name));
            }
            if other == name && found.replace(at).is_some() {
                let message = format!("{} for the second time; expected it once", quote(name));
                return Err(At(Some(property.start), message));
            }
        }
        Ok(found)
    }

    fn property(&self, name: &str) -> Result<Option<&Property>, At> {
        Ok(self.find(name)?.map(|at| &self.properties[at]))
    }

    /// The bytes between the brackets.
    const fn inside(&self) -> Range<usize> {
        self.place.start + 1..self.place.end - 1
    }
}

/// A value's names, and its text.
type Leaf<'a> = (Vec<Option<&'a str>>, &'a str);

/// All single values and arrays, except the value of a key.
fn others<'a>(text: &'a str, document: Option<&'a Value>, key: &[String]) -> Vec<Leaf<'a>> {
    let mut leaves = Vec::new();
    if let Some(document) = document {
        collect(text, document, Some(key), &mut Vec::new(), &mut leaves);
    }
    leaves
}

/// `key`: the names below the value. `None` if the value isn't on the path to the key.
fn collect<'a>(
    text: &'a str,
    value: &'a Value,
    key: Option<&[String]>,
    path: &mut Vec<Option<&'a str>>,
    leaves: &mut Vec<Leaf<'a>>,
) {
    match (&value.kind, key) {
        (_, Some([])) => {}
        (Kind::Object(object), _) => {
            for property in &object.properties {
                let name = property.name.as_deref();
                let key = key.and_then(<[_]>::split_first);
                let key = key.filter(|(first, _)| name == Some(first.as_str()));
                path.push(name);
                collect(
                    text,
                    &property.value,
                    key.map(|(_, rest)| rest),
                    path,
                    leaves,
                );
                path.pop();
            }
        }
        _ => leaves.push((path.clone(), &text[value.place.clone()])),
    }
}

/// The text with the value of a key set.
fn with(
    text: &str,
    document: Option<&Value>,
    key: &[String],
    value: &Scalar,
) -> Result<String, At> {
    let Some(document) = document else {
        let line_end = line_end(text);
        let is_line = text.is_empty() || text.ends_with(['\n', MARK]);
        let before = if is_line { "" } else { line_end };
        return Ok(format!("{text}{before}{}{line_end}", nested(key, value)));
    };
    let mut found = document;
    for (place, name) in key.iter().enumerate() {
        let object = found.object(&key[..place])?;
        let Some(property) = object.property(name)? else {
            let property = format!("{}: {}", string(name), nested(&key[place + 1..], value));
            return Ok(inserted(text, document, object, &property));
        };
        found = &property.value;
    }
    if matches!(found.kind, Kind::Object(_) | Kind::Array) {
        let message = format!("{} is no single value", quote(&key.join(".")));
        return Err(At(Some(found.place.start), message));
    }
    let mut new = text.to_owned();
    new.replace_range(found.place.clone(), &literal(value));
    Ok(new)
}

/// The value within objects of these names.
fn nested(key: &[String], value: &Scalar) -> String {
    let mut text = literal(value);
    for name in key.iter().rev() {
        text = format!("{{{}: {text}}}", string(name));
    }
    text
}

fn literal(value: &Scalar) -> String {
    match value {
        Scalar::Boolean(on) => on.to_string(),
        Scalar::Integer(number) => number.to_string(),
        Scalar::Text(text) => string(text),
    }
}

fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn line_end(text: &str) -> &'static str {
    let first = text.find('\n');
    match first.filter(|first| text[..*first].ends_with('\r')) {
        Some(_) => "\r\n",
        None => "\n",
    }
}

/// The text with a new property at the end of an object, laid out as the object's first property.
/// Visual Studio Code's own editor adds it at the same place: microsoft/node-jsonc-parser,
/// src/impl/edit.ts, `setProperty()`.
fn inserted(text: &str, document: &Value, object: &Object, property: &str) -> String {
    let inside = object.inside();
    let (at, added) = match (object.properties.first(), object.properties.last()) {
        (Some(first), Some(last)) => {
            let space = match indent(&text[inside.start..first.start]) {
                Some(indent) => format!("{}{indent}", line_end(text)),
                None => " ".to_owned(),
            };
            match last.comma {
                Some(comma) => (comma + 1, format!("{space}{property},")),
                None => (last.value.place.end, format!(",{space}{property}")),
            }
        }
        // `without` removes exactly this.
        _ if inside.is_empty() => (inside.start, format!(" {property} ")),
        _ => {
            let added = match indent(&text[inside.clone()]) {
                Some(indent) => {
                    let unit = unit(text, document);
                    format!("{}{indent}{unit}{property}", line_end(text))
                }
                None => property.to_owned(),
            };
            (inside.start, added)
        }
    };
    format!("{}{added}{}", &text[..at], &text[at..])
}

/// The blanks at the beginning of the last line. `None`: there is only one line.
fn indent(text: &str) -> Option<&str> {
    let (_, line) = text.rsplit_once('\n')?;
    let end = line.find(|c| !matches!(c, ' ' | '\t'));
    Some(&line[..end.unwrap_or(line.len())])
}

/// By how much the text indents an object's properties.
fn unit<'a>(text: &'a str, document: &Value) -> &'a str {
    let Kind::Object(object) = &document.kind else {
        return "  ";
    };
    let first = object.properties.first();
    let before = first.and_then(|first| indent(&text[object.inside().start..first.start]));
    before.filter(|unit| !unit.is_empty()).unwrap_or("  ")
}

/// The text without the value of a key, and without the comma that it no longer needs.
fn without(text: &str, document: Option<&Value>, key: &[String]) -> Result<String, At> {
    let mut objects = Vec::new();
    let mut value = document;
    for (place, name) in key.iter().enumerate() {
        let Some(found) = value else {
            return Ok(text.to_owned());
        };
        let object = found.object(&key[..place])?;
        let Some(at) = object.find(name)? else {
            return Ok(text.to_owned());
        };
        objects.push((object, at));
        value = Some(&object.properties[at].value);
    }
    // An object that `nested` would have made for the value goes with it.
    while let [_, .., (object, at)] = &objects[..] {
        let property = &object.properties[*at];
        if object.inside() != (property.start..property.value.place.end) {
            break;
        }
        objects.pop();
    }
    let gone = objects.last().map(|(object, at)| gone(text, object, *at));
    let mut new = text.to_owned();
    for range in gone.into_iter().flatten().rev() {
        new.replace_range(range, "");
    }
    Ok(new)
}

/// The ranges to remove with a property, in order.
fn gone(text: &str, object: &Object, at: usize) -> Vec<Range<usize>> {
    let property = &object.properties[at];
    let inside = object.inside();
    let place = property.start..property.value.place.end;
    if text[inside.clone()] == format!(" {} ", &text[place.clone()]) {
        return vec![inside];
    }
    let before = &text[..place.start];
    let mut start = before.trim_end_matches([' ', '\t', '\r', '\n']).len();
    let previous = at.checked_sub(1).map(|at| &object.properties[at]);
    let gap = previous.map_or(inside.start, |previous| previous.value.place.end);
    if text[gap..start].contains("//") {
        // What follows must not become a part of the comment.
        let end = before[start..].find('\n');
        start += end.map_or(0, |end| end + 1);
    }
    let gone = start..place.end;
    let comma = |at: usize| at..at + 1;
    match (property.comma, previous.and_then(|previous| previous.comma)) {
        (Some(next), _) => vec![gone, comma(next)],
        (None, Some(last)) => vec![comma(last), gone],
        (None, None) => vec![gone],
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    dialect: Json,
}

impl Parser<'_> {
    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn wrong(&self, expected: &str) -> At {
        At(Some(self.at), format!("expected {expected}"))
    }

    fn starts_with(&self, token: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(token.as_bytes())
    }

    /// Skips blanks and comments.
    fn skip(&mut self) -> Result<(), At> {
        loop {
            match self.next() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'/') if self.dialect == Json::WithComments => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn comment(&mut self) -> Result<(), At> {
        let rest = &self.text[self.at..];
        if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            let line = rest[..end].trim_end_matches('\r');
            if let Some(at) = line.find('\r') {
                // Some parsers end the comment here.
                self.at += at;
                return Err(self.wrong("no carriage return in a comment"));
            }
            self.at += end;
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/");
            let end = end.ok_or_else(|| self.wrong("a comment with an end"))?;
            self.at += end + "/**/".len();
        } else {
            return Err(self.wrong("a comment"));
        }
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value, At> {
        let start = self.at;
        let kind = match self.next() {
            Some(b'{' | b'[') if depth == limits::JSON_DEPTH => {
                let message = format!("more than {depth} levels; expected fewer");
                return Err(At(Some(start), message));
            }
            Some(b'{') => {
                let properties = self.object(depth)?;
                let place = start..self.at;
                Kind::Object(Object { place, properties })
            }
            Some(b'[') => {
                self.array(depth)?;
                Kind::Array
            }
            Some(b'"') => Kind::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                Kind::Number
            }
            _ => self.word()?,
        };
        let place = start..self.at;
        Ok(Value { place, kind })
    }

    fn word(&mut self) -> Result<Kind, At> {
        for (word, kind) in [
            ("true", Kind::Boolean(true)),
            ("false", Kind::Boolean(false)),
            ("null", Kind::Null),
        ] {
            if self.starts_with(word) {
                self.at += word.len();
                return Ok(kind);
            }
        }
        Err(self.wrong("a value"))
    }

    /// Parses an object, without its brackets.
    fn object(&mut self, depth: usize) -> Result<Vec<Property>, At> {
        let mut properties: Vec<Property> = Vec::new();
        self.members(b'}', |parser| {
            let start = parser.at;
            if parser.next() != Some(b'"') {
                return Err(parser.wrong("a name in quotation marks"));
            }
            let name = parser.string()?;
            parser.skip()?;
            if parser.next() != Some(b':') {
                return Err(parser.wrong("a colon"));
            }
            parser.at += 1;
            parser.skip()?;
            let value = parser.value(depth + 1)?;
            parser.skip()?;
            properties.push(Property {
                start,
                name,
                value,
                comma: (parser.next() == Some(b',')).then_some(parser.at),
            });
            Ok(())
        })?;
        Ok(properties)
    }

    fn array(&mut self, depth: usize) -> Result<(), At> {
        self.members(b']', |parser| {
            parser.value(depth + 1)?;
            parser.skip()
        })
    }

    /// Parses what is between brackets, with commas between the members.
    fn members(
        &mut self,
        end: u8,
        mut member: impl FnMut(&mut Self) -> Result<(), At>,
    ) -> Result<(), At> {
        self.at += 1;
        self.skip()?;
        let mut may_end = true;
        loop {
            if may_end && self.next() == Some(end) {
                self.at += 1;
                return Ok(());
            }
            member(self)?;
            match self.next() {
                Some(b',') => {
                    self.at += 1;
                    self.skip()?;
                    may_end = self.dialect == Json::WithComments;
                }
                Some(byte) if byte == end => may_end = true,
                _ => return Err(self.wrong(&format!("a comma or {}", char::from(end)))),
            }
        }
    }

    fn number(&mut self) -> Result<(), At> {
        if self.next() == Some(b'-') {
            self.at += 1;
        }
        if self.next() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.next() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.next(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.next(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), At> {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 {
            return Err(self.wrong("a digit"));
        }
        Ok(())
    }

    /// Parses a string. `None` if it isn't Unicode.
    fn string(&mut self) -> Result<Option<String>, At> {
        self.at += 1;
        let mut bytes = Vec::new();
        let mut is_unicode = true;
        loop {
            match self.next() {
                Some(b'"') => {
                    self.at += 1;
                    let text = String::from_utf8(bytes).ok();
                    return Ok(text.filter(|_| is_unicode));
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.escape()? {
                        Some(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                        None => is_unicode = false,
                    }
                }
                Some(0..=0x1f) | None => return Err(self.wrong("a quotation mark")),
                Some(byte) => {
                    bytes.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    /// Parses an escape after its backslash. `None`: half of a surrogate pair.
    fn escape(&mut self) -> Result<Option<char>, At> {
        let c = match self.next() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.unit()?;
                if !(0xd800..0xdc00).contains(&first) || !self.starts_with("\\u") {
                    return Ok(char::from_u32(first));
                }
                let before = self.at;
                self.at += 1;
                let second = self.unit()?;
                if !(0xdc00..0xe000).contains(&second) {
                    self.at = before;
                    return Ok(None);
                }
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code));
            }
            _ => return Err(self.wrong("an escape of JSON after \\")),
        };
        self.at += 1;
        Ok(Some(c))
    }

    /// Parses the four digits after `u`.
    fn unit(&mut self) -> Result<u32, At> {
        let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.wrong("four hexadecimal digits after \\u"))?;
        self.at += 5;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Vec<String> {
        name.split('/').map(str::to_owned).collect()
    }

    fn edit(dialect: Json, text: &str, name: &str, value: Option<bool>) -> Result<String, At> {
        let value = value.map(Scalar::Boolean);
        let new = dialect.edit(text.as_bytes(), &key(name), value.as_ref())?;
        Ok(String::from_utf8(new).unwrap())
    }

    fn found(dialect: Json, text: &str, name: &str) -> Result<Found, String> {
        let look = dialect.look(text.as_bytes(), &key(name), &Scalar::Boolean(false));
        look.map(|look| look.found).map_err(|at| at.1)
    }

    #[test]
    fn comments_commas_and_indentation_stay() {
        let text = "{\n  // mine\n  \"a\": 1, // one\n  \"b\": { \"c\": true }, /* two */\n}\n";
        let set = |name| edit(Json::WithComments, text, name, Some(false)).unwrap();
        assert_eq!(set("b/c"), text.replace("true", "false"));
        assert_eq!(set("b/d"), text.replace("true }", "true, \"d\": false }"));
        assert_eq!(
            set("e/f"),
            text.replace(" }, /*", " },\n  \"e\": {\"f\": false}, /*")
        );
    }

    #[test]
    fn a_new_value_is_laid_out_as_its_neighbours_and_goes_again_without_a_trace() {
        for (text, new) in [
            ("{}", "{ \"b\": {\"c\": false} }"),
            ("{ }\n", "{\"b\": {\"c\": false} }\n"),
            ("{\n}\n", "{\n  \"b\": {\"c\": false}\n}\n"),
            (
                "{\n\t\"a\": 1\n}",
                "{\n\t\"a\": 1,\n\t\"b\": {\"c\": false}\n}",
            ),
            (
                "{\r\n \"a\": 1,\r\n}",
                "{\r\n \"a\": 1,\r\n \"b\": {\"c\": false},\r\n}",
            ),
            ("{\"a\":1}", "{\"a\":1, \"b\": {\"c\": false}}"),
            (
                "{\n\t\"b\": {\n\t}\n}",
                "{\n\t\"b\": {\n\t\t\"c\": false\n\t}\n}",
            ),
            ("{\"b\": {}}", "{\"b\": { \"c\": false }}"),
            (
                "\u{feff}{\"b\": {\"a\": 1 /* x */}}",
                "\u{feff}{\"b\": {\"a\": 1, \"c\": false /* x */}}",
            ),
            (
                "{\"a\": 1 /* x */, }",
                "{\"a\": 1 /* x */, \"b\": {\"c\": false}, }",
            ),
            (
                "{\"a\": 1 // x\n}",
                "{\"a\": 1, \"b\": {\"c\": false} // x\n}",
            ),
        ] {
            let set = edit(Json::WithComments, text, "b/c", Some(false)).unwrap();
            assert_eq!(set, new);
            assert_eq!(edit(Json::WithComments, new, "b/c", None).unwrap(), text);
        }
    }

    #[test]
    fn a_value_is_removed_with_its_comma_and_comments_stay() {
        for (text, kept) in [
            ("{\"a\": 1, \"b\": 2}", "{\"a\": 1}"),
            ("{\"b\": 2, \"a\": 1}", "{ \"a\": 1}"),
            ("{\"a\": 1, // one\n\"b\": 2}", "{\"a\": 1 // one\n}"),
            (
                "{\"a\": 1, // one\n  \"b\": 2 // two\n}",
                "{\"a\": 1 // one\n // two\n}",
            ),
            ("{\"a\": 1,\n \"b\": 2,\n}", "{\"a\": 1,\n}"),
            (
                "{\"a\": 1 /* , */ , /* // */ \"b\": 2}",
                "{\"a\": 1 /* , */  /* // */}",
            ),
            ("{ // one\n\"b\": 2}", "{ // one\n}"),
        ] {
            let new = edit(Json::WithComments, text, "b", None).unwrap();
            assert!(
                found(Json::WithComments, &new, "b") == Ok(Found::Nothing),
                "{new}"
            );
            assert_eq!(new, kept);
        }
    }

    #[test]
    fn strict_json_has_neither_comments_nor_commas_at_the_end() {
        for text in ["{\"a\": 1,}", "{/* */}", "{\"a\": [1,]}", "{} // x"] {
            assert!(edit(Json::Strict, text, "b", Some(true)).is_err(), "{text}");
            assert!(found(Json::WithComments, text, "b").is_ok(), "{text}");
        }
    }

    #[test]
    fn what_no_json_is_or_is_read_in_several_ways_is_refused() {
        for text in [
            "{a: 1}",
            "{'a': 1}",
            "[]",
            "1",
            "{\"a\": 1} x",
            "{\"a\": 0x1}",
            "{\"a\": 01}",
            "{\"a\": +1}",
            "{\"a\": .5}",
            "{\"a\": 1.}",
            "{\"a\": 1e}",
            "{\"a\": -}",
            "{\"a\": NaN}",
            "{\"a\": tru}",
            "{\"a\" 1}",
            "{\"a\": 1 \"c\": 2}",
            "{,}",
            "{\"a\": \"\n\"}",
            "{\"a\": \"\\x\"}",
            "{\"a\": \"\\u12\"}",
            "{\"a\": \"}",
            "{",
            "{\"a\": [1 2]}",
            "{/*}",
            "{/}",
            "{\"a\": 1} // x\rx\n",
            "\u{a0}{}",
            "{}\0",
            "{\"b\": 1, \"b\": 1}",
            "{\"B\": 1}",
            "{\"\\u0062\": 1, \"b\": 2}",
        ] {
            for dialect in [Json::Strict, Json::WithComments] {
                assert!(found(dialect, text, "b").is_err(), "{text}");
                assert!(edit(dialect, text, "b", Some(true)).is_err(), "{text}");
            }
        }
        for (text, name) in [("{\"a\": {\"b\": 1}}", "a"), ("{\"a\": [1]}", "a")] {
            assert!(
                edit(Json::Strict, text, name, Some(true)).is_err(),
                "{text}"
            );
        }
        assert!(found(Json::Strict, "{\"a\": 1}", "a/b").is_err());
        assert!(edit(Json::Strict, "{\"a\": null}", "a/b", Some(true)).is_err());
    }

    #[test]
    fn names_and_texts_have_the_escapes_of_json() {
        let text = "{\"a\\/\\u0062\": \"\\ud83d\\ude00\\n\", \"c\": \"\\ud83d\\u0041\"}";
        let value = |text: &str| Ok(Found::Value(Scalar::Text(text.to_owned())));
        let name = [String::from("a/b")];
        let look = Json::Strict.look(text.as_bytes(), &name, &Scalar::Boolean(true));
        assert_eq!(
            look.map(|look| look.found).map_err(|at| at.1),
            value("\u{1f600}\n")
        );
        assert_eq!(found(Json::Strict, text, "c"), Ok(Found::Other));
        for other in ["1.0", "1e2", "null", "[]", "{}", "99999999999999999999"] {
            let text = format!("{{\"a\": {other}}}");
            assert_eq!(found(Json::Strict, &text, "a"), Ok(Found::Other), "{other}");
        }
    }

    #[test]
    fn depth_ends_at_its_limit_in_objects_and_in_arrays() {
        for (open, close) in [("{\"b\":", "}"), ("[", "]")] {
            let nested = |depth: usize| {
                let (open, close) = (open.repeat(depth - 1), close.repeat(depth - 1));
                found(Json::Strict, &format!("{{\"a\":{open}1{close}}}"), "b")
            };
            assert_eq!(nested(limits::JSON_DEPTH), Ok(Found::Nothing));
            let mistake = nested(limits::JSON_DEPTH + 1).unwrap_err();
            assert_eq!(mistake, "more than 64 levels; expected fewer");
            assert!(nested(100_000).is_err());
        }
    }
}
