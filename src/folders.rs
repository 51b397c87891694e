// SPDX-License-Identifier: GPL-3.0-or-later

//! Where files are looked for.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::PACKAGE;

/// Where the administrator's files are.
const SYSTEM_CONFIG: &str = "/etc/privacy-panel";

/// The system's data folders, the most important first: `XDG_DATA_DIRS`, or its default.
///
/// The person's own data folder is not among them: GNOME Shell does not look there either, and
/// a person's reader files are configuration.
pub fn data() -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let mut folders = glib::system_data_dirs();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

/// The layers of reader files, the least important first.
///
/// A person's own folder is last and may be missing: there is none without a home.
pub fn readers() -> Vec<PathBuf> {
    let below = |folder: &Path| folder.join("readers.d");
    let mut layers: Vec<_> = data()
        .iter()
        .rev()
        .map(|folder| below(&folder.join(PACKAGE)))
        .collect();
    layers.push(below(Path::new(SYSTEM_CONFIG)));
    layers.extend(dirs::config_dir().map(|folder| below(&folder.join(PACKAGE))));
    layers
}
