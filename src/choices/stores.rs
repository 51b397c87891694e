// SPDX-License-Identifier: GPL-3.0-or-later

//! Every kind of store.

pub(crate) mod dbus;
pub(crate) mod dbus_call;
pub(crate) mod dbus_entry;
pub(crate) mod environment;
pub(crate) mod file;
pub(crate) mod gsettings;
pub(crate) mod gsettings_list;
pub(crate) mod system_file;

use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::de::ValueDeserializer;

use crate::choices::store::Store;
use crate::formats::mistake::At;
use crate::formats::packed;

// To add a store, add a file to `stores/` with a struct that is its table in reader files and
// implements `Store`; a line here, and its `mod` above; and an example in `tests/reader_files.rs`,
// which a test requires. Document the table in `docs/readers.md`.

/// The stores by the names of their tables in reader files.
pub const STORES: &[(&str, Parse)] = &[
    ("gsettings", parse::<gsettings::Gsettings>),
    ("gsettings-list", parse::<gsettings_list::GsettingsList>),
    ("dbus", parse::<dbus::Dbus>),
    ("dbus-entry", parse::<dbus_entry::DbusEntry>),
    ("dbus-call", parse::<dbus_call::DbusCall>),
    ("file", parse::<file::ValueInFile>),
    ("environment", parse::<environment::InEnvironment>),
    ("system-file", parse::<system_file::SystemFile>),
];

/// A table of a reader file.
#[allow(private_interfaces, missing_debug_implementations)]
pub enum Written<'a> {
    /// As the author wrote it.
    Toml(ValueDeserializer<'a>),
    /// From the index. Errors have no place. The file is then parsed instead.
    Packed(packed::Value<'a>),
}

/// Parses a table of a reader file.
pub type Parse = fn(Written<'_>) -> Result<Arc<dyn Store>, At>;

fn parse<S: Store + DeserializeOwned + 'static>(table: Written<'_>) -> Result<Arc<dyn Store>, At> {
    let store = match table {
        Written::Toml(table) => S::deserialize(table).map_err(|error| At::parser(&error)),
        Written::Packed(table) => {
            S::deserialize(table).map_err(|error| At(None, error.to_string()))
        }
    }?;
    store.check()?;
    Ok(Arc::new(store))
}
