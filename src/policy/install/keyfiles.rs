// SPDX-License-Identifier: GPL-3.0-or-later

//! What the policy's database is compiled from: a file of keys that also keeps the policy's own
//! text and what a removal has to know, and a file of locks.

use std::path::{Path, PathBuf};

use crate::policy::Policy;
use crate::policy::compile::Compiled;
use crate::policy::install::original::Original;
use crate::system::dconf::DATABASES;
use crate::system::dconf::profile;

/// The folder of the sources, beside the database.
pub(crate) const FOLDER: &str = "privacy_panel.d";

/// The file of keys in it, and that of locks.
pub(crate) const KEY_FILE: &str = "policy";
pub(crate) const LOCKS_FILE: &str = "locks/policy";

/// The folder of locks in it; its file has the name of the other.
pub(crate) const LOCKS: &str = "locks";

/// What an application may have made where there was nothing: everybody's profile, and folders,
/// those above before those in them. Whatever stands there, a removal takes out nothing else.
const MAY_BE_CREATED: [&str; 5] = [
    "/etc",
    "/etc/dconf",
    DATABASES,
    profile::FOLDER,
    profile::FILE,
];

/// The beginning of a line that says what was made, for the removal.
const CREATED: &str = "# Made: ";

/// The beginning of a line that says what was turned off for everybody, and what was there before.
const ORIGINAL: &str = "# Before: ";

/// The beginning of each line of the policy itself.
const POLICY: &str = "#| ";

/// The path of a file of the sources.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(DATABASES).join(FOLDER).join(name)
}

/// The comments of the key file.
pub(crate) fn heading(created: &[PathBuf], originals: &[Original]) -> String {
    let mut text = String::from(
        "# Made by “privacyctl policy apply”, and made anew by it. To change what people may decide,\n\
         # change the policy and apply it again; see “privacyctl policy --help”.\n",
    );
    if !created.is_empty() {
        let names: Vec<_> = created
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        text.push_str(CREATED);
        text.push_str(&names.join(" "));
        text.push('\n');
    }
    // What has no JSON has no such names either; then there is nothing to go back to.
    for line in originals.iter().flat_map(serde_json::to_string) {
        text.push_str(ORIGINAL);
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// The key file: where it comes from, the policy as it was, and what follows from it.
pub(crate) fn key_file_text(
    policy: &Policy,
    compiled: &Compiled,
    created: &[PathBuf],
    originals: &[Original],
) -> String {
    let mut text = heading(created, originals);
    text.push_str("#\n# The policy:\n");
    for line in policy.text.split('\n') {
        text.push_str(format!("{POLICY}{line}").trim_end());
        text.push('\n');
    }
    text.push_str(&compiled.key_file());
    text
}

/// The policy that a key file was made from.
pub(crate) fn embedded(key_file: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(key_file).ok()?;
    let mark = POLICY.trim_end();
    let lines: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix(mark))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The files and folders that an application made where there were none.
pub(crate) fn created(key_file: &[u8]) -> Vec<PathBuf> {
    String::from_utf8_lossy(key_file)
        .lines()
        .find_map(|line| line.strip_prefix(CREATED))
        .into_iter()
        .flat_map(|names| names.split(' '))
        .filter(|name| MAY_BE_CREATED.contains(name))
        .map(PathBuf::from)
        .collect()
}

/// What was turned off for everybody, with what was there before.
pub(crate) fn originals(key_file: &[u8]) -> Vec<Original> {
    String::from_utf8_lossy(key_file)
        .lines()
        .take_while(|line| line.starts_with('#'))
        .filter_map(|line| line.strip_prefix(ORIGINAL))
        .flat_map(serde_json::from_str)
        .filter(Original::is_sound)
        .collect()
}

/// The folders among what an application may make, those above before those in them.
pub(crate) fn folders() -> impl Iterator<Item = &'static str> {
    MAY_BE_CREATED
        .into_iter()
        .filter(|path| *path != profile::FILE)
}
