// SPDX-License-Identifier: GPL-3.0-or-later

//! A home of nobody's, for a moment: for a process that is to read settings as a person would who
//! has just logged in and decided nothing.

use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::folders;
use crate::tree::Tree;

/// A folder with nothing of anybody's in it; it is gone when this is dropped.
#[derive(Debug)]
pub(super) struct Home(TempDir);

impl Home {
    /// Makes one.
    pub(super) fn new() -> io::Result<Self> {
        let mut name = tempfile::Builder::new();
        name.prefix("privacy-panel.").tempdir().map(Self)
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where a profile for this home alone is.
    pub(super) fn profile(&self) -> PathBuf {
        self.path().join("profile")
    }

    /// The environment of a process that reads by a profile.
    pub(super) fn environment(&self, profile: &Path) -> Vec<(&'static str, PathBuf)> {
        let home = || self.path().to_owned();
        let data: Vec<_> = folders::system_data(&Tree::computer());
        let joined = std::env::join_paths(&data).unwrap_or_default();
        let mut variables = vec![
            ("DCONF_PROFILE", profile.to_owned()),
            ("GSETTINGS_BACKEND", "dconf".into()),
            ("HOME", home()),
            ("XDG_CONFIG_HOME", home()),
            ("XDG_CACHE_HOME", home()),
            ("XDG_RUNTIME_DIR", home()),
            ("XDG_DATA_DIRS", joined.into()),
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent".into()),
        ];
        if let Some(path) = std::env::var_os("PATH") {
            variables.push(("PATH", path.into()));
        }
        variables
    }
}
