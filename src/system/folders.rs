// SPDX-License-Identifier: GPL-3.0-or-later

//! The places of files.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::app::PACKAGE;
use crate::system::home;
use crate::system::limits;
use crate::system::tree::{Tree, unless_missing};

/// The folder of the administrator's files.
pub const SYSTEM_CONFIG: &str = "/etc/privacy-panel";

/// The system's data folders, the most important first: the default of `XDG_DATA_DIRS`.
const SYSTEM_DATA: [&str; 2] = ["/usr/local/share", "/usr/share"];

/// The system's data folders, the most important first: `XDG_DATA_DIRS`, or its default.
///
/// The user's own data folder isn't among them: GNOME Shell ignores it as well, and a user's reader
/// files are configuration.
pub fn data() -> Vec<PathBuf> {
    let mut folders = different_data();
    folders.truncate(limits::DATA_FOLDERS);
    folders
}

/// Whether `XDG_DATA_DIRS` names more folders than the limit.
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
/// The user's own folder comes last. It is missing without a home. For root, layers in which other
/// users can write don't count: reader files decide what is written where.
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

/// The layers of reader files for the whole computer, the least important first. Ignores the user's
/// folders and the environment.
pub fn system_readers(tree: &Tree) -> Vec<PathBuf> {
    let mut layers: Vec<_> = system_data(tree)
        .iter()
        .rev()
        .map(|folder| readers_below(&folder.join(PACKAGE)))
        .collect();
    layers.push(readers_below(Path::new(SYSTEM_CONFIG)));
    layers
}

/// The data folders of the whole computer, the most important first. Includes the data folder of a
/// program that runs from its own prefix.
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

/// The layers of reader files that decide what root changes on behalf of users, the least important
/// first. Neither the environment nor the place of the program matters.
pub(crate) fn trusted_readers() -> [PathBuf; 2] {
    let data = option_env!("PRIVACY_PANEL_DATADIR").unwrap_or("/usr/share");
    [Path::new(data).join(PACKAGE), PathBuf::from(SYSTEM_CONFIG)].map(|below| readers_below(&below))
}

/// The folder with the programs that only other programs of the package start.
pub(crate) fn own_programs() -> &'static Path {
    Path::new(option_env!("PRIVACY_PANEL_LIBEXECDIR").unwrap_or("/usr/libexec"))
}

fn readers_below(folder: &Path) -> PathBuf {
    folder.join("readers.d")
}

/// The folders of the system's configuration, the most important first: `XDG_CONFIG_DIRS`, or its
/// default; XDG Base Directory Specification. Relative names don't count.
pub(crate) fn config_dirs() -> Vec<PathBuf> {
    let mut folders = glib::system_config_dirs();
    folders.retain(|folder| folder.is_absolute());
    folders.truncate(limits::DATA_FOLDERS);
    folders
}

/// A user's folder by the XDG Base Directory Specification, or the home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UserFolder {
    /// `XDG_CONFIG_HOME`.
    Config,
    /// `XDG_DATA_HOME`.
    Data,
    /// `XDG_STATE_HOME`.
    State,
    /// The home, in which `.config`, `.local/share` and `.local/state` stand for the others.
    Home,
}

/// The folders below the home that stand for others.
const BELOW_HOME: [(&str, UserFolder); 3] = [
    (".config", UserFolder::Config),
    (".local/share", UserFolder::Data),
    (".local/state", UserFolder::State),
];

/// How a program is installed: it decides where the program sees the user's folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packaging<'a> {
    /// By a package of the system, or by hand.
    Native,
    /// As this app of Flatpak.
    Flatpak(&'a str),
    /// As this snap.
    Snap(&'a str),
}

impl Packaging<'_> {
    /// The folders that the program uses in place of a user's folder, each with the name below it.
    /// In a sandbox, only existing ones count: the program creates them when it starts. The name itself
    /// may be in a sandbox's folder.
    pub(crate) fn folders(self, folder: UserFolder, name: &str) -> Vec<(PathBuf, String)> {
        let (folder, name) = stands_for(folder, name);
        if is_in_sandbox(folder, name) {
            let sandbox = sandbox_of(&native(folder).join(name));
            if self != Self::Native || !sandbox.is_some_and(|sandbox| sandbox.is_dir()) {
                return Vec::new();
            }
        }
        let found = match self {
            Self::Native => return vec![(native(folder), name.to_owned())],
            // Flatpak's documentation, “Sandbox Permissions”: XDG base directories; `--persist`.
            Self::Flatpak(id) => {
                let home = glib::home_dir().join(".var/app").join(id);
                vec![match folder {
                    UserFolder::Config => home.join("config"),
                    UserFolder::Data => home.join("data"),
                    UserFolder::State => home.join(".local/state"),
                    UserFolder::Home => home,
                }]
            }
            // Snap's documentation, “Data locations”. Some snaps have their home in `common`.
            Self::Snap(name) => {
                let snap = glib::home_dir().join("snap").join(name);
                let homes = ["current", "common"].map(|home| snap.join(home));
                let below = BELOW_HOME.iter().find(|(_, other)| *other == folder);
                homes
                    .into_iter()
                    .map(|home| below.map_or(home.clone(), |(below, _)| home.join(below)))
                    .collect()
            }
        };
        found
            .into_iter()
            .filter(|folder| folder.is_dir())
            .map(|folder| (folder, name.to_owned()))
            .collect()
    }

    /// Whether the program is installed in this way. False for [`Self::Native`], which only the
    /// program's own files show.
    pub(crate) fn is_installed(self) -> bool {
        match self {
            Self::Native => false,
            // Flatpak's documentation, “Under the Hood”: installations for all users, and for one.
            Self::Flatpak(id) => ["/var/lib".into(), glib::user_data_dir()]
                .iter()
                .any(|data: &PathBuf| data.join("flatpak/app").join(id).exists()),
            Self::Snap(name) => ["/snap", "/var/lib/snapd/snap"]
                .iter()
                .any(|snaps| Path::new(snaps).join(name).exists()),
        }
    }
}

