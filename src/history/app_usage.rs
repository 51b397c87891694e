// SPDX-License-Identifier: GPL-3.0-or-later

//! How often each application was used: GNOME Shell's `application_state`.
//!
//! Source: GNOME/gnome-shell, src/shell-app-usage.c. The shell reads the file when it starts, and
//! writes all that it remembers into it every five minutes in which an application was used. It never
//! reads it again. So while it runs, clearing the file would be undone: that is said, and not done.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::xml::Format;
use super::{Found, Outcome, Place, Problem, Span, file, zeitgeist};

const FORMAT: Format = Format {
    root: b"application-state",
    entry: b"application",
    date,
};

fn date(element: &[u8], attribute: &[u8], value: &str) -> Option<i64> {
    match (element, attribute) {
        // Seconds since 1970.
        (b"application", b"last-seen") => value.parse::<i64>().ok()?.checked_mul(1000),
        _ => None,
    }
}

fn path() -> PathBuf {
    glib::user_data_dir().join("gnome-shell/application_state")
}

pub(super) fn is_here() -> bool {
    path().exists()
}

pub(super) fn look(span: Span) -> Option<Found> {
    let count = file::count(&path(), &FORMAT, span)?;
    let mut found = Found::new(Place::AppUsage, count);
    found.obstacle = obstacle();
    Some(found)
}

pub(super) fn clear(span: Span) -> Option<Outcome> {
    let outcome = match (file::count(&path(), &FORMAT, span)?, obstacle()) {
        (Ok(0), _) => Ok(0),
        (Ok(_), Some(obstacle)) => Err(obstacle),
        (Ok(_), None) => file::clear(&path(), &FORMAT, span)?,
        (Err(problem), _) => Err(problem),
    };
    Some(Outcome::new(Place::AppUsage, outcome))
}

fn obstacle() -> Option<Problem> {
    (zeitgeist::is_running("org.gnome.Shell") || is_running_elsewhere())
        .then_some(Problem::ShellRunning)
}

/// Whether the person runs a shell with the same folder on another bus: in another session, when
/// this one came over the network.
fn is_running_elsewhere() -> bool {
    let person = rustix::process::geteuid().as_raw();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.map(|process| process.path()).any(|process| {
        process
            .metadata()
            .is_ok_and(|process| process.is_dir() && process.uid() == person)
            && fs::read(process.join("comm")).is_ok_and(|name| name == b"gnome-shell\n")
            && uses_same_folder(&process)
    })
}

/// Whether a process has the same data folder, as far as can be told; the system shows the
/// environment of a program with rights of its own to nobody.
fn uses_same_folder(process: &Path) -> bool {
    let Ok(environment) = fs::read(process.join("environ")) else {
        return true;
    };
    let value = |name: &[u8]| {
        environment
            .split(|byte| *byte == 0)
            .find_map(|entry| entry.strip_prefix(name))
            .filter(|value| !value.is_empty())
            .map(|value| Path::new(std::ffi::OsStr::from_bytes(value)))
    };
    let folder = match (value(b"XDG_DATA_HOME="), value(b"HOME=")) {
        (Some(folder), _) => folder.to_owned(),
        (None, Some(home)) => home.join(".local/share"),
        (None, None) => return true,
    };
    folder == glib::user_data_dir()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::xml;

    #[test]
    fn the_shells_file_is_understood() {
        // As GNOME Shell 43 writes it.
        let text = "<?xml version=\"1.0\"?>\n<application-state>\n  <context id=\"\">\n    \
                    <application id=\"a.desktop\" score=\"12.5\" last-seen=\"1700000000\"/>\n    \
                    <application id=\"b.desktop\" score=\"1\" last-seen=\"1700000001\"/>\n  \
                    </context>\n</application-state>\n";
        let entries = xml::entries(text, &FORMAT).unwrap();
        let dates: Vec<_> = entries.iter().map(|entry| entry.dates.as_slice()).collect();
        assert_eq!(dates, [[1_700_000_000_000], [1_700_000_001_000]]);
    }
}
