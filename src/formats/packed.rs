// SPDX-License-Identifier: GPL-3.0-or-later

//! TOML values as bytes, which the index of reader files stores, and which need no TOML parser.
//!
//! serde reads a packed table into the types that it reads from TOML, with the same checks. Any
//! bytes are safe to read: bytes that aren't a value, and values that a type refuses, are errors.
//!
//! A value is a tag and its content. Strings, arrays and tables begin with their length in bytes,
//! so a reader can skip them. A table is a sequence of names and values.

use std::fmt;

use serde::Deserializer;
use serde::de::value::{BorrowedStrDeserializer, UsizeDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};

const FALSE: u8 = 0;
const TRUE: u8 = 1;
const INTEGER: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const TABLE: u8 = 5;

/// The maximum depth of a value. Reading a deeper one could exhaust the stack.
const DEEPEST: u8 = 32;

/// Why a value can't be packed or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotPacked(String);

impl de::Error for NotPacked {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

fn broken() -> NotPacked {
    NotPacked("broken".to_owned())
}

/// Packs a table, to be read with [`Table::new`]. `None` if it has a value that reader files never
/// have: a date, a fraction, or a value that is too deep.
pub(crate) fn pack(table: &toml::Table) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    pack_table(table, DEEPEST, &mut bytes)?;
    Some(bytes)
}

fn pack_table(table: &toml::Table, left: u8, into: &mut Vec<u8>) -> Option<()> {
    for (name, value) in table {
        pack_text(name, into)?;
        pack_value(value, left, into)?;
    }
    Some(())
}

fn pack_text(text: &str, into: &mut Vec<u8>) -> Option<()> {
    into.extend(u32::try_from(text.len()).ok()?.to_le_bytes());
    into.extend(text.as_bytes());
    Some(())
}

fn pack_value(value: &toml::Value, left: u8, into: &mut Vec<u8>) -> Option<()> {
    let left = left.checked_sub(1)?;
    let mut content = Vec::new();
    let tag = match value {
        toml::Value::Boolean(on) => {
            into.push(if *on { TRUE } else { FALSE });
            return Some(());
        }
        toml::Value::Integer(number) => {
            into.push(INTEGER);
            into.extend(number.to_le_bytes());
            return Some(());
        }
        toml::Value::String(text) => {
            into.push(TEXT);
            return pack_text(text, into);
        }
        toml::Value::Array(values) => {
            for value in values {
                pack_value(value, left, &mut content)?;
            }
            ARRAY
        }
        toml::Value::Table(table) => {
            pack_table(table, left, &mut content)?;
            TABLE
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) => return None,
    };
    into.push(tag);
    into.extend(u32::try_from(content.len()).ok()?.to_le_bytes());
    into.extend(content);
    Some(())
}

/// Bytes that are read from the front.
#[derive(Clone, Copy, Debug)]
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], NotPacked> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(broken)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], NotPacked> {
        self.take(N)?.try_into().map_err(|_| broken())
    }

    fn content(&mut self) -> Result<&'a [u8], NotPacked> {
        let length = u32::from_le_bytes(self.array()?);
        self.take(usize::try_from(length).map_err(|_| broken())?)
    }

    fn text(&mut self) -> Result<&'a str, NotPacked> {
        std::str::from_utf8(self.content()?).map_err(|_| broken())
    }

    fn value(&mut self, left: u8) -> Result<Value<'a>, NotPacked> {
        let left = left.checked_sub(1).ok_or_else(broken)?;
        let [tag] = self.array()?;
        Ok(match tag {
            FALSE => Value::Boolean(false),
            TRUE => Value::Boolean(true),
            INTEGER => Value::Integer(i64::from_le_bytes(self.array()?)),
            TEXT => Value::Text(self.text()?),
            ARRAY => Value::Array(Values {
                rest: Rest(self.content()?),
                left,
            }),
            TABLE => Value::Table(Table {
                rest: Rest(self.content()?),
                left,
            }),
            _ => return Err(broken()),
        })
    }
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    Boolean(bool),
    Integer(i64),
    Text(&'a str),
    Array(Values<'a>),
    Table(Table<'a>),
}

/// The values of an array.
#[derive(Clone, Debug)]
pub(crate) struct Values<'a> {
    rest: Rest<'a>,
    left: u8,
}

impl<'a> Iterator for Values<'a> {
    type Item = Result<Value<'a>, NotPacked>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.rest.0.is_empty()).then(|| {
            let value = self.rest.value(self.left);
            if value.is_err() {
                self.rest = Rest(&[]);
            }
            value
        })
    }
}

/// The names and values of a table.
#[derive(Clone, Debug)]
pub(crate) struct Table<'a> {
    rest: Rest<'a>,
    left: u8,
}

impl<'a> Table<'a> {
    /// Reads what [`pack`] wrote.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: Rest(bytes),
            left: DEEPEST,
        }
    }

    fn entry(&mut self) -> Result<(&'a str, Value<'a>), NotPacked> {
        Ok((self.rest.text()?, self.rest.value(self.left)?))
    }
}

