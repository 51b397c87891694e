// SPDX-License-Identifier: GPL-3.0-or-later

//! What must be so for a listed name to send anything.
//!
//! A search provider may look online only with a plugin, or only once the person has allowed it
//! in the program. Without that, turning it off would take results away that never left the
//! computer, and calling it on would be a false alarm.

use std::path::Path;

use glib::Variant;

use crate::storage::Storage;

/// Something that can be looked up before a name in a list is taken for a program that sends.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// One of these files exists.
    Files(Vec<FilePattern>),
    /// The program's own setting has this value.
    Setting {
        /// The schema's name.
        schema: String,
        /// Where the schema's keys are in the storage.
        path: String,
        /// The key.
        key: String,
        /// The value with which the program sends.
        value: Variant,
    },
}

/// The absolute name of a file, in which `*`, `?` and `[…]` stand for parts of one folder's or
/// file's name, as in a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePattern(String);

impl FilePattern {
    /// Takes an absolute name that `glob` understands; not `**`, which may search a whole disk.
    pub fn new(pattern: &str) -> Option<Self> {
        let fits = pattern.starts_with('/') && !pattern.contains("**");
        (fits && glob::Pattern::new(pattern).is_ok()).then(|| Self(pattern.to_owned()))
    }

    /// Whether there is such a file, as far as is known: one that cannot be looked up may be there.
    pub fn exists(&self) -> bool {
        let plain = glob::Pattern::escape(&self.0) == self.0;
        if plain {
            return Path::new(&self.0).try_exists().unwrap_or(true);
        }
        // What is found is a file, or a folder that could not be looked into.
        glob::glob(&self.0).is_ok_and(|mut found| found.next().is_some())
    }
}

impl Condition {
    /// Whether it is so. What cannot be looked up is taken to be so: what is not known to be off
    /// is not called off. (A program in a sandbox keeps its settings where they are not seen.)
    pub(super) fn holds(&self, storage: &Storage) -> bool {
        match self {
            Self::Files(patterns) => patterns.iter().any(FilePattern::exists),
            Self::Setting {
                schema,
                path,
                key,
                value,
            } => storage
                .schema(schema, path)
                .ok()
                .flatten()
                .and_then(|schema| storage.read(&schema, path, key, value.type_()).ok())
                .is_none_or(|reading| reading.value == *value),
        }
    }
}
