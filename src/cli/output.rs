// SPDX-License-Identifier: GPL-3.0-or-later

//! Exit statuses, and printing that survives a reader who left.

use std::io::{self, Write as _};
use std::process::ExitCode;

use privacy_panel::catalogue::Catalogue;
use privacy_panel::i18n::{gettext, gettext_f};
use privacy_panel::mistake::Mistake;
use privacy_panel::reader::Problem;
use privacy_panel::words;

/// What scripts can trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    No = 1,
    BadFile = 2,
    Locked = 3,
    NotSaved = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Prints a line at once.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Says a sentence to the person rather than to a program that reads the output.
pub(crate) fn complain(sentence: &str) {
    // With standard error closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "privacyctl: {sentence}");
}

/// Says what of the catalogue could not be read, and what that means.
pub(crate) fn lost(catalogue: &Catalogue) {
    for mistake in catalogue.lost() {
        let problem = Problem::Lost(mistake.clone());
        complain(&format!("{} ({problem})", words::problem(&problem)));
    }
}

/// What an answer is worth that was given by this catalogue: nothing, where a part is lost.
pub(crate) fn by(catalogue: &Catalogue, answer: Exit) -> Exit {
    if catalogue.lost().is_empty() {
        answer
    } else {
        Exit::NotSaved
    }
}

/// Says which reader files were left out.
pub(crate) fn mistakes(mistakes: &[Mistake]) {
    for mistake in mistakes {
        complain(&gettext_f(
            // Translators: a mistake in a file or folder, with its name, the line and the column, and
            // what follows from it
            "{mistake}. It was left out.",
            &[("mistake", &mistake.to_string())],
        ));
    }
}

/// What is left to do when printing failed: a reader who left has seen enough.
pub(crate) fn failed(error: &io::Error) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Done;
    }
    complain(&format!("{}: {error}", gettext("Cannot print")));
    Exit::NotSaved
}
