// SPDX-License-Identifier: GPL-3.0-or-later

//! JSON, and JSON with comments as editors such as Visual Studio Code read it.
//!
//! The crate jsonc-parser finds the places of values. Its editor is not used: it lays out an object
//! again that it adds a value to. If an object has a name twice, the last one decides, as in
//! ECMA-262, `JSON.parse()`.

use std::ops::Range;

use jsonc_parser::ast::{Object, Value};
use jsonc_parser::errors::ParseError;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::formats::format::{Format, Found, Look, Scalar, utf8};
use crate::formats::mistake::{At, quote};
use crate::system::limits;

/// The byte order mark.
const MARK: char = '\u{feff}';

/// A dialect of JSON.
#[derive(Clone, Copy, Debug)]
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
        let text = text.strip_prefix(MARK).unwrap_or(text);
        let document = self.parse(text)?;
        let mut value = document.as_ref();
        let Some(Value::Object(_)) = value else {
            return value.map_or(Ok(Found::Nothing.into()), |_| Err(no_document()));
        };
        for name in key {
            value = match value {
                Some(Value::Object(object)) => {
                    last(object, name).map(|at| &object.properties[at].value)
                }
                // A program that expects an object finds nothing in another value.
                _ => None,
            };
        }
        let found = match value {
            None => Found::Nothing,
            Some(Value::BooleanLit(on)) => Found::Value(Scalar::Boolean(on.value)),
            Some(Value::StringLit(text)) => Found::Value(Scalar::Text(text.value.to_string())),
            Some(Value::NumberLit(number)) => number
                .value
                .parse()
                .map_or(Found::Other, |number| Found::Value(Scalar::Integer(number))),
            Some(_) => Found::Other,
        };
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let text = utf8(text)?;
        let (mark, text) = match text.strip_prefix(MARK) {
            Some(rest) => (&text[..MARK.len_utf8()], rest),
            None => ("", text),
        };
        let new = match value {
            Some(value) => self.with(text, key, value)?,
            None => self.without(text, key)?,
        };
        Ok([mark, &new].concat().into_bytes())
    }

    fn is_blank(&self, text: &[u8]) -> bool {
        matches!(text.trim_ascii(), b"" | b"{}")
    }
}

impl Json {
    fn parse(self, text: &str) -> Result<Option<Value<'_>>, At> {
        let comments = matches!(self, Self::WithComments);
        let options = ParseOptions {
            allow_comments: comments,
            allow_trailing_commas: comments,
            allow_loose_object_property_names: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let parsed = parse_to_ast(text, &CollectOptions::default(), &options);
        let parsed = parsed.map_err(|error: ParseError| {
            let range = error.range().start..error.range().end;
            At::of(Some(range), &error.kind().to_string())
        })?;
        Ok(parsed.value)
    }

    /// The text with the value at a path.
    fn with(self, text: &str, path: &[String], value: &Scalar) -> Result<String, At> {
        let document = self.parse(text)?;
        let mut object = match &document {
            Some(Value::Object(object)) => object,
            Some(_) => return Err(no_document()),
            None => {
                let line_end = if text.is_empty() || text.ends_with('\n') {
                    ""
                } else {
                    "\n"
                };
                return Ok(format!("{text}{line_end}{}\n", nested(path, value)));
            }
        };
        let mut new = text.to_owned();
        for (place, name) in path.iter().enumerate() {
            let is_last = place + 1 == path.len();
            match last(object, name).map(|at| &object.properties[at].value) {
                None => {
                    let property =
                        format!("{}: {}", string(name), nested(&path[place + 1..], value));
                    let (at, property) = inserted(text, object, &property);
                    new.insert_str(at, &property);
                    return Ok(new);
                }
                Some(Value::Object(below)) if !is_last => object = below,
                Some(Value::Object(_) | Value::Array(_)) if is_last => {
                    let name = quote(&path.join("."));
                    return Err(At(None, format!("{name} is no single value")));
                }
                Some(old) if is_last => {
                    let range = range(old);
                    new.replace_range(range, &literal(value));
                    return Ok(new);
                }
                Some(_) => {
                    let name = quote(&path[..=place].join("."));
                    return Err(At(None, format!("{name} is no object")));
                }
            }
        }
        Ok(new)
    }

    /// The text without the value at a path.
    fn without(self, text: &str, path: &[String]) -> Result<String, At> {
        let mut new = text.to_owned();
        // A name that is there twice is removed twice.
        while let Some(kept) = self.without_last(&new, path)? {
            new = kept;
        }
        Ok(new)
    }

    fn without_last(self, text: &str, path: &[String]) -> Result<Option<String>, At> {
        let mut value = self.parse(text)?;
        if !matches!(value, None | Some(Value::Object(_))) {
            return Err(no_document());
        }
        for (place, name) in path.iter().enumerate() {
            let Some(Value::Object(mut object)) = value else {
                return Ok(None);
            };
            let Some(at) = last(&object, name) else {
                return Ok(None);
            };
            if place + 1 == path.len() {
                return Ok(Some(removed(text, &object, at)));
            }
            value = Some(object.properties.swap_remove(at).value);
        }
        Ok(None)
    }
}

fn no_document() -> At {
    At(None, "expected an object, such as {}".to_owned())
}

/// The index of the last property with this name.
fn last(object: &Object<'_>, name: &str) -> Option<usize> {
    let mut properties = object.properties.iter();
    properties.rposition(|property| property.name.as_str() == name)
}

