// SPDX-License-Identifier: GPL-3.0-or-later

//! KDE's files in `/etc/xdg`: a value there is a default, and with `[$i]` no user can change it.
//!
//! Only single values are locked, never a group or a file: with a locked file, KDE ignores the user's
//! file as a whole (kconfig, tried with 5.103).

use std::sync::Arc;

use crate::choices::catalogue::names::{AbsoluteFile, FormatName, KeyPart, NonEmpty};
use crate::choices::measure::Shared;
use crate::choices::measures::value::{Hold, ValueOfSystem};
use crate::choices::place::{Place, Setting, Wanted};

const FOLDER: &str = "/etc/xdg";
const FORMAT: &str = "kconfig";

/// KDE's files.
#[derive(Debug)]
pub(crate) struct Xdg;

impl Place for Xdg {
    fn check(&self, setting: &Setting<'_>) -> Result<(), String> {
        let expected = "no file; expected “file”, the name of a file in /etc/xdg";
        let file = setting.file.ok_or(expected)?;
        if file.contains('/') {
            return Err(expected.to_owned());
        }
        let format = FormatName::find(FORMAT).map(FormatName::format);
        match format.map(|format| format.check(setting.key)) {
            Some(Ok(())) => measure(setting, false, Hold::Lock).map(|_| ()),
            Some(Err(expected)) => Err(format!("another key; expected {expected}")),
            None => Err(expected.to_owned()),
        }
    }

    fn presets(&self) -> bool {
        true
    }

    fn locks(&self) -> bool {
        true
    }

    fn measures(&self, settings: &[Setting<'_>], wanted: Wanted<'_>) -> Vec<Shared> {
        let hold = if wanted.locked {
            Hold::Lock
        } else {
            Hold::Preset
        };
        let measures = settings.iter();
        let measures = measures.filter_map(|setting| measure(setting, wanted.on, hold).ok());
        measures
            .map(|measure| Arc::new(measure) as Shared)
            .collect()
    }
}

fn measure(setting: &Setting<'_>, on: bool, hold: Hold) -> Result<ValueOfSystem, String> {
    let name = format!("{FOLDER}/{}", setting.file.unwrap_or_default());
    Ok(ValueOfSystem {
        file: AbsoluteFile::try_from(name.as_str())?,
        format: FormatName::find(FORMAT).unwrap_or_default(),
        key: NonEmpty::<KeyPart>::of(setting.key)?,
        value: setting.value.clone(),
        hold,
        on,
        needs_file: false,
        is_unset: false,
    })
}
