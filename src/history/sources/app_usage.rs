// SPDX-License-Identifier: GPL-3.0-or-later

//! How often each application was used: GNOME Shell's `application_state`.
//!
//! Source: GNOME/gnome-shell, src/shell-app-usage.c. The shell reads the file only when it starts.
//! While applications are used, it writes all its data to the file every five minutes. So it would
//! restore a file that is cleared while it runs. The source reports this instead of clearing.

use std::path::PathBuf;

use gio::Cancellable;

use crate::formats::xml::Format;
use crate::history::source::{Found, Outcome, Problem, Progress, Source};
use crate::history::{Span, dated_file, zeitgeist};
use crate::system::i18n::gettext;
use crate::system::processes::{Folder, is_running};

#[derive(Debug)]
pub(crate) struct AppUsage;

pub(crate) const FORMAT: Format = Format {
    root: b"application-state",
    entry: b"application",
    subject: b"id",
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
    Folder::Data.path().join("gnome-shell/application_state")
}

impl Source for AppUsage {
    fn id(&self) -> &'static str {
        "app-usage"
    }

    fn title(&self) -> String {
        // Translators: how often each application was used, as GNOME Shell counts it
        gettext("Application usage (GNOME Shell)")
    }

    fn is_here(&self) -> bool {
        path().exists()
    }

    fn look(&'static self, span: Span, _: &Cancellable) -> Option<Found> {
        let found = dated_file::look(self, vec![Ok(path())], &FORMAT, span)?;
        let obstacle = obstacle().filter(|_| !matches!(found.note, Some(Problem::NothingKept)));
        Some(Found { obstacle, ..found })
    }

    fn clear(
        &'static self,
        span: Span,
        cancellable: &Cancellable,
        _: &mut dyn FnMut(Progress),
    ) -> Option<Outcome> {
        let found = self.look(span, cancellable)?;
        match (found.count, found.obstacle) {
            (Ok(1..), Some(obstacle)) => Some(Outcome::new(self, Err(obstacle))),
            _ => dated_file::clear_all(self, vec![Ok(path())], &FORMAT, span),
        }
    }
}

fn obstacle() -> Option<Problem> {
    (zeitgeist::is_running("org.gnome.Shell") || is_running("gnome-shell", Folder::Data))
        .then_some(Problem::DesktopRunning("GNOME Shell"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::xml;

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
