// SPDX-License-Identifier: GPL-3.0-or-later

//! The commands that were typed into GNOME Shell's “Run a Command” (Alt+F2).
//!
//! Source: GNOME/gnome-shell, js/misc/history.js and js/ui/runDialog.js: the key
//! `command-history` of `org.gnome.shell`, up to 512 texts without dates. A shell that runs takes
//! changes of the key over at once.

use gio::prelude::*;
use glib::{Variant, VariantTy};

use super::{Found, Outcome, Place, Problem, Span};
use crate::storage::{KeyProblem, Storage};

const SCHEMA: &str = "org.gnome.shell";
const PATH: &str = "/org/gnome/shell/";
const KEY: &str = "command-history";

/// The commands and whether an administrator locked them; none where there is no such setting,
/// or nothing in it.
fn read() -> Option<Result<(usize, bool), KeyProblem>> {
    let storage = Storage::fresh();
    let schema = match storage.schema(SCHEMA, PATH) {
        Ok(schema) => schema?,
        Err(problem) => return Some(Err(problem)),
    };
    match storage.read(&schema, PATH, KEY, VariantTy::STRING_ARRAY) {
        Ok(reading) => {
            let count = reading.value.n_children();
            (count > 0).then_some(Ok((count, reading.locked)))
        }
        // A shell that keeps them elsewhere, or not at all.
        Err(KeyProblem::NoKey { .. }) => None,
        Err(problem) => Some(Err(problem)),
    }
}

fn refused(problem: &KeyProblem) -> Problem {
    Problem::Refused(problem.to_string())
}

pub(super) fn is_here() -> bool {
    read().is_some()
}

pub(super) fn look(span: Span) -> Option<Found> {
    let read = read()?.map_err(|problem| refused(&problem));
    let mut obstacle = None;
    let count = read.map(|(count, locked)| {
        if !span.is_everything() {
            obstacle = Some(Problem::Undated);
            return 0;
        }
        obstacle = locked.then_some(Problem::Locked);
        count
    });
    Some(Found {
        place: Place::Commands,
        count,
        obstacle,
    })
}

pub(super) fn clear(span: Span) -> Option<Outcome> {
    let removed = match read()? {
        Err(problem) => Err(refused(&problem)),
        Ok(_) if !span.is_everything() => Err(Problem::Undated),
        Ok((_, true)) => Err(Problem::Locked),
        Ok((count, false)) => remove(count),
    };
    Some(Outcome::new(Place::Commands, removed))
}

fn remove(count: usize) -> Result<usize, Problem> {
    let storage = Storage::fresh();
    let Ok(Some(schema)) = storage.schema(SCHEMA, PATH) else {
        return Err(Problem::SettingNotSaved);
    };
    let settings = gio::Settings::new_full(&schema, None::<&gio::SettingsBackend>, Some(PATH));
    // Reset would bring back what an administrator may have preset.
    // A write that is refused here is found when it is read back.
    let _ = settings.set_value(KEY, &Variant::array_from_iter::<String>([]));
    gio::Settings::sync();
    match read() {
        None => Ok(count),
        Some(_) => Err(Problem::SettingNotSaved),
    }
}
