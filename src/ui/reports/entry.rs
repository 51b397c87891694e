// SPDX-License-Identifier: GPL-3.0-or-later

//! A report with the name and icon of its program, as the list shows it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use privacy_panel::reports::program::Programs;
use privacy_panel::reports::{Depth, Place, Report, Section, hold, list, words};
use privacy_panel::system::i18n::gettext;
use privacy_panel::system::text;

/// A report in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) report: Report,
    /// The name of the program.
    pub(crate) name: String,
    /// The program's icon, serialized by GIO.
    pub(crate) icon: Option<String>,
}

impl Entry {
    pub(crate) const fn section(&self) -> Section {
        Section::of(self.report.state)
    }

    /// When it was written and how large it is, on one line below the name.
    pub(crate) fn details(&self) -> String {
        let state = words::state(self.report.state);
        // The heading says the state of most of them.
        let state = (state != words::section(self.section())).then_some(state);
        let facts = [words::when(self.report.time), words::size(self.report.size)];
        let facts: Vec<_> = state.into_iter().chain(facts).collect();
        // Two facts on a line.
        facts.join(&gettext(" · "))
    }

    /// All that a screen reader says about it after the name.
    pub(crate) fn description(&self) -> String {
        [
            words::state(self.report.state),
            words::when(self.report.time),
            words::time(self.report.time),
            words::size(self.report.size),
        ]
        // Translators: between two facts that are read aloud
        .join(&gettext(", "))
    }
}

/// All entries, and why others could not be listed.
pub(crate) struct Loaded {
    pub(crate) entries: Vec<Entry>,
    pub(crate) problems: Vec<String>,
}

/// The state of loading, shared between threads.
#[derive(Default)]
pub(crate) struct Progress {
    /// How many reports have been found.
    pub(crate) found: AtomicUsize,
    /// Whether to stop loading.
    pub(crate) cancelled: AtomicBool,
    programs: OnceLock<Programs>,
}

impl Progress {
    /// Lists all reports, the newest first. `None` if cancelled. Blocks.
    pub(crate) fn load(&self, places: &[Place]) -> Option<Loaded> {
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
        hold(
            entries
                .iter_mut()
                .map(|entry: &mut Entry| &mut entry.report),
        );
        entries.sort_by(|a, b| {
            let key = |entry: &Entry| std::cmp::Reverse(entry.report.time);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.report.id.cmp(&b.report.id))
        });
        Some(Loaded { entries, problems })
    }
}
