// SPDX-License-Identifier: GPL-3.0-or-later

//! A file of the administrator with the values of several programs or policies. A policy changes
//! its own values, and keeps the rest byte for byte.

use std::sync::Arc;

use crate::choices::catalogue::names::{AbsoluteFile, FormatName, KeyPart, NonEmpty};
use crate::choices::measure::Shared;
use crate::choices::measures::value::{Hold, ValueOfSystem};
use crate::choices::place::{Place, Setting, Wanted};

/// A shared file.
#[derive(Debug)]
pub(crate) struct SharedFile {
    file: &'static str,
    format: &'static str,
    /// The first names of every key.
    key: &'static [&'static str],
    hold: Hold,
    is_alone: bool,
}

impl SharedFile {
    /// The policies of Mozilla's programs, which no user can change.
    pub(crate) const fn mozilla(file: &'static str) -> Self {
        Self {
            file,
            format: "json",
            key: &["policies"],
            hold: Hold::Alone,
            is_alone: false,
        }
    }

    /// A JSON file whose values no user can change.
    pub(crate) const fn json(file: &'static str) -> Self {
        Self {
            file,
            format: "json",
            key: &[],
            hold: Hold::Alone,
            is_alone: true,
        }
    }

    /// A file of GTK's defaults.
    pub(crate) const fn gtk(file: &'static str) -> Self {
        Self {
            file,
            format: "gkeyfile",
            key: &["Settings"],
            hold: Hold::Preset,
            is_alone: false,
        }
    }

    fn measure(&self, setting: &Setting<'_>, on: bool) -> Result<ValueOfSystem, String> {
        Ok(ValueOfSystem {
            file: AbsoluteFile::try_from(self.file)?,
            format: FormatName::find(self.format).ok_or("an unknown format")?,
            key: NonEmpty::<KeyPart>::of(setting.key)?,
            value: setting.value.clone(),
            hold: self.hold,
            on,
            needs_file: false,
            is_unset: false,
        })
    }
}

impl Place for SharedFile {
    fn check(&self, setting: &Setting<'_>) -> Result<(), String> {
        let begins = setting.key.iter().take(self.key.len());
        if !begins.eq(self.key) || setting.key.len() <= self.key.len() {
            let expected = self.key.join(".");
            return Err(format!(
                "another key; expected one that begins with “{expected}”"
            ));
        }
        let measure = self.measure(setting, false)?;
        let check = measure.format.format().check(setting.key);
        check.map_err(|expected| format!("another key; expected {expected}"))
    }

    fn presets(&self) -> bool {
        self.hold == Hold::Preset
    }

    fn locks(&self) -> bool {
        self.hold != Hold::Preset
    }

    fn is_alone(&self) -> bool {
        self.is_alone
    }

    fn measures(&self, settings: &[Setting<'_>], wanted: Wanted<'_>) -> Vec<Shared> {
        let measures = settings.iter();
        let measures = measures.filter_map(|setting| self.measure(setting, wanted.on).ok());
        measures
            .map(|measure| Arc::new(measure) as Shared)
            .collect()
    }
}
