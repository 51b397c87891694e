// SPDX-License-Identifier: GPL-3.0-or-later

//! GSettings as currently stored, and who stored it.
//!
//! A `GSettings` object's view may be ahead of the storage, while a write is under way, or behind it,
//! if dconf-service died between saving and signalling. So two questions remain:
//!
//! - What would a newly started program read? [`Storage::fresh`] opens the storage again.
//! - Who decided? `g_settings_get_user_value()` tells the user's value from the rest, but
//!   `g_settings_get_default_value()` doesn't tell an administrator's value from the schema's if they
//!   are equal. The backend's own functions do, and this module calls them.

pub(crate) mod backend;
pub mod fault;
pub mod overrides;

use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, Ordering};

use gio::prelude::*;
use gio::{SettingsSchema, SettingsSchemaKey, SettingsSchemaSource};
use glib::{Variant, VariantTy};

use backend::Layers;

use crate::system::dconf::target;

/// Who decided the value in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The schema, or a vendor's override.
    Default,
    /// A value in a system database, with or without a lock.
    Administrator,
    /// The user.
    You,
}

impl Origin {
    /// The value in JSON and on the command line. Never translated.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Administrator => "administrator",
            Self::You => "you",
        }
    }
}

/// Why a key from a reader file can't be used on this computer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// The installed schema has no such key: it comes from another version of the program.
    #[error("the schema “{schema}” has no key “{key}”")]
    NoKey {
        /// The schema's name.
        schema: String,
        /// The missing key.
        key: String,
    },
    /// The key has another type.
    #[error("the key “{key}” of “{schema}” has the type “{found}”; “{expected}” was expected")]
    WrongType {
        /// The schema's name.
        schema: String,
        /// The key's name.
        key: String,
        /// The key's GVariant type in the schema.
        found: String,
        /// The GVariant type of the reader file's values.
        expected: String,
    },
    /// The schema has another path than the reader file.
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

/// A key's value, and who decided it.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The value that a newly started program reads.
    pub value: Variant,
    /// Who decided it.
    pub origin: Origin,
    /// Whether the administrator locked it.
    pub locked: bool,
    /// Whether the user's own layer has a value, in force or not.
    pub user_value: bool,
    /// The value without the user's own layer.
    pub below: Variant,
    /// Who decided `below`: [`Origin::Default`] or [`Origin::Administrator`].
    pub below_origin: Origin,
}

/// Whether the process has opened the storage before.
static OPENED: AtomicBool = AtomicBool::new(false);

/// The settings storage as it is now.
#[derive(Debug)]
pub struct Storage {
    backend: gio::SettingsBackend,
    schemas: Option<SettingsSchemaSource>,
    /// Whether dconf's profile can't be used: then no key is writable, and none is locked.
    without_profile: OnceCell<bool>,
}

impl Storage {
    /// Opens the storage as a newly started program would.
    ///
    /// Without dconf, GSettings keeps values in memory only. Then there is nothing to reopen, and
    /// [`Self::is_memory_only`] is true.
    pub fn fresh() -> Self {
        let shared = gio::SettingsBackend::default();
        // The process's first view is fresh, and using it saves short programs half of the work.
        let first = !OPENED.swap(true, Ordering::Relaxed);
        let backend = if first || !Self::is_dconf() {
            shared
        } else {
            // Each instance maps the database and reads the profile itself.
            glib::Object::with_type(shared.type_())
                .downcast()
                .unwrap_or(shared)
        };
        Self {
            backend,
            schemas: SettingsSchemaSource::default(),
            without_profile: OnceCell::new(),
        }
    }

    /// Whether settings are lost when the program ends.
    pub fn is_memory_only() -> bool {
        matches!(
            gio::SettingsBackend::default().type_().name(),
            "GMemorySettingsBackend" | "GNullSettingsBackend"
        )
    }

    /// Whether dconf stores the values, as on most desktops.
    pub fn is_dconf() -> bool {
        gio::SettingsBackend::default().type_().name() == "DConfSettingsBackend"
    }

    /// An installed schema. A schema without its own path gets `path`.
    ///
    /// Looking it up first keeps the process alive: GSettings aborts if a schema or a key is
    /// missing, or if a path contradicts the schema's.
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

    /// An installed schema with its own path, and the path.
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
        // As in GSettings, a value of another type or out of range counts as unset.
        let valid = |value: &Variant| key_schema.range_check(value);

        let in_force = backend::read(&self.backend, &name, expected, Layers::All);
        let administrator =
            backend::read(&self.backend, &name, expected, Layers::BelowUser).filter(valid);
        let user_value = backend::read(&self.backend, &name, expected, Layers::User).is_some();
        let locked = self.is_locked(&name);

        let (below, below_origin) = match administrator {
            Some(value) => (value, Origin::Administrator),
            None => (default.clone(), Origin::Default),
        };
        let (value, origin) = match in_force {
            Some(value) if !valid(&value) => match self.fixed_up(schema, path, key) {
                // An alias of a valid value.
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

    /// The value of a key, given by its full path, in the system databases. No schema is needed.
    pub fn administrators(&self, key: &str) -> Option<Variant> {
        backend::read(&self.backend, key, VariantTy::ANY, Layers::BelowUser)
    }

    /// The value in force of a key, given by its full path. No schema is needed.
    pub fn in_force(&self, key: &str) -> Option<Variant> {
        backend::read(&self.backend, key, VariantTy::ANY, Layers::All)
    }

    /// Whether no database has a value for a key, given by its full path, so that its default
    /// applies.
    pub fn is_unset(&self, key: &str) -> bool {
        self.in_force(key).is_none()
    }

    /// Whether the administrator locked a key, given by its full path.
    pub fn is_locked(&self, key: &str) -> bool {
        !backend::is_writable(&self.backend, key)
            && !*self
                .without_profile
                .get_or_init(|| Self::is_dconf() && target::target().is_err())
    }

    /// Looks up a key and checks its type.
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

    /// What GSettings makes of a stored value that the schema doesn't allow: a string may be an
    /// alias, and any other value becomes the default. This is rare, so creating an object is
    /// acceptable.
    fn fixed_up(&self, schema: &SettingsSchema, path: &str, key: &str) -> Variant {
        gio::Settings::new_full(schema, Some(&self.backend), Some(path)).value(key)
    }
}