/// The folders of the home with a folder for each sandboxed app; see [`Packaging::folders`].
const SANDBOXES: [&str; 3] = [".var/app/", "snap/", ".snap/data/"];

/// Whether a name below a user's folder is in the folder of a sandboxed app.
pub(crate) fn is_in_sandbox(folder: UserFolder, name: &str) -> bool {
    folder == UserFolder::Home && SANDBOXES.iter().any(|all| name.starts_with(all))
}

/// The folder of the sandboxed app that has a file.
pub(crate) fn sandbox_of(file: &Path) -> Option<PathBuf> {
    SANDBOXES.iter().find_map(|all| {
        let all = glib::home_dir().join(all);
        let app = file.strip_prefix(&all).ok()?.components().next()?;
        Some(all.join(app))
    })
}

fn native(folder: UserFolder) -> PathBuf {
    match folder {
        UserFolder::Config => glib::user_config_dir(),
        UserFolder::Data => glib::user_data_dir(),
        UserFolder::State => glib::user_state_dir(),
        UserFolder::Home => glib::home_dir(),
    }
}

/// The user's folder that the beginning of a name means, and the rest of the name.
pub(crate) fn stands_for(folder: UserFolder, name: &str) -> (UserFolder, &str) {
    if folder != UserFolder::Home {
        return (folder, name);
    }
    let mut below = BELOW_HOME.iter();
    let found = below.find_map(|(below, folder)| {
        let rest = name.strip_prefix(below)?.strip_prefix('/')?;
        Some((*folder, rest))
    });
    found.unwrap_or((folder, name))
}

/// Turns a name below a user's folder into one below the home, with the default folders.
pub(crate) fn below_home(folder: UserFolder, name: &str) -> String {
    let mut below = BELOW_HOME.iter();
    match below.find(|(_, other)| *other == folder) {
        Some((below, _)) => format!("{below}/{name}"),
        None => name.to_owned(),
    }
}

/// The files that match a name below a folder: with a `*` in the last part or for a folder, the
/// existing ones; otherwise the named one, whether it exists or not.
///
/// # Errors
///
/// The folder that can't be read, or that has more files than [`limits::CONFIGURATION_FILES`], and
/// why.
pub(crate) fn files_below(folder: &Path, name: &str) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    if let Some((above, below)) = name.split_once("*/") {
        let folder = folder.join(above);
        let any = glob::Pattern::new("*").unwrap_or_default();
        let folders = matching(&folder, &any).map_err(|error| (folder, error))?;
        let mut found = Vec::new();
        for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
            found.extend(files_below(&folder, below)?);
        }
        found.retain(|file| file.symlink_metadata().is_ok());
        return Ok(found);
    }
    let (below, last) = name.rsplit_once('/').unwrap_or(("", name));
    let folder = folder.join(below);
    let Some(pattern) = glob::Pattern::new(last).ok().filter(|_| last.contains('*')) else {
        return Ok(vec![folder.join(last)]);
    };
    matching(&folder, &pattern).map_err(|error| (folder, error))
}

/// Whether a file exists, as far as the user can tell.
pub(crate) fn may_exist(file: &Path) -> bool {
    let missing = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    let found = file.symlink_metadata();
    !found.is_err_and(|error| missing.contains(&error.kind()))
}

/// The matching files in a folder, in order. Empty if there is no folder.
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

    #[test]
    fn a_star_for_a_folder_finds_the_files_that_are_in_folders() {
        let folder = tempfile::tempdir().unwrap();
        let below = |name: &str| folder.path().join("app").join(name);
        for name in ["Default", "Profile 1", ".hidden", "Empty"] {
            std::fs::create_dir_all(below(name)).unwrap();
        }
        for name in [
            "Default/Preferences",
            "Profile 1/Preferences",
            ".hidden/Preferences",
            "Local State",
        ] {
            std::fs::write(below(name), "").unwrap();
        }
        let found = files_below(folder.path(), "app/*/Preferences").unwrap();
        assert_eq!(
            found,
            [below("Default/Preferences"), below("Profile 1/Preferences")]
        );
        assert_eq!(
            files_below(folder.path(), "none/*/a").unwrap(),
            <[PathBuf; 0]>::default()
        );
    }
}
