// SPDX-License-Identifier: GPL-3.0-or-later

//! The sources of the policy's database: a key file and a file of locks. Comments in the key file keep
//! the policy's text and what a removal needs to know.

use std::path::{Path, PathBuf};

use crate::policy::Policy;
use crate::policy::compile::Compiled;
use crate::policy::install::original::Original;
use crate::system::dconf::DATABASES;
use crate::system::dconf::profile;

/// The folder of the sources, beside the database.
pub(crate) const FOLDER: &str = "privacy_panel.d";

/// The key file and the file of locks in it.
pub(crate) const KEY_FILE: &str = "policy";
pub(crate) const LOCKS_FILE: &str = "locks/policy";

/// The folder of locks in it; its file has the name of the other.
pub(crate) const LOCKS: &str = "locks";

/// The profile and the folders that an application may create, outer folders first. A removal
/// removes no others, whatever the key file says.
const MAY_BE_CREATED: [&str; 5] = [
    "/etc",
    "/etc/dconf",
    DATABASES,
    profile::FOLDER,
    profile::FILE,
];

/// The beginning of a line with the created files and folders.
const CREATED: &str = "# Made: ";

/// The beginning of a line with a measure and its original value.
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
    for line in originals.iter().filter_map(Original::record) {
        text.push_str(ORIGINAL);
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// The key file: a heading, the text of the policy, and the keys.
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

/// The files and folders that applications created.
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

/// The measures that applications took, with the original values.
pub(crate) fn originals(key_file: &[u8]) -> Vec<Original> {
    String::from_utf8_lossy(key_file)
        .lines()
        .take_while(|line| line.starts_with('#'))
        .filter_map(|line| line.strip_prefix(ORIGINAL))
        .filter_map(Original::parse)
        .collect()
}

/// The folders that an application may create, outer folders first.
pub(crate) fn folders() -> impl Iterator<Item = &'static str> {
    MAY_BE_CREATED
        .into_iter()
        .filter(|path| *path != profile::FILE)
}
