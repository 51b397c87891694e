// SPDX-License-Identifier: GPL-3.0-or-later

//! JSON, and JSON with comments as editors such as Visual Studio Code read it.
//!
//! The crate jsonc-parser keeps comments, order, indentation and trailing commas. If an object has a
//! name twice, the last one decides, as in ECMAScript (ECMA-262, JSON.parse).

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstNode, CstObject, CstObjectProp, CstRootNode};
use jsonc_parser::errors::ParseError;

use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::mistake::{At, quote};
use crate::formats::utf8;
use crate::system::limits;

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
        if key.len() > limits::KEY_DEPTH {
            return Err("a key of 16 parts at most");
        }
        Ok(())
    }

    fn look(&self, text: &[u8], key: &[String], _: &Scalar) -> Result<Look, At> {
        find(utf8(text)?, key, *self).map(Look::from)
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        edited(utf8(text)?, key, value, *self).map(String::into_bytes)
    }
}

impl Json {
    fn options(self) -> ParseOptions {
        let comments = matches!(self, Self::WithComments);
        ParseOptions {
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
        }
    }
}

/// Looks up the value at a path of names.
fn find(text: &str, path: &[String], dialect: Json) -> Result<Found, At> {
    let Some(mut object) = root(&parse(text, dialect)?)? else {
        return Ok(Found::Nothing);
    };
    let Some((name, objects)) = path.split_last() else {
        return Ok(Found::Other);
    };
    for name in objects {
        match property(&object, name).map(|property| property.object_value()) {
            None => return Ok(Found::Nothing),
            // A program that expects an object finds nothing in another value.
            Some(None) => return Ok(Found::Nothing),
            Some(Some(below)) => object = below,
        }
    }
    Ok(
        match property(&object, name).and_then(|found| found.value()) {
            None => Found::Nothing,
            Some(node) => scalar(&node).map_or(Found::Other, Found::Value),
        },
    )
}

/// The text with the value at a path set, or removed. All else stays.
fn edited(
    text: &str,
    path: &[String],
    value: Option<&Scalar>,
    dialect: Json,
) -> Result<String, At> {
    let document = parse(text, dialect)?;
    let (Some((name, objects)), found) = (path.split_last(), root(&document)?) else {
        return Ok(text.to_owned());
    };
    let mut object = match (found, value) {
        (Some(object), _) => object,
        (None, None) => return Ok(text.to_owned()),
        (None, Some(_)) => document.object_value_or_set(),
    };
    for (place, name) in objects.iter().enumerate() {
        object = match (property(&object, name), value) {
            (None, None) => return Ok(text.to_owned()),
            (None, Some(_)) => object.object_value_or_set(name),
            (Some(property), _) => property
                .object_value()
                .ok_or_else(|| no_object(&path[..=place]))?,
        };
    }
    match (property(&object, name), value) {
        (None, None) => return Ok(text.to_owned()),
        (Some(_), None) => {
            for property in properties(&object, name) {
                property.remove();
            }
        }
        (None, Some(value)) => drop(object.append(name, input(value))),
        (Some(property), Some(value)) => match property.value() {
            Some(CstNode::Container(_)) => {
                let name = quote(&path.join("."));
                return Err(At(None, format!("{name} is no single value")));
            }
            _ => property.set_value(input(value)),
        },
    }
    Ok(document.to_string())
}

fn parse(text: &str, dialect: Json) -> Result<CstRootNode, At> {
    CstRootNode::parse(text, &dialect.options()).map_err(|error: ParseError| {
        let range = error.range().start..error.range().end;
        At::of(Some(range), &error.kind().to_string())
    })
}

/// The object that the document is. `None` if the document is empty.
fn root(document: &CstRootNode) -> Result<Option<CstObject>, At> {
    match (document.value(), document.object_value()) {
        (None, _) => Ok(None),
        (Some(_), None) => Err(At(None, "expected an object, such as {}".to_owned())),
        (Some(_), object) => Ok(object),
    }
}

fn no_object(path: &[String]) -> At {
    let name = quote(&path.join("."));
    At(None, format!("{name} is no object"))
}

fn properties(object: &CstObject, name: &str) -> impl DoubleEndedIterator<Item = CstObjectProp> {
    let properties = object.properties().into_iter();
    properties.filter(move |other| other.decoded_name().as_deref() == Some(name))
}

fn property(object: &CstObject, name: &str) -> Option<CstObjectProp> {
    properties(object, name).next_back()
}

fn scalar(node: &CstNode) -> Option<Scalar> {
    if let Some(on) = node.as_boolean_lit() {
        return Some(Scalar::Boolean(on.value()));
    }
    if let Some(number) = node.as_number_lit() {
        return number.to_string().parse().ok().map(Scalar::Integer);
    }
    node.as_string_lit()?.decoded_value().ok().map(Scalar::Text)
}

fn input(value: &Scalar) -> CstInputValue {
    match value {
        Scalar::Boolean(on) => CstInputValue::Bool(*on),
        Scalar::Integer(number) => CstInputValue::Number(number.to_string()),
        Scalar::Text(text) => CstInputValue::String(text.clone()),
    }
}
