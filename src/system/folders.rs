// SPDX-License-Identifier: GPL-3.0-or-later

//! Where files are looked for.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::app::PACKAGE;
use crate::system::home;
use crate::system::limits;
use crate::system::tree::{Tree, unless_missing};

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
/// A person's own folder is last and may be missing: there is none without a home. To root, no
/// layer counts in which another user can write: such a file says what is written where.
pub fn readers() -> Vec<PathBuf> {
    let mut layers: Vec<_> = data()
        .iter()
        .rev()
        .map(|folder| readers_below(&folder.join(PACKAGE)))
        .collect();
    layers.push(readers_below(Path::new(SYSTEM_CONFIG)));
    layers.extend(dirs::config_dir().map(|folder| readers_below(&folder.join(PACKAGE))));
    layers.retain(|layer| home::is_trusted(layer));
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
/// not, or all that exist where there is a `*` in its last part.
///
/// # Errors
///
/// The folder whose files are not known, and why: it cannot be read, or it has more of them than
/// [`limits::CONFIGURATION_FILES`].
pub(crate) fn configuration(name: &str) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let Some(folder) = dirs::config_dir() else {
        return Ok(Vec::new());
    };
    let (below, last) = name.rsplit_once('/').unwrap_or(("", name));
    let folder = folder.join(below);
    let Some(pattern) = glob::Pattern::new(last).ok().filter(|_| last.contains('*')) else {
        return Ok(vec![folder.join(last)]);
    };
    matching(&folder, &pattern).map_err(|error| (folder, error))
}

/// The files in a folder whose names match, in their order; none where there is no folder.
fn matching(folder: &Path, pattern: &glob::Pattern) -> io::Result<Vec<PathBuf>> {
    let Some(files) = unless_missing(folder.read_dir())? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for file in files {
        let name = file?.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        if !hidden && name.to_str().is_some_and(|name| pattern.matches(name)) {
            found.push(folder.join(name));
        }
        if found.len() > limits::CONFIGURATION_FILES {
            return Err(io::Error::other("too many files"));
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_cannot_be_read_is_no_empty_one() {
        let pattern = glob::Pattern::new("*.toml").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.toml");
        std::fs::write(&file, "").unwrap();
        std::fs::write(folder.path().join(".a.toml"), "").unwrap();
        assert_eq!(matching(folder.path(), &pattern).unwrap(), [&*file]);
        let missing = folder.path().join("missing");
        assert!(matching(&missing, &pattern).unwrap().is_empty());
        assert!(matching(&file, &pattern).is_err());
    }
}
