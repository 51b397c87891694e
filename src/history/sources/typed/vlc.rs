// SPDX-License-Identifier: GPL-3.0-or-later

//! The media that VLC played last, and where the user stopped, among other settings of its window.
//!
//! Source: VLC 3.0, modules/gui/qt/recents.cpp, `RecentsMRL::load()` and `save()`: two lists in a group
//! of Qt's settings. modules/gui/qt/qt.cpp, `Open()`: they are in the user's configuration folder, which
//! Flatpak and snapd set for a sandbox. flathub/org.videolan.VLC and extras/package/snap: its names.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::formats::bytes;
use crate::formats::mistake::At;
use crate::formats::qsettings;
use crate::history::Problem;
use crate::history::dated_file;
use crate::history::dated_file::{Change, Purpose};
use crate::history::sandbox::App;

const FILE: &str = "vlc/vlc-qt-interface.conf";

pub(crate) const APP: App = App {
    flatpak: "org.videolan.VLC",
    snap: "vlc",
};

const GROUP: &[u8] = b"RecentsMRL";

/// The media.
const LIST: &[u8] = b"list";

/// For each of them, where the user stopped.
const TIMES: &[u8] = b"times";

/// The user's own file, and those of the sandboxes.
pub(crate) fn files() -> Vec<Result<PathBuf, Problem>> {
    APP.files(FILE)
}

pub(crate) fn count(path: &Path) -> Option<Result<usize, Problem>> {
    dated_file::examine(path, |text| {
        let found =
            find(text.as_bytes()).map_err(|mistake| dated_file::broken(path, &mistake.1))?;
        Ok(found.0)
    })
}

/// Removes the lists, and keeps every other byte of the file.
pub(crate) fn clear(path: &Path) -> Option<Result<usize, Problem>> {
    dated_file::rewrite(path, Purpose::Settings, |text| {
        let (media, lines) = find(text).map_err(|mistake| dated_file::broken(path, &mistake.1))?;
        let kept = bytes::without(text, lines.into_iter());
        Ok((media, Change::Content(kept)))
    })
}

/// How many media there are, and the lines of the lists.
fn find(text: &[u8]) -> Result<(usize, Vec<Range<usize>>), At> {
    let parsed = qsettings::parse(text)?;
    let (mut media, mut lines) = (0, Vec::new());
    for entry in &parsed.entries {
        if parsed.groups[entry.group].names.concat() != GROUP {
            continue;
        }
        if entry.key == LIST {
            media += elements(&text[entry.value.clone()]);
        } else if entry.key != TIMES {
            continue;
        }
        lines.push(entry.line.place.clone());
    }
    Ok((media, lines))
}

/// How many strings a list of Qt has.
fn elements(value: &[u8]) -> usize {
    // No list at all, or an empty one.
    if value.is_empty() || value == b"@Invalid()" {
        return 0;
    }
    let (mut count, mut quoted, mut escaped) = (1, false, false);
    for byte in value {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_of_the_lists_go() {
        let before = "[General]\nlist=a\ngeometry=@ByteArray(\\x1\\0)\n\n[RecentsMRL]\n\
                      list=file:///a, \"file:///b,c;d\"\ntimes=0, 12\nother=1\n[Other]\ntimes=1\n";
        let (media, lines) = find(before.as_bytes()).unwrap();
        assert_eq!(media, 2);
        let kept = bytes::without(before.as_bytes(), lines.into_iter());
        let after = before.replace("list=file:///a, \"file:///b,c;d\"\ntimes=0, 12\n", "");
        assert_eq!(String::from_utf8(kept).unwrap(), after);
    }

    #[test]
    fn lists_are_counted_as_qt_writes_them() {
        for (value, count) in [
            ("", 0),
            ("@Invalid()", 0),
            ("file:///a", 1),
            ("file:///a, file:///b", 2),
            ("\"file:///a,b\"", 1),
            ("\"file:///a\\\"b,c\", d", 2),
        ] {
            assert_eq!(elements(value.as_bytes()), count, "{value}");
        }
    }
}
