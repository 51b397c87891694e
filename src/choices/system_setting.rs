// SPDX-License-Identifier: GPL-3.0-or-later

//! `[[policy]]` in reader files: what a policy sets for all users of a program, beside the program's
//! own setting.
//!
//! Each table is one value in a [place](crate::choices::places). A policy that locks a choice locks
//! the values whose place can; otherwise it presets them, if the place can.

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use toml::Spanned;

use crate::choices::catalogue::names::{KeyPath, List, is_file_name, read_text, wrong};
use crate::choices::catalogue::values::{FileValue, different};
use crate::choices::measure::Shared;
use crate::choices::place::{Place, Setting, Wanted};
use crate::choices::places::PLACES;
use crate::choices::store::PolicyKey;
use crate::formats::format::Scalar;
use crate::formats::mistake::{At, quote};

/// A value that a policy sets for all users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SystemSetting {
    place: PlaceName,
    /// The file, for places with several.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileInPlace>,
    /// The names of the tables or groups, and of the value. `None`: the place's file decides by its
    /// existence.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Spanned<KeyPath>>,
    /// The value with which the program may send something. `None`: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<Spanned<FileValue>>,
    /// The value with which it sends nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    off: Option<Spanned<FileValue>>,
}

/// What a policy sets for the users of a reader's program.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) measures: Vec<Shared>,
    pub(crate) keys: Vec<PolicyKey>,
}

impl SystemSetting {
    /// Checks that the fields fit each other.
    pub(crate) fn check(&self) -> Result<(), At> {
        let key = self.key();
        if let (Some(on), Some(off)) = (&self.on, &self.off) {
            different(("on", on.get_ref()), (off, off.get_ref()))?;
        }
        let values = || self.on.iter().chain(&self.off);
        let at_key = |message: String| match (&self.key, values().next()) {
            (Some(key), _) => wrong(key, message),
            (None, Some(value)) => wrong(value, message),
            (None, None) => At(None, message),
        };
        if values().next().is_none() {
            let message = "neither “on” nor “off”; expected one of them";
            return Err(at_key(message.to_owned()));
        }
        if !key.iter().all(|part| is_plain(part)) {
            let message =
                "a name of other characters; expected letters, digits, spaces and “._-/*”";
            return Err(at_key(message.to_owned()));
        }
        for value in values() {
            if matches!(&value.get_ref().0, Scalar::Text(text) if !is_plain(text)) {
                let message =
                    "a value of other characters; expected letters, digits, spaces and “._-/*”";
                return Err(wrong(value, message));
            }
            let setting = self.setting(&key, value.get_ref());
            let check = self.place.1.check(&setting);
            check.map_err(at_key)?;
        }
        Ok(())
    }

    fn key(&self) -> Vec<String> {
        let key = self.key.as_ref();
        key.map_or_else(Vec::new, |key| key.get_ref().parts())
    }

    fn setting<'a>(&'a self, key: &'a [String], value: &'a FileValue) -> Setting<'a> {
        Setting {
            file: self.file.as_ref().map(|file| file.0.as_str()),
            key,
            value: &value.0,
        }
    }

    fn value(&self, on: bool) -> Option<&FileValue> {
        let value = if on { &self.on } else { &self.off };
        value.as_ref().map(Spanned::get_ref)
    }
}

/// Whether a text has no character that means something else to one of the programs, some of which
/// read commands.
fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || " ._-/*".contains(c))
}

/// What the tables of a reader set for a decision. `counts`: the places to use.
pub(crate) fn settings(
    tables: &List<SystemSetting>,
    wanted: Wanted<'_>,
    counts: impl Fn(&dyn Place) -> bool,
) -> Settings {
    let mut settings = Settings::default();
    // Most readers have no tables, and no place does anything without one.
    if tables.is_empty() {
        return settings;
    }
    for (name, place) in PLACES.iter().filter(|(_, place)| counts(*place)) {
        let locked = wanted.locked && place.locks();
        if !locked && !place.presets() {
            continue;
        }
        let wanted = Wanted { locked, ..wanted };
        let tables = tables.iter().filter(|table| table.place.0 == *name);
        let values = tables.filter_map(|table| {
            let value = table.value(wanted.on)?;
            Some((table, table.key(), value))
        });
        let values: Vec<_> = values.collect();
        let values = values.iter();
        let values: Vec<_> = values
            .map(|(table, key, value)| table.setting(key, value))
            .collect();
        settings.measures.extend(place.measures(&values, wanted));
        settings.keys.extend(place.keys(&values, wanted));
    }
    settings
}

/// The name of a place.
#[derive(Clone, Copy, Debug)]
struct PlaceName(&'static str, &'static dyn Place);

impl PartialEq for PlaceName {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<'de> Deserialize<'de> for PlaceName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |text| {
            let found = PLACES.iter().find(|(name, _)| *name == text);
            let found = found.map(|(name, place)| Self(name, *place));
            found.ok_or_else(|| {
                let names: Vec<_> = PLACES.iter().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                format!("unknown place {}; expected one of: {names}", quote(text))
            })
        })
    }
}

impl Serialize for PlaceName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// The name of a file without folders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct FileInPlace(String);

impl<'de> Deserialize<'de> for FileInPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if is_file_name(&name) {
            Ok(Self(name))
        } else {
            let message = format!(
                "{}; expected a file's name, such as kdeglobals",
                quote(&name)
            );
            Err(de::Error::custom(message))
        }
    }
}
