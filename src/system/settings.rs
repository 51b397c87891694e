// SPDX-License-Identifier: GPL-3.0-or-later

//! GSettings as it is stored at this moment, and who stored it.
//!
//! `GSettings` itself answers "what is the value", from a view that may be ahead of the storage
//! (a write that is still under way) or behind it (a service that died between saving and
//! telling). Two questions remain, and the panel's promises stand on them:
//!
//! - What would a program read that starts now? [`Storage::fresh`] opens the storage anew.
//! - Who decided? [`gio::Settings::user_value`] tells a person's value from the rest, but
//!   `default_value` does not tell an administrator's value from the schema's when they are
//!   equal. The backend's own functions do, and those are called here.
//!

pub(crate) mod backend;

use std::sync::atomic::{AtomicBool, Ordering};

use gio::prelude::*;
use gio::{SettingsSchema, SettingsSchemaKey, SettingsSchemaSource};
use glib::{Variant, VariantTy};

use backend::Layers;

/// Who decided the value that is now in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The schema, or a vendor's override of it.
    Default,
    /// A value in a system database, with or without a lock.
    Administrator,
    /// The person.
    You,
}

impl Origin {
    /// The word in JSON and on the command line; it is never translated.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Administrator => "administrator",
            Self::You => "you",
        }
    }
}

/// Why a key that a reader file names cannot be used on this computer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// The schema is installed but has no such key: another version of the program.
    #[error("the schema “{schema}” has no key “{key}”")]
    NoKey {
        /// The schema's name.
        schema: String,
        /// The key that was looked for.
        key: String,
    },
    /// The key exists, with values of another type.
    #[error("the key “{key}” of “{schema}” has the type “{found}”; “{expected}” was expected")]
    WrongType {
        /// The schema's name.
        schema: String,
        /// The key's name.
        key: String,
        /// The GVariant type that the schema gives the key.
        found: String,
        /// The GVariant type that the reader file's values have.
        expected: String,
    },
    /// The schema is kept in another place than the reader file says.
    #[error("the schema “{schema}” is stored at “{found}”, not at “{expected}”")]
    WrongPath {
        /// The schema's name.
        schema: String,
        /// The path in the schema.
        found: String,
        /// The path in the reader file.
        expected: String,
    },
    /// The schema does not allow the value.
    #[error("the key “{key}” of “{schema}” does not allow the value {value}")]
    OutOfRange {
        /// The schema's name.
        schema: String,
        /// The key's name.
        key: String,
        /// The value, as GVariant text.
        value: String,
    },
    /// The panel's own schema is not installed.
    #[error("the schema “{0}” of the panel itself is not installed")]
    OwnSchemaMissing(&'static str),
}

/// What a key holds, and since when that is so.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What a program that starts now reads.
    pub value: Variant,
    /// Who decided that.
    pub origin: Origin,
    /// Whether the administrator took the decision out of the person's hands.
    pub locked: bool,
    /// Whether the person's own layer holds a value, in force or not.
    pub user_value: bool,
    /// What the value would be without the person's own layer.
    pub below: Variant,
    /// Who decided `below`: [`Origin::Default`] or [`Origin::Administrator`].
    pub below_origin: Origin,
}

/// Whether the process has looked into the storage before.
static OPENED: AtomicBool = AtomicBool::new(false);

/// The settings storage, as it is now.
#[derive(Debug)]
pub struct Storage {
    backend: gio::SettingsBackend,
    schemas: Option<SettingsSchemaSource>,
}

impl Storage {
    /// Opens the storage as a program would that starts now.
    ///
    /// Without dconf, GSettings keeps values in memory only: there is nothing to open anew then,
    /// and [`Self::is_memory_only`] says so.
    pub fn fresh() -> Self {
        let shared = gio::SettingsBackend::default();
        // The process's own view is as fresh as any the first time, and saves a short program
        // half of the work.
        let first = !OPENED.swap(true, Ordering::Relaxed);
        let backend = if first || !Self::is_dconf() {
            shared
        } else {
            // Each instance maps the database and reads the profile for itself.
            glib::Object::with_type(shared.type_())
                .downcast()
                .unwrap_or(shared)
        };
        Self {
            backend,
            schemas: SettingsSchemaSource::default(),
        }
    }

    /// Whether what is set is forgotten as soon as the program ends.
    pub fn is_memory_only() -> bool {
        matches!(
            gio::SettingsBackend::default().type_().name(),
            "GMemorySettingsBackend" | "GNullSettingsBackend"
        )
    }

