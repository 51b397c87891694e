// SPDX-License-Identifier: GPL-3.0-or-later

//! Names and icons of programs, from the desktop files of applications.

use std::collections::HashMap;

use gio::prelude::*;

use crate::system::limits;

/// The installed applications, by the names of their executables.
#[derive(Debug, Default)]
pub struct Programs(HashMap<String, Program>);

/// An application's name and icon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The name, in the user's language.
    pub name: String,
    /// The icon, as a string that GIO can parse.
    pub icon: Option<String>,
}

impl Programs {
    /// Reads every desktop file, which is slow.
    pub fn load() -> Self {
        let mut programs = HashMap::new();
        for app in gio::AppInfo::all() {
            let executable = app.executable();
            let Some(file) = executable.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let program = Program {
                name: limits::cut(&app.display_name(), limits::PROGRAM_NAME),
                icon: app
                    .icon()
                    .and_then(|icon| IconExt::to_string(&icon))
                    .map(Into::into),
            };
            // If several applications share an executable, use one that menus show.
            if app.should_show() {
                programs.insert(file.to_owned(), program);
            } else {
                programs.entry(file.to_owned()).or_insert(program);
            }
        }
        Self(programs)
    }

    /// The application that an executable belongs to.
    pub fn find(&self, program: &str) -> Option<&Program> {
        let name = program.rsplit('/').next()?;
        // An interpreter runs many applications, and is none of them.
        (!INTERPRETERS.contains(&name))
            .then(|| self.0.get(name))
            .flatten()
    }
}

/// Programs that run other programs.
const INTERPRETERS: [&str; 8] = [
    "bash", "env", "flatpak", "gjs", "perl", "python3", "sh", "snap",
];
