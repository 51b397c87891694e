// SPDX-License-Identifier: GPL-3.0-or-later

//! Where files are looked for.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::tree::Tree;
use crate::{PACKAGE, limits};

/// Where the administrator's files are.
pub const SYSTEM_CONFIG: &str = "/etc/privacy-panel";

/// The data folders of a whole computer, the most important first: the default of `XDG_DATA_DIRS`.
const SYSTEM_DATA: [&str; 2] = ["/usr/local/share", "/usr/share"];

/// The system's data folders, the most important first: `XDG_DATA_DIRS`, or its default.
///
/// The person's own data folder is not among them: GNOME Shell does not look there either, and
/// a person's reader files are configuration.
pub fn data() -> Vec<PathBuf> {
    let mut folders = different_data();
    folders.truncate(limits::DATA_FOLDERS);
    folders
}

/// Whether `XDG_DATA_DIRS` names more folders than are looked through.
pub fn are_too_many() -> bool {
    different_data().len() > limits::DATA_FOLDERS
}

fn different_data() -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let mut folders = glib::system_data_dirs();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

/// The layers of reader files, the least important first.
///
/// A person's own folder is last and may be missing: there is none without a home.
pub fn readers() -> Vec<PathBuf> {
    let mut layers: Vec<_> = data()
        .iter()
        .rev()
        .map(|folder| readers_below(&folder.join(PACKAGE)))
        .collect();
    layers.push(readers_below(Path::new(SYSTEM_CONFIG)));
    layers.extend(dirs::config_dir().map(|folder| readers_below(&folder.join(PACKAGE))));
    layers
}

/// The layers of reader files that concern a whole computer, the least important first. Neither
/// a person's folders nor what the environment says have a part in it.
pub fn system_readers(tree: &Tree) -> Vec<PathBuf> {
    let mut layers: Vec<_> = system_data(tree)
        .iter()
        .rev()
        .map(|folder| readers_below(&folder.join(PACKAGE)))
        .collect();
    layers.push(readers_below(Path::new(SYSTEM_CONFIG)));
    layers
}

/// The data folders of a whole computer, the most important first. One that runs this program
/// from a folder of its own has its data there, too.
pub fn system_data(tree: &Tree) -> Vec<PathBuf> {
    let mut folders: Vec<_> = SYSTEM_DATA.iter().map(PathBuf::from).collect();
    if !tree.is_image() {
        if let Some(own) = own_data().filter(|own| !folders.contains(own)) {
            folders.insert(0, own);
        }
    }
    folders
}

/// The data folder beside the running program: `/usr/share` for `/usr/bin/privacyctl`.
fn own_data() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    Some(program.parent()?.parent()?.join("share"))
}

fn readers_below(folder: &Path) -> PathBuf {
    folder.join("readers.d")
}

/// The files of that name below the person's configuration folder: itself, whether it exists or
/// not, or all that exist where there is a `*` in its last part. An error is the folder that has more
/// of them than [`limits::CONFIGURATION_FILES`].
pub(crate) fn configuration(name: &str) -> Result<Vec<PathBuf>, PathBuf> {
    let Some(folder) = dirs::config_dir() else {
        return Ok(Vec::new());
    };
    let (below, last) = name.rsplit_once('/').unwrap_or(("", name));
    let folder = folder.join(below);
    let Some(pattern) = glob::Pattern::new(last).ok().filter(|_| last.contains('*')) else {
        return Ok(vec![folder.join(last)]);
    };
    let mut found: Vec<_> = folder
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .filter(|file| {
            let name = file.file_name();
            let hidden = name.as_encoded_bytes().starts_with(b".");
            !hidden && name.to_str().is_some_and(|name| pattern.matches(name))
        })
        .map(|file| file.path())
        .take(limits::CONFIGURATION_FILES + 1)
        .collect();
    if found.len() > limits::CONFIGURATION_FILES {
        return Err(folder);
    }
    found.sort_unstable();
    Ok(found)
}