    /// Whether values are kept by dconf, as on nearly every desktop.
    pub fn is_dconf() -> bool {
        gio::SettingsBackend::default().type_().name() == "DConfSettingsBackend"
    }

    /// A schema, when it is installed. A schema without a path of its own takes `path`.
    ///
    /// Looking up first is what keeps the process alive: GSettings ends it when a schema or
    /// a key is missing, or when a path contradicts the schema's.
    pub fn schema(&self, id: &str, path: &str) -> Result<Option<SettingsSchema>, KeyProblem> {
        let Some(schema) = self
            .schemas
            .as_ref()
            .and_then(|schemas| schemas.lookup(id, true))
        else {
            return if id == crate::app::APP_ID {
                Err(KeyProblem::OwnSchemaMissing(crate::app::APP_ID))
            } else {
                Ok(None)
            };
        };
        match schema.path() {
            Some(found) if found != path => Err(KeyProblem::WrongPath {
                schema: id.to_owned(),
                found: found.into(),
                expected: path.to_owned(),
            }),
            _ => Ok(Some(schema)),
        }
    }

    /// A schema that is installed and has a path of its own, and the path.
    pub fn schema_with_path(&self, id: &str) -> Option<(SettingsSchema, String)> {
        let schema = self.schemas.as_ref()?.lookup(id, true)?;
        let path = schema.path()?.into();
        Some((schema, path))
    }

    /// Reads a key of an installed schema.
    pub fn read(
        &self,
        schema: &SettingsSchema,
        path: &str,
        key: &str,
        expected: &VariantTy,
    ) -> Result<Reading, KeyProblem> {
        let key_schema = self.key(schema, key, expected)?;
        let name = format!("{path}{key}");
        let default = key_schema.default_value();
        // A value of another type or out of range counts as not set, as it does for GSettings.
        let valid = |value: &Variant| key_schema.range_check(value);

        let in_force = backend::read(&self.backend, &name, expected, Layers::All);
        let administrator =
            backend::read(&self.backend, &name, expected, Layers::BelowUser).filter(valid);
        let user_value = backend::read(&self.backend, &name, expected, Layers::User).is_some();
        let locked = !backend::is_writable(&self.backend, &name);

        let (below, below_origin) = match administrator {
            Some(value) => (value, Origin::Administrator),
            None => (default.clone(), Origin::Default),
        };
        let (value, origin) = match in_force {
            Some(value) if !valid(&value) => match self.fixed_up(schema, path, key) {
                // Another name for a value that the schema allows.
                alias if alias != default && user_value && !locked => (alias, Origin::You),
                alias if alias != default => (alias, Origin::Administrator),
                default => (default, Origin::Default),
            },
            Some(value) if user_value && !locked => (value, Origin::You),
            Some(value) => (value, below_origin),
            None => (default, Origin::Default),
        };
        Ok(Reading {
            value,
            origin,
            locked,
            user_value,
            below,
            below_origin,
        })
    }

    /// What the system databases say of a key, by its whole path, whether a schema describes it
    /// or not.
    pub fn administrators(&self, key: &str) -> Option<Variant> {
        backend::read(&self.backend, key, VariantTy::ANY, Layers::BelowUser)
    }

    /// Whether an administrator locked a key, by its whole path.
    pub fn is_locked(&self, key: &str) -> bool {
        !backend::is_writable(&self.backend, key)
    }

    /// Looks a key up and makes sure that it is of the expected type.
    pub fn key(
        &self,
        schema: &SettingsSchema,
        key: &str,
        expected: &VariantTy,
    ) -> Result<SettingsSchemaKey, KeyProblem> {
        if !schema.has_key(key) {
            return Err(KeyProblem::NoKey {
                schema: schema.id().into(),
                key: key.to_owned(),
            });
        }
        let found = schema.key(key);
        let found_type = found.value_type();
        if found_type != expected {
            return Err(KeyProblem::WrongType {
                schema: schema.id().into(),
                key: key.to_owned(),
                found: found_type.as_str().to_owned(),
                expected: expected.as_str().to_owned(),
            });
        }
        Ok(found)
    }

    /// What GSettings makes of a stored value that the schema does not allow: a string may be
    /// an alias, everything else becomes the default. Rare, so it may cost a whole object.
    fn fixed_up(&self, schema: &SettingsSchema, path: &str, key: &str) -> Variant {
        gio::Settings::new_full(schema, Some(&self.backend), Some(path)).value(key)
    }
}
