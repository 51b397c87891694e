// SPDX-License-Identifier: GPL-3.0-or-later

//! What people call a program, by what is in the applications' desktop files.

use std::collections::HashMap;

use gio::prelude::*;

use crate::system::limits;

/// The applications of this computer, by the names of their programs.
#[derive(Debug, Default)]
pub struct Programs(HashMap<String, Program>);

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name, in the person's language.
    pub name: String,
    /// Its icon, as GIO writes one down.
    pub icon: Option<String>,
}

impl Programs {
    /// Reads all of the desktop files, which takes its time.
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
            // What is shown in menus is the application that people know by this program.
            if app.should_show() {
                programs.insert(file.to_owned(), program);
            } else {
                programs.entry(file.to_owned()).or_insert(program);
            }
        }
        Self(programs)
    }

    /// The application whose program this is.
    pub fn find(&self, program: &str) -> Option<&Program> {
        let name = program.rsplit('/').next()?;
        // What many applications are started with is none of them.
        (!INTERPRETERS.contains(&name))
            .then(|| self.0.get(name))
            .flatten()
    }
}

/// Programs that run others.
const INTERPRETERS: [&str; 8] = [
    "bash", "env", "flatpak", "gjs", "perl", "python3", "sh", "snap",
];
