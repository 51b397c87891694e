// SPDX-License-Identifier: GPL-3.0-or-later

//! The format of a reader file. `docs/readers.md` documents it for authors.
//!
//! This module has what all reader files have in common. Each store parses its own table, and
//! [`super::names`] checks the names of schemas, files and services. Every mistake has a place in
//! the file.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use toml::Spanned;
use toml::de::{DeTable, Deserializer, ValueDeserializer};

use crate::choices::catalogue::Entry;
use crate::choices::catalogue::names::{
    Effect, List, ProgramName, Proof, ReaderId, is_reader_id, wrong,
};
use crate::choices::choice::Choice;
use crate::choices::condition::{FilePattern, ObeyedIf};
use crate::choices::reader::Reader;
use crate::choices::store::Store;
use crate::choices::stores::{STORES, Written};
use crate::choices::system_setting::SystemSetting;
use crate::formats::mistake;
use crate::formats::mistake::{At, Mistake, quote};
use crate::formats::packed;
use crate::system::text::is_unprintable;

/// The fields of every reader file, beside the table of its store.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Head {
    name: ProgramName,
    program: Option<ProgramName>,
    choice: Spanned<String>,
    programs: Option<List<FilePattern>>,
    #[serde(default)]
    proof: Proof,
    #[serde(default)]
    effect: Effect,
    #[serde(default)]
    obeyed_if: List<ObeyedIf>,
    #[serde(default)]
    after: List<ReaderId>,
    #[serde(default)]
    policy: List<SystemSetting>,
}

/// The fields of [`Head`], for error messages.
const HEAD: [&str; 9] = [
    "name",
    "program",
    "choice",
    "programs",
    "proof",
    "effect",
    "obeyed-if",
    "after",
    "policy",
];

/// A store's table: its name, its offset in the file, and the store.
struct StoreTable {
    name: &'static str,
    place: usize,
    store: Arc<dyn Store>,
}

/// Parses a file's content. `name` is the file name in messages.
pub(crate) fn parse(path: &Path, name: &Path, bytes: &[u8]) -> Result<Entry, Mistake> {
    let text = mistake::text(name, bytes)?;
    understand(path, text).map_err(|at| at.in_file(name, text))
}

/// Reads a packed file. `None` if its content isn't valid for this version of the program.
pub(crate) fn unpack(path: &Path, packed: packed::Table<'_>) -> Option<Entry> {
    let mut tables = Vec::new();
    let mut head = Vec::new();
    for entry in packed {
        let (name, value) = entry.ok()?;
        match STORES.iter().find(|(store, _)| *store == name) {
            None => head.push(Ok((name, value))),
            Some((name, parse)) => tables.push(StoreTable {
                name,
                place: 0,
                store: parse(Written::Packed(value)).ok()?,
            }),
        }
    }
    let head = packed::Fields::new(head.into_iter());
    let head = Head::deserialize(MapAccessDeserializer::new(head)).ok()?;
    reader(path, head, tables).ok()
}

fn understand(path: &Path, text: &str) -> Result<Entry, At> {
    if text.trim().is_empty() {
        return Ok(Entry::Masks);
    }
    let mut document = DeTable::parse(text).map_err(|error| At::parser(&error))?;
    check_fields(document.get_ref())?;
    let tables = take_stores(document.get_mut())?;
    let head =
        Head::deserialize(Deserializer::from(document)).map_err(|error| At::parser(&error))?;
    reader(path, head, tables)
}

/// The reader of a file with these tables.
fn reader(path: &Path, head: Head, tables: Vec<StoreTable>) -> Result<Entry, At> {
    let id = path.file_stem().unwrap_or_default().to_string_lossy();
    if id == crate::app::PACKAGE {
        return Err(At(
            None,
            "this name is that of the panel's own keys; expected another".to_owned(),
        ));
    }
    if id.contains(is_unprintable) {
        return Err(At(
            None,
            "the file's name has a character that is not shown; expected another name".to_owned(),
        ));
    }
    let choice = Choice::find(head.choice.get_ref()).ok_or_else(|| {
        wrong(
            &head.choice,
            format!(
                "unknown choice {}; expected one of: {}",
                quote(head.choice.get_ref()),
                Choice::ids()
            ),
        )
    })?;
    let table = only_one(tables)?;
    if !head.policy.is_empty() && !is_reader_id(&id) {
        let message = "this file has “policy”; expected a name of letters, digits, -, . and _";
        return Err(At(None, message.to_owned()));
    }
    head.policy.iter().try_for_each(SystemSetting::check)?;
    let has_programs = head.programs.as_ref().is_some_and(|list| !list.is_empty());
    if table.store.needs_programs() && !has_programs {
        return Err(At(
            Some(table.place),
            format!(
                "no “programs” before [{}]; expected file names that show that the program is there",
                table.name
            ),
        ));
    }
    Ok(Entry::Gives(Box::new(Reader {
        id: id.into_owned(),
        name: head.name.to_string(),
        program: head.program.map(|program| program.to_string()),
        choice,
        file: Some(path.to_owned()),
        programs: head.programs,
        proof: head.proof,
        effect: head.effect,
        obeyed_if: head.obeyed_if,
        after: head.after,
        policy: head.policy,
        store: table.store,
    })))
}

/// Reports the first unknown field.
fn check_fields(document: &DeTable<'_>) -> Result<(), At> {
    let known: Vec<_> = HEAD
        .into_iter()
        .chain(STORES.iter().map(|(name, _)| *name))
        .collect();
    let mut fields: Vec<_> = document.keys().collect();
    fields.sort_by_key(|field| field.span().start);
    for field in fields {
        if !known.contains(&&**field.get_ref()) {
            let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            let message = format!(
                "unknown field `{}`, expected one of {}",
                field.get_ref(),
                known.join(", ")
            );
            return Err(At::of(Some(field.span()), &message));
        }
    }
    Ok(())
}

/// Takes the tables of stores out of a document and parses them.
fn take_stores(document: &mut DeTable<'_>) -> Result<Vec<StoreTable>, At> {
    let mut tables = Vec::new();
    for (name, parse) in STORES {
        if let Some((field, table)) = document.remove_entry(*name) {
            tables.push(StoreTable {
                name,
                place: field.span().start,
                store: parse(Written::Toml(ValueDeserializer::from(table)))?,
            });
        }
    }
    Ok(tables)
}

/// The only table of a store. Two tables, or none, are a mistake.
fn only_one(mut tables: Vec<StoreTable>) -> Result<StoreTable, At> {
    tables.sort_by_key(|table| table.place);
    if let [first, second, ..] = &tables[..] {
        return Err(At(
            Some(second.place),
            format!(
                "both [{}] and [{}]; expected one of them",
                first.name, second.name
            ),
        ));
    }
    tables.pop().ok_or_else(|| {
        let names: Vec<_> = STORES.iter().map(|(name, _)| format!("[{name}]")).collect();
        let (last, others) = names.split_last().unzip();
        At(
            None,
            format!(
                "expected a table {} or {}",
                others.unwrap_or_default().join(", "),
                last.map_or("", String::as_str)
            ),
        )
    })
}
