// SPDX-License-Identifier: GPL-3.0-or-later

//! The list of recently used files, `recently-used.xbel`.
//!
//! Source: the Desktop Bookmark Specification of freedesktop.org; GNOME/gtk,
//! gtk/gtkrecentmanager.c. Running GTK programs watch the file and read it again when it is
//! replaced. KDE's programs write it, too.
//!
//! The list has one entry for a file, however often it was used, with the dates when it was added,
//! modified and visited, and a date for each program that used it. So an entry is removed if any of
//! its dates is in the span. An entry without a valid date belongs to no span: it is removed only
//! with everything. Otherwise, the source reports that it stays.
//!
//! Sandboxed apps have lists of their own in the same format.

use std::path::PathBuf;

use gio::Cancellable;
use glib::{DateTime, TimeZone};

use crate::formats::xml::Format;
use crate::history::source::{Found, Outcome, Problem, Progress, Source};
use crate::history::span::milliseconds;
use crate::history::{Span, dated_file, sandbox};
use crate::system::i18n::gettext;

/// Whose lists.
#[derive(Debug)]
pub(crate) enum RecentFiles {
    /// The list that all programs outside a sandbox share.
    Here,
    /// A list for each Flatpak app.
    Flatpak,
    /// Lists for each snap.
    Snap,
}

pub(crate) const FORMAT: Format = Format {
    root: b"xbel",
    entry: b"bookmark",
    subject: b"href",
    date,
};

fn date(element: &[u8], attribute: &[u8], value: &str) -> Option<i64> {
    // Each file chooses the prefix of its namespaces.
    let local = element.rsplit(|byte| *byte == b':').next();
    match (local.unwrap_or_default(), attribute) {
        (b"bookmark", b"added" | b"modified" | b"visited") | (b"application", b"modified") => {
            DateTime::from_iso8601(value, Some(&TimeZone::utc()))
                .ok()
                .map(|date| milliseconds(&date))
        }
        // Before GLib 2.20: seconds since 1970.
        (b"application", b"timestamp") => value.parse::<i64>().ok()?.checked_mul(1000),
        _ => None,
    }
}

impl Source for RecentFiles {
    fn id(&self) -> &'static str {
        match self {
            Self::Here => "recent-files",
            Self::Flatpak => "recent-files-flatpak",
            Self::Snap => "recent-files-snap",
        }
    }

    fn title(&self) -> String {
        match self {
            // Translators: a list that programs share
            Self::Here => gettext("Recently used files"),
            // Translators: the lists of apps that run in a sandbox; Flatpak is a name
            Self::Flatpak => gettext("Recently used files (Flatpak apps)"),
            // Translators: the lists of apps that run in a sandbox; snap is a name
            Self::Snap => gettext("Recently used files (snap apps)"),
        }
    }

    fn is_here(&self) -> bool {
        let files = self.files();
        let mut paths = files.iter().filter_map(|file| file.as_ref().ok());
        paths.any(|path| path.exists())
    }

    fn look(&'static self, span: Span, _: &Cancellable) -> Option<Found> {
        dated_file::look(self, self.files(), &FORMAT, span)
    }

    fn clear(
        &'static self,
        span: Span,
        _: &Cancellable,
        _: &mut dyn FnMut(Progress),
    ) -> Option<Outcome> {
        dated_file::clear_all(self, self.files(), &FORMAT, span)
    }
}

impl RecentFiles {
    fn files(&self) -> Vec<Result<PathBuf, Problem>> {
        let shared = glib::user_data_dir().join("recently-used.xbel");
        match self {
            Self::Here => vec![Ok(shared)],
            Self::Flatpak => sandbox::flatpak("recently-used.xbel", &shared),
            Self::Snap => sandbox::snap("recently-used.xbel", &shared),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::xml;

    // As GTK 4.8 and KDE's frameworks write it.
    const LIST: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<xbel version="1.0"
      xmlns:bookmark="http://www.freedesktop.org/standards/desktop-bookmarks"
      xmlns:mime="http://www.freedesktop.org/standards/shared-mime-info"
>
  <bookmark href="file:///home/x/a%20b.txt" added="2026-11-20T10:00:00.5Z" modified="2026-11-24T10:00:00Z" visited="2026-11-24T10:00:01Z">
    <info>
      <metadata owner="http://freedesktop.org">
        <mime:mime-type type="text/plain"/>
        <bookmark:applications>
          <bookmark:application name="org.gnome.TextEditor" exec="&apos;gnome-text-editor %u&apos;" modified="2026-11-22T10:00:00Z" count="2"/>
        </bookmark:applications>
      </metadata>
      <metadata owner="http://www.kde.org"><other/></metadata>
    </info>
  </bookmark>
</xbel>
"#;

    #[test]
    fn every_date_of_an_entry_is_seen() {
        let entries = xml::entries(LIST, &FORMAT).unwrap();
        let dates: Vec<_> = entries.iter().flat_map(|entry| &entry.dates).collect();
        let noon = |day| {
            let date = DateTime::from_utc(2026, 11, day, 10, 0, 0.0).unwrap();
            milliseconds(&date)
        };
        assert_eq!(
            dates,
            [&(noon(20) + 500), &noon(24), &(noon(24) + 1000), &noon(22)]
        );
    }

    #[test]
    fn dates_that_are_none_are_no_dates() {
        assert_eq!(date(b"bookmark", b"added", "yesterday"), None);
        assert_eq!(date(b"bookmark", b"href", "2026-11-24T10:00:00Z"), None);
        assert_eq!(
            date(b"bookmark:application", b"timestamp", "9223372036854775807"),
            None
        );
        assert_eq!(
            date(b"bookmark:application", b"timestamp", "10"),
            Some(10_000)
        );
    }
}
