// SPDX-License-Identifier: GPL-3.0-or-later

//! A report with what people call its program, as the list shows it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use privacy_panel::i18n::gettext;
use privacy_panel::reports::program::Programs;
use privacy_panel::reports::{Depth, Place, Report, list, words};
use privacy_panel::text;

/// What the list shows of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) report: Report,
    /// What the program is called.
    pub(super) name: String,
    /// Its icon, as GIO writes one down.
    pub(super) icon: Option<String>,
}

impl Entry {
    /// What there is to know of it at a glance.
    pub(super) fn details(&self) -> String {
        // Two facts on a line.
        [
            words::state(self.report.state),
            words::time(self.report.time),
            words::size(self.report.size),
        ]
        .join(&gettext(" · "))
    }
}

/// All entries that there are, and what could not be listed.
pub(super) struct Loaded {
    pub(super) entries: Vec<Entry>,
    pub(super) problems: Vec<String>,
}

/// Loading under way, seen from other threads.
#[derive(Default)]
pub(super) struct Progress {
    /// How many reports have been found.
    pub(super) found: AtomicUsize,
    /// Whether nobody wants them any more.
    pub(super) cancelled: AtomicBool,
    programs: OnceLock<Programs>,
}

impl Progress {
    /// Lists everything, the newest first; none when nobody wants it any more. Takes its time.
    pub(super) fn load(&self, places: &[Place]) -> Option<Loaded> {
        self.found.store(0, Ordering::Relaxed);
        let programs = self.programs.get_or_init(Programs::load);
        let (mut entries, mut problems) = (Vec::new(), Vec::new());
        for report in list(places, Depth::Programs) {
            if self.cancelled.load(Ordering::Relaxed) {
                return None;
            }
            match report {
                Err(unlisted) => problems.push(words::unlisted(&unlisted)),
                Ok(report) => {
                    let program = programs.find(&report.program);
                    entries.push(Entry {
                        name: program.map_or_else(
                            || report.program_name().to_owned(),
                            |program| text::one_line(&program.name),
                        ),
                        icon: program.and_then(|program| program.icon.clone()),
                        report,
                    });
                    self.found.store(entries.len(), Ordering::Relaxed);
                }
            }
        }
        entries.sort_by(|a, b| {
            let key = |entry: &Entry| std::cmp::Reverse(entry.report.time);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.report.id.cmp(&b.report.id))
        });
        Some(Loaded { entries, problems })
    }
}
