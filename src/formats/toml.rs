// SPDX-License-Identifier: GPL-3.0-or-later

//! TOML 1.0. Comments and layout stay.
//!
//! TOML's names have one spelling, but some programs accept others: Go's most used parser falls
//! back to a comparison without case (`BurntSushi/toml` bb992eee, decode.go, `unifyStruct()`), and
//! if a file has both spellings, either may count.

use toml_edit::{Document, DocumentMut, Item, TableLike, Value};

use crate::formats::bytes;
use crate::formats::format::{Format, Found, Look, Scalar, is_other_spelling, other_spelling};
use crate::formats::mistake::{At, quote};
use crate::system::limits;

/// The byte order mark.
const MARK: char = '\u{feff}';

/// TOML 1.0.
#[derive(Debug)]
pub(crate) struct Toml;

impl Format for Toml {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        if key.len() > limits::KEY_DEPTH {
            return Err("a key of 16 parts at most");
        }
        Ok(())
    }

    fn look(&self, text: &[u8], key: &[String], _: &Scalar) -> Result<Look, At> {
        let document = Document::parse(utf8(text)?).map_err(|error| mistake(&error))?;
        let mut item = document.as_item();
        for (place, name) in key.iter().enumerate() {
            let table = item
                .as_table_like()
                .ok_or_else(|| no_table(&key[..place]))?;
            check_spelling(table, name)?;
            match table.get(name) {
                None => return Ok(Found::Nothing.into()),
                Some(found) => item = found,
            }
        }
        let found = match item {
            Item::Value(Value::Boolean(on)) => Found::Value(Scalar::Boolean(*on.value())),
            Item::Value(Value::Integer(number)) => Found::Value(Scalar::Integer(*number.value())),
            Item::Value(Value::String(text)) => Found::Value(Scalar::Text(text.value().clone())),
            Item::None => Found::Nothing,
            _ => Found::Other,
        };
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let text = utf8(text)?;
        let mut document: DocumentMut = text.parse().map_err(|error| mistake(&error))?;
        edit(document.as_table_mut(), key, value)?;
        let mut new = document.to_string();
        if text.contains("\r\n") && !text.replace("\r\n", "").contains('\n') {
            // The parser keeps everything except line ends.
            new = new.replace('\n', "\r\n");
        }
        if !text.is_empty() && !text.ends_with('\n') {
            // The parser adds the last line's end.
            new.truncate(new.trim_end_matches(['\r', '\n']).len());
        }
        if text.starts_with(MARK) && !new.starts_with(MARK) {
            // The parser drops it.
            new.insert(0, MARK);
        }
        if is_one_change(text.as_bytes(), new.as_bytes()) {
            Ok(new.into())
        } else {
            let message = "its lines end in several ways; expected one";
            Err(At(None, message.to_owned()))
        }
    }
}

/// Whether the texts differ in one place only, and no more than one line was replaced.
fn is_one_change(old: &[u8], new: &[u8]) -> bool {
    let same = |(one, other): &(&u8, &u8)| one == other;
    let before = old.iter().zip(new).take_while(same).count();
    let (old, new) = (&old[before..], &new[before..]);
    let after = old.iter().rev().zip(new.iter().rev());
    let after = after.take_while(same).count();
    let replaced = &old[..old.len() - after];
    new.len() == after || !replaced.contains(&b'\n')
}

fn utf8(text: &[u8]) -> Result<&str, At> {
    bytes::utf8(text).map_err(|at| At(at.0, at.1 + "; expected TOML 1.0"))
}

fn mistake(error: &toml_edit::TomlError) -> At {
    At::of(error.span(), error.message())
}

fn no_table(key: &[String]) -> At {
    At(None, format!("{} is no table", quote(&key.join("."))))
}

fn check_spelling(table: &dyn TableLike, name: &str) -> Result<(), At> {
    let other = table
        .iter()
        .find(|(other, _)| is_other_spelling(other, name));
    other.map_or(Ok(()), |(other, _)| {
        let key = table.get_key_value(other).and_then(|(key, _)| key.span());
        Err(other_spelling(key.map(|key| key.start), other, name))
    })
}

/// Sets or removes a value in nested tables.
fn edit(root: &mut dyn TableLike, key: &[String], value: Option<&Scalar>) -> Result<(), At> {
    let Some((name, tables)) = key.split_last() else {
        return Ok(());
    };
    let mut table = root;
    for (place, name) in tables.iter().enumerate() {
        check_spelling(table, name)?;
        if value.is_none() && !table.contains_key(name) {
            return Ok(());
        }
        table = table
            .entry(name)
            .or_insert_with(toml_edit::table)
            .as_table_like_mut()
            .ok_or_else(|| no_table(&key[..=place]))?;
    }
    check_spelling(table, name)?;
    let Some(value) = value else {
        table.remove(name);
        return Ok(());
    };
    let mut new = Value::from(value);
    match table.get_mut(name) {
        Some(Item::Value(old)) => {
            // This keeps the surroundings, such as a comment at the end of the line.
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        Some(Item::None) | None => drop(table.insert(name, Item::Value(new))),
        Some(_) => {
            let name = quote(&key.join("."));
            return Err(At(None, format!("{name} is a table")));
        }
    }
    Ok(())
}
