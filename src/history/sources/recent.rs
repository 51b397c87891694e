// SPDX-License-Identifier: GPL-3.0-or-later

//! The list of recently used files, `recently-used.xbel`.
//!
//! Source: the Desktop Bookmark Specification of freedesktop.org; GNOME/gtk,
//! gtk/gtkrecentmanager.c. Running GTK programs watch the file and read it again when it is
//! replaced. KDE's programs write it, too.
//!
//! A file has one entry, however often it was used, with the dates when it was added, modified and
//! visited, and a date for each program that used it. So an entry is removed if any of its dates is
//! in the span.

use std::path::PathBuf;

use gio::Cancellable;
use glib::{DateTime, TimeZone};

use crate::formats::xml;
use crate::formats::xml::Format;
use crate::history::source::{Found, Outcome, Progress, Source};
use crate::history::span::milliseconds;
use crate::history::{Span, dated_file};
use crate::system::i18n::gettext;

#[derive(Debug)]
pub(crate) struct RecentFiles;

const FORMAT: Format = Format {
    root: b"xbel",
    entry: b"bookmark",
    date,
};

fn date(element: &[u8], attribute: &[u8], value: &str) -> Option<i64> {
    match (element, attribute) {
        (b"bookmark", b"added" | b"modified" | b"visited")
        | (b"bookmark:application", b"modified") => {
            DateTime::from_iso8601(value, Some(&TimeZone::utc()))
                .ok()
                .map(|date| milliseconds(&date))
        }
        // Before GLib 2.20: seconds since 1970.
        (b"bookmark:application", b"timestamp") => value.parse::<i64>().ok()?.checked_mul(1000),
        _ => None,
    }
}

/// See [`crate::history::without_entries`].
pub(crate) fn without(text: &str) -> Result<(usize, String), String> {
    let entries = xml::entries(text, &FORMAT)?;
    Ok((entries.len(), xml::without(text, entries.iter())))
}

fn path() -> PathBuf {
    glib::user_data_dir().join("recently-used.xbel")
}

impl Source for RecentFiles {
    fn id(&self) -> &'static str {
        "recent-files"
    }

    fn title(&self) -> String {
        // Translators: a list that programs share
        gettext("Recently used files")
    }

    fn is_here(&self) -> bool {
        path().exists()
    }

    fn look(&'static self, span: Span, _: &Cancellable) -> Option<Found> {
        let count = dated_file::count(&path(), &FORMAT, span)?;
        Some(Found::new(self, count))
    }

    fn clear(
        &'static self,
        span: Span,
        _: &Cancellable,
        _: &mut dyn FnMut(Progress),
    ) -> Option<Outcome> {
        let removed = dated_file::clear(&path(), &FORMAT, span)?;
        Some(Outcome::new(self, removed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