fn range(value: &Value<'_>) -> Range<usize> {
    let range = match value {
        Value::StringLit(value) => value.range,
        Value::NumberLit(value) => value.range,
        Value::BooleanLit(value) => value.range,
        Value::NullKeyword(value) => value.range,
        Value::Object(value) => value.range,
        Value::Array(value) => value.range,
    };
    range.start..range.end
}

/// The value within objects of these names.
fn nested(path: &[String], value: &Scalar) -> String {
    let mut text = literal(value);
    for name in path.iter().rev() {
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

/// A new property at the end of an object, and its place. It is laid out as the first property is.
fn inserted(text: &str, object: &Object<'_>, property: &str) -> (usize, String) {
    let start = object.range.start + 1;
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if let (Some(first), Some(last)) = (object.properties.first(), object.properties.last()) {
        let before = &text[start..first.range.start];
        let space = match before.rfind('\n') {
            Some(end) => {
                let indent = before[end + 1..].trim_start_matches(|c| !matches!(c, ' ' | '\t'));
                let indent: String = indent.chars().take_while(|c| c.is_whitespace()).collect();
                format!("{line_end}{indent}")
            }
            None => " ".to_owned(),
        };
        return (last.range.end, format!(",{space}{property}"));
    }
    let inside = &text[start..object.range.end.saturating_sub(1)];
    match inside.rfind('\n') {
        Some(end) => {
            let indent: String = inside[end + 1..]
                .chars()
                .take_while(|c| c.is_whitespace())
                .collect();
            (start, format!("{line_end}{indent}  {property}"))
        }
        None => (start, property.to_owned()),
    }
}

/// The text without a property, and without the comma that it no longer needs.
fn removed(text: &str, object: &Object<'_>, at: usize) -> String {
    let property = object.properties[at].range;
    let before = &text[..property.start];
    let previous = at
        .checked_sub(1)
        .map_or(object.range.start + 1, |previous| {
            object.properties[previous].range.end
        });
    let mut start = before.trim_end_matches([' ', '\t', '\r', '\n']).len();
    if text[previous..start].contains("//") {
        // What follows must not become a part of the comment.
        start = before.rfind('\n').map_or(start, |end| start.max(end + 1));
    }
    let next = object.properties.get(at + 1);
    let end_of_gap = next.map_or(object.range.end, |next| next.range.start);
    let mut new = text.to_owned();
    if let Some(comma) = comma(text, property.end..end_of_gap) {
        new.remove(comma);
        new.replace_range(start..property.end, "");
        return new;
    }
    new.replace_range(start..property.end, "");
    if let Some(comma) = comma(text, previous..property.start) {
        new.remove(comma);
    }
    new
}

/// The place of the comma between two properties, outside of comments.
fn comma(text: &str, mut gap: Range<usize>) -> Option<usize> {
    while let Some(rest) = text.get(gap.clone()).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(',') {
            return Some(gap.start);
        } else if rest.starts_with("//") {
            gap.start += rest.find('\n')?;
        } else if let Some(comment) = rest.strip_prefix("/*") {
            gap.start += comment.find("*/")? + "/**/".len();
        } else {
            gap.start += rest.chars().next()?.len_utf8();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Vec<String> {
        name.split('/').map(str::to_owned).collect()
    }

    fn set(format: Json, text: &str, name: &str) -> Result<String, At> {
        let new = format.edit(text.as_bytes(), &key(name), Some(&Scalar::Boolean(false)))?;
        Ok(String::from_utf8(new).unwrap())
    }

    #[test]
    fn comments_commas_and_indentation_stay() {
        let text = "{\n  // mine\n  \"a\": 1, // one\n  \"b\": { \"c\": true }, /* two */\n}\n";
        let set = |name| set(Json::WithComments, text, name).unwrap();
        assert_eq!(set("b/c"), text.replace("true", "false"));
        assert_eq!(set("b/d"), text.replace("true }", "true, \"d\": false }"));
        assert_eq!(
            set("e/f"),
            text.replace(" }, /*", " },\n  \"e\": {\"f\": false}, /*")
        );
    }

    #[test]
    fn a_value_is_removed_with_its_comma_and_comments_stay() {
        for (text, kept) in [
            ("{\"a\": 1, \"b\": 2}", "{\"a\": 1}"),
            ("{\"b\": 2, \"a\": 1}", "{ \"a\": 1}"),
            ("{\"a\": 1, // one\n\"b\": 2}", "{\"a\": 1 // one\n}"),
            ("{\"b\": 2, \"b\": 3}", "{}"),
            ("{\"a\": 1,\n \"b\": 2,\n}", "{\"a\": 1,\n}"),
        ] {
            let new = Json::WithComments.without(text, &key("b")).unwrap();
            assert!(Json::WithComments.parse(&new).is_ok(), "{new}");
            assert_eq!(new, kept);
        }
    }

    #[test]
    fn what_strict_json_does_not_have_is_refused_there() {
        for text in [
            "{\"a\": 1,}",
            "{/* */}",
            "{a: 1}",
            "{'a': 1}",
            "[]",
            "{\"a\": 1} x",
            "{\"a\": 0x1}",
        ] {
            assert!(set(Json::Strict, text, "b").is_err(), "{text}");
        }
        assert!(set(Json::Strict, "{\"a\": {\"b\": 1}}", "a").is_err());
        assert!(set(Json::Strict, "{\"a\": 1}", "a/b").is_err());
    }
}