impl<'a> Iterator for Table<'a> {
    type Item = Result<(&'a str, Value<'a>), NotPacked>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.rest.0.is_empty()).then(|| {
            let entry = self.entry();
            if entry.is_err() {
                self.rest = Rest(&[]);
            }
            entry
        })
    }
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = NotPacked;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPacked> {
        match self {
            Self::Boolean(on) => visitor.visit_bool(on),
            Self::Integer(number) => visitor.visit_i64(number),
            Self::Text(text) => visitor.visit_borrowed_str(text),
            Self::Array(values) => visitor.visit_seq(values),
            Self::Table(table) => visitor.visit_map(Fields::new(table)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotPacked> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NotPacked> {
        visitor.visit_newtype_struct(self)
    }

    /// A `Spanned` asks for a struct of three fields, whose names no file can have: the place where
    /// the value begins, where it ends, and the value. A packed value has no place.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotPacked> {
        match fields {
            [start, end, value] if name.starts_with("$__") => visitor.visit_map(Spanned {
                fields: [value, end, start],
                left: 3,
                value: self,
            }),
            _ => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de> SeqAccess<'de> for Values<'de> {
    type Error = NotPacked;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, NotPacked> {
        self.next()
            .map(|value| seed.deserialize(value?))
            .transpose()
    }
}

/// The fields of a table while they are read.
pub(crate) struct Fields<'de, I> {
    entries: I,
    value: Option<Value<'de>>,
}

impl<'de, I: Iterator<Item = Result<(&'de str, Value<'de>), NotPacked>>> Fields<'de, I> {
    pub(crate) const fn new(entries: I) -> Self {
        Self {
            entries,
            value: None,
        }
    }
}

impl<'de, I: Iterator<Item = Result<(&'de str, Value<'de>), NotPacked>>> MapAccess<'de>
    for Fields<'de, I>
{
    type Error = NotPacked;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, NotPacked> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        let (name, value) = entry?;
        self.value = Some(value);
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, NotPacked> {
        seed.deserialize(self.value.take().ok_or_else(broken)?)
    }
}

/// The fields of a `Spanned`.
struct Spanned<'de> {
    /// In reverse order.
    fields: [&'static str; 3],
    left: usize,
    value: Value<'de>,
}

impl<'de> MapAccess<'de> for Spanned<'de> {
    type Error = NotPacked;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, NotPacked> {
        let field = self.left.checked_sub(1).and_then(|at| self.fields.get(at));
        field
            .map(|field| seed.deserialize(BorrowedStrDeserializer::new(field)))
            .transpose()
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, NotPacked> {
        self.left = self.left.checked_sub(1).ok_or_else(broken)?;
        if self.left == 0 {
            return seed.deserialize(self.value.clone());
        }
        let nowhere: UsizeDeserializer<NotPacked> = 0_usize.into_deserializer();
        seed.deserialize(nowhere)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde::de::value::MapAccessDeserializer;
    use toml::Spanned;

    use super::*;

    fn unpacked<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, NotPacked> {
        T::deserialize(MapAccessDeserializer::new(Fields::new(Table::new(bytes))))
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    struct Example {
        a_name: Spanned<String>,
        numbers: Option<Vec<Spanned<i64>>>,
        on: Option<bool>,
        inner: Option<Box<Self>>,
    }

    const TEXT: &str = "a-name = \"é\"\nnumbers = [1, -2]\n[inner]\na-name = \"\"\non = true\n";

    #[test]
    fn a_packed_table_reads_as_in_toml_without_places() {
        let bytes = pack(&TEXT.parse().unwrap()).unwrap();
        let example: Example = unpacked(&bytes).unwrap();
        assert_eq!(example, toml::from_str(TEXT).unwrap());
        assert_eq!(example.a_name.span(), 0..0);
        assert_eq!(
            unpacked::<toml::Table>(&bytes).unwrap(),
            TEXT.parse().unwrap()
        );
    }

    #[test]
    fn a_value_that_reader_files_do_not_have_is_not_packed() {
        for text in ["a = 1.5", "a = 1979-05-27"] {
            assert_eq!(pack(&text.parse().unwrap()), None, "{text}");
        }
        let deep = |levels: usize| format!("a = {}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(pack(&deep(33).parse().unwrap()), None);
        let bytes = pack(&deep(32).parse().unwrap()).unwrap();
        assert!(unpacked::<toml::Table>(&bytes).is_ok());
    }

    #[test]
    fn an_unknown_field_and_a_missing_one_are_errors() {
        for text in ["a-name = \"\"\nb = 1", "on = true", "a-name = 1"] {
            let bytes = pack(&text.parse().unwrap()).unwrap();
            assert!(unpacked::<Example>(&bytes).is_err(), "{text}");
        }
    }

    #[test]
    fn deeper_values_than_the_limit_are_an_error_and_no_overflow() {
        let mut bytes = Vec::new();
        for _ in 0..100_000 {
            let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
            bytes = [&[ARRAY][..], &length, &bytes].concat();
            if bytes.len() > 20_000 {
                break;
            }
        }
        let bytes = [&[1, 0, 0, 0, b'a'][..], &bytes].concat();
        assert!(unpacked::<toml::Table>(&bytes).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_table_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpacked::<toml::Table>(&bytes);
            let _ = unpacked::<Example>(&bytes);
        }

        #[test]
        fn a_changed_or_cut_table_is_a_table_or_an_error(at in 0..100_usize, byte: u8, end in 0..100_usize) {
            let mut bytes = pack(&TEXT.parse().unwrap()).unwrap();
            if let Some(changed) = bytes.get_mut(at) {
                *changed = byte;
            }
            bytes.truncate(end);
            let _ = unpacked::<toml::Table>(&bytes);
            let _ = unpacked::<Example>(&bytes);
        }
    }
}
