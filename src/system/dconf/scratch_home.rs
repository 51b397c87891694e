// SPDX-License-Identifier: GPL-3.0-or-later

//! A temporary, empty home directory, for a process that reads settings as a new user would.

use std::ffi::OsString;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::system::child;
use crate::system::folders;
use crate::system::scratch::Scratch;
use crate::system::tree::Tree;

/// The name of the profile in such a home.
pub(crate) const PROFILE: &str = "profile";

/// The folder. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Home(Scratch);

impl Deref for Home {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.0
    }
}

impl Home {
    pub(crate) fn new() -> io::Result<Self> {
        Scratch::new().map(Self)
    }

    /// The path of a profile for this home alone.
    pub(crate) fn profile(&self) -> PathBuf {
        self.path().join(PROFILE)
    }

    /// The environment of a process that reads with a profile.
    pub(crate) fn environment(&self, profile: &Path) -> Vec<(&'static str, OsString)> {
        let home = || self.path().as_os_str().to_owned();
        let data: Vec<_> = folders::system_data(&Tree::computer());
        vec![
            ("DCONF_PROFILE", profile.as_os_str().to_owned()),
            ("GSETTINGS_BACKEND", "dconf".into()),
            ("HOME", home()),
            ("TMPDIR", home()),
            ("XDG_CONFIG_HOME", home()),
            ("XDG_CACHE_HOME", home()),
            ("XDG_RUNTIME_DIR", home()),
            (
                "XDG_DATA_DIRS",
                std::env::join_paths(&data).unwrap_or_default(),
            ),
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent".into()),
            ("PATH", child::path()),
        ]
    }
}
