// SPDX-License-Identifier: GPL-3.0-or-later

//! The icons of apps, from the desktop files that start the same programs.

use std::collections::HashMap;
use std::path::Path;

use adw::prelude::*;
use gtk::gio;

use crate::choices::control::Control;

/// The ID of each app, and the names of its files.
pub(crate) type Programs = Vec<(String, Vec<String>)>;

/// The files that show that the apps of a choice are installed.
pub(crate) fn programs(control: &Control) -> Option<Programs> {
    let readers = control.catalogue()?.readers_of(control.choice());
    let programs = readers.filter_map(|reader| {
        let files = reader.programs.as_ref()?;
        let names = files.iter().filter_map(|file| name(file.as_str()));
        Some((reader.id.clone(), names.map(str::to_owned).collect()))
    });
    Some(programs.collect())
}

fn name(file: &str) -> Option<&str> {
    Path::new(file).file_name()?.to_str()
}

/// The icon of each app that has one, as a text. Reads all desktop files.
pub(crate) fn find(programs: &Programs) -> HashMap<String, String> {
    let mut icons = HashMap::new();
    for app in gio::AppInfo::all() {
        let icon = app.icon().and_then(|icon| IconExt::to_string(&icon));
        let executable = app.executable();
        let names = [
            app.id().map(|id| id.to_string()),
            executable.to_str().and_then(name).map(str::to_owned),
        ];
        if let Some(icon) = icon {
            for name in names.into_iter().flatten() {
                icons.entry(name).or_insert_with(|| icon.to_string());
            }
        }
    }
    let icon = |names: &Vec<String>| names.iter().find_map(|name| icons.get(name)).cloned();
    programs
        .iter()
        .filter_map(|(id, names)| Some((id.clone(), icon(names)?)))
        .collect()
}
