// SPDX-License-Identifier: GPL-3.0-or-later

//! The values in a reader file: GVariant text, and values for other programs' files.

use glib::prelude::*;
use glib::{Variant, VariantTy};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use toml::Spanned;

use crate::choices::catalogue::names::{read_text, shown, wrong};
use crate::formats::format::Scalar;
use crate::formats::mistake::At;
use crate::system::limits;
use crate::system::text::is_unprintable;

/// A value as GVariant text. It keeps the text, so that the reader can be serialized as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantText {
    text: String,
    value: Variant,
}

impl VariantText {
    /// The value of a text.
    pub(crate) fn of(text: &str) -> Result<Self, String> {
        Ok(Self {
            value: parsed(text)?,
            text: text.to_owned(),
        })
    }

    /// The value.
    pub const fn value(&self) -> &Variant {
        &self.value
    }
}

impl From<Variant> for VariantText {
    fn from(value: Variant) -> Self {
        Self {
            text: value.print(true).into(),
            value,
        }
    }
}

impl<'de> Deserialize<'de> for VariantText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |text| {
            let value = parsed(text)?;
            Ok(Self {
                text: text.to_owned(),
                value,
            })
        })
    }
}

impl Serialize for VariantText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Checks that two values have the same type and differ. `first_name`: the field of the first.
pub(crate) fn two_values(
    (first_name, first): (&str, &Spanned<VariantText>),
    second: &Spanned<VariantText>,
) -> Result<(), At> {
    let (one, other) = (first.get_ref().value(), second.get_ref().value());
    if one.type_() != other.type_() {
        return Err(wrong(
            second,
            format!(
                "of the type “{}”, but “{first_name}” is of the type “{}”; expected the same",
                other.type_(),
                one.type_()
            ),
        ));
    }
    different((first_name, one), (second, other))
}

/// Checks that two values differ.
pub(crate) fn different<T, V: PartialEq>(
    (first_name, first): (&str, &V),
    (place, second): (&Spanned<T>, &V),
) -> Result<(), At> {
    if first == second {
        return Err(wrong(
            place,
            format!("the same value as “{first_name}”; expected another"),
        ));
    }
    Ok(())
}

/// A value in a file: `true`, `false`, an integer or a string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileValue(pub Scalar);

impl<'de> Deserialize<'de> for FileValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::Boolean(on) => Ok(Self(Scalar::Boolean(on))),
            toml::Value::Integer(number) => Ok(Self(Scalar::Integer(number))),
            toml::Value::String(text) => {
                shown(&text).map_err(de::Error::custom)?;
                if text.len() > limits::READER_TEXT {
                    let most = limits::READER_TEXT;
                    let message =
                        format!("a text of {} bytes; expected {most} at most", text.len());
                    return Err(de::Error::custom(message));
                }
                Ok(Self(Scalar::Text(text)))
            }
            other => Err(de::Error::custom(format!(
                "a value of the type “{}”; expected true, false, a whole number or a text",
                other.type_str()
            ))),
        }
    }
}

/// Parses GVariant text within the limits.
fn parsed(text: &str) -> Result<Variant, String> {
    // Most values are these, and GLib's parser takes many times as long.
    if let Ok(value) = text.parse::<bool>() {
        return Ok(value.to_variant());
    }
    if text.len() > limits::VALUE_TEXT {
        return Err(format!(
            "a value of {} bytes; expected {} at most",
            text.len(),
            limits::VALUE_TEXT
        ));
    }
    let most = limits::VALUE_DEPTH;
    let too_deep = || format!("a value of more than {most} levels; expected fewer");
    // GLib's parser recurses for each of these, and gives up with an error that explains nothing.
    if brackets(text) > most {
        return Err(too_deep());
    }
    let value = Variant::parse(None, text).map_err(|error| {
        if error.kind::<NotParsed>() == Some(NotParsed::TooDeep) {
            return too_deep();
        }
        format!(
            "{}; expected GVariant text, such as true or 'none'",
            error.message()
        )
    })?;
    if type_depth(value.type_().as_str()) > most || is_deeper(&value, most) {
        return Err(too_deep());
    }
    if value.type_().as_str().len() > limits::BUS_NAME {
        let most = limits::BUS_NAME;
        return Err(format!(
            "a value whose type has more than {most} letters; expected fewer"
        ));
    }
    match hidden(&value) {
        None => Ok(value),
        Some(hidden) => Err(format!(
            "a value with the character U+{:04X}, which is not shown; expected none of those",
            u32::from(hidden)
        )),
    }
}

/// `G_VARIANT_PARSE_ERROR`, which the bindings lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotParsed {
    TooDeep,
    Otherwise(i32),
}

impl glib::error::ErrorDomain for NotParsed {
    fn domain() -> glib::Quark {
        glib::Quark::from_str("g-variant-parse-error-quark")
    }

    fn code(self) -> i32 {
        match self {
            // G_VARIANT_PARSE_ERROR_RECURSION in gvariant.h.
            Self::TooDeep => 18,
            Self::Otherwise(code) => code,
        }
    }

    fn from(code: i32) -> Option<Self> {
        Some(match code {
            18 => Self::TooDeep,
            code => Self::Otherwise(code),
        })
    }
}

/// The deepest nesting of brackets in GVariant text, outside strings.
fn brackets(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(begun), _) if begun == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[' | '{' | '<') => {
                open += 1;
                most = most.max(open);
            }
            (None, ')' | ']' | '}' | '>') => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// How deeply a type is nested. `a` and `m` precede what they hold.
fn type_depth(kind: &str) -> usize {
    let (mut most, mut before) = (0, 0);
    let mut open = Vec::new();
    for letter in kind.chars() {
        match letter {
            'a' | 'm' => before += 1,
            '(' | '{' => {
                open.push(before + 1);
                before = 0;
            }
            ')' | '}' => drop(open.pop()),
            _ => before = 0,
        }
        most = most.max(open.iter().sum::<usize>() + before);
    }
    most
}

/// The parts of a value, except the bytes of a byte string. GLib 2.84 logs a warning for these
/// (`g_variant_get_child_value` of a small value), and no byte has parts or a character.
fn parts(value: &Variant) -> impl Iterator<Item = Variant> {
    let has_parts = value.is_container() && value.type_() != VariantTy::BYTE_STRING;
    let count = if has_parts { value.n_children() } else { 0 };
    (0..count).map(|part| value.child_value(part))
}

/// Whether a value has more than `levels` levels, including those inside variants.
fn is_deeper(value: &Variant, levels: usize) -> bool {
    value.is_container() && (levels == 0 || parts(value).any(|part| is_deeper(&part, levels - 1)))
}

/// An unprintable character in a string of a value, where the text may have an escape. The depth of
/// the value is checked before.
fn hidden(value: &Variant) -> Option<char> {
    match value.str() {
        Some(text) => text.chars().find(|c| is_unprintable(*c)),
        None => parts(value).find_map(|part| hidden(&part)),
    }
}
