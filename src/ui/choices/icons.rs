// SPDX-License-Identifier: GPL-3.0-or-later

//! The icons of apps, from the desktop files that start the same programs, which can start them again.

use std::collections::HashMap;
use std::path::Path;

use adw::prelude::*;
use gtk::gio;

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice::Choice;

/// The ID of each app, and the names of its files.
pub(crate) type Programs = Vec<(String, Vec<String>)>;

/// The files that show that the apps of a choice are installed.
pub(crate) fn programs(catalogue: &Catalogue, choice: &'static Choice) -> Programs {
    let readers = catalogue.readers_of(choice);
    let programs = readers.filter_map(|reader| {
        let files = reader.programs.as_ref()?;
        let names = files.iter().filter_map(|file| name(file.as_str()));
        Some((reader.id.clone(), names.map(str::to_owned).collect()))
    });
    programs.collect()
}

fn name(file: &str) -> Option<&str> {
    Path::new(file).file_name()?.to_str()
}

/// What is known of an app by its desktop file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The icon, as a text.
    pub(crate) icon: String,
    /// The ID of the desktop file, if it is one that menus show.
    pub(crate) id: Option<String>,
}

/// The entry of each app that has one with an icon. Reads all desktop files.
pub(crate) fn find(programs: &Programs) -> HashMap<String, Entry> {
    let mut entries = HashMap::<String, Entry>::new();
    for app in gio::AppInfo::all() {
        let icon = app.icon().and_then(|icon| IconExt::to_string(&icon));
        let shown = app.id().filter(|_| app.should_show());
        let executable = app.executable();
        let names = [
            app.id().map(|id| id.to_string()),
            executable.to_str().and_then(name).map(str::to_owned),
        ];
        if let Some(icon) = icon {
            let entry = Entry {
                icon: icon.to_string(),
                id: shown.map(Into::into),
            };
            for name in names.into_iter().flatten() {
                let known = entries.entry(name).or_insert_with(|| entry.clone());
                known.id = known.id.take().or_else(|| entry.id.clone());
            }
        }
    }
    let entry = |names: &Vec<String>| names.iter().find_map(|name| entries.get(name)).cloned();
    programs
        .iter()
        .filter_map(|(id, names)| Some((id.clone(), entry(names)?)))
        .collect()
}
