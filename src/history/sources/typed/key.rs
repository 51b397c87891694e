// SPDX-License-Identifier: GPL-3.0-or-later

//! A GSettings key that holds strings.

use gio::prelude::*;
use glib::{Variant, VariantTy};

use crate::history::Problem;
use crate::system::settings::{KeyProblem, Storage};

/// A key, at the path in its schema: the path differs between versions of the program.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    schema: &'static str,
    name: &'static str,
    kind: &'static str,
}

impl Key {
    pub(crate) const fn list(schema: &'static str, name: &'static str) -> Self {
        let kind = "as";
        Self { schema, name, kind }
    }

    /// A list for each text field.
    pub(crate) const fn lists(schema: &'static str, name: &'static str) -> Self {
        let kind = "a{sas}";
        Self { schema, name, kind }
    }

    /// The strings, and whether the administrator locked them. `None`: there is no such key.
    fn read(&self) -> Option<Result<(Variant, bool), KeyProblem>> {
        let storage = Storage::fresh();
        let (schema, path) = storage.schema_with_path(self.schema)?;
        let kind = VariantTy::new(self.kind).ok()?;
        match storage.read(&schema, &path, self.name, kind) {
            Ok(reading) => Some(Ok((reading.value, reading.locked))),
            // This version keeps them elsewhere, or not at all.
            Err(KeyProblem::NoKey { .. }) => None,
            Err(problem) => Some(Err(problem)),
        }
    }

    pub(crate) fn count(&self) -> Option<Result<usize, Problem>> {
        let read = self.read()?;
        Some(
            read.map(|(texts, _)| texts_in(&texts))
                .map_err(|problem| Problem::Refused(problem.to_string())),
        )
    }

    pub(crate) fn is_locked(&self) -> bool {
        matches!(self.read(), Some(Ok((_, true))))
    }

    pub(crate) fn clear(&self) -> Result<usize, Problem> {
        let count = self.count().unwrap_or(Ok(0))?;
        let storage = Storage::fresh();
        let schema = storage.schema_with_path(self.schema);
        let nothing = VariantTy::new(self.kind)
            .ok()
            .and_then(|kind| Variant::parse(Some(kind), "[]").ok());
        let (Some((schema, path)), Some(nothing)) = (schema, nothing) else {
            return Err(Problem::SettingNotSaved);
        };
        let settings = gio::Settings::new_full(&schema, None::<&gio::SettingsBackend>, Some(&path));
        // Resetting could bring back the administrator's default. A refused write is noticed when
        // the key is read back.
        let _ = settings.set_value(self.name, &nothing);
        gio::Settings::sync();
        match self.count() {
            Some(Ok(0)) => Ok(count),
            _ => Err(Problem::SettingNotSaved),
        }
    }
}

/// How many strings a list or a dictionary of lists has.
fn texts_in(value: &Variant) -> usize {
    if value.is_type(VariantTy::STRING_ARRAY) {
        value.n_children()
    } else {
        let lists = value.iter();
        lists.map(|list| list.child_value(1).n_children()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_and_not_lists() {
        for (text, count) in [
            ("@as []", 0),
            ("['a', 'b']", 2),
            ("@a{sas} {}", 0),
            ("{'x': ['a', 'b'], 'y': ['c'], 'z': []}", 3),
        ] {
            assert_eq!(texts_in(&Variant::parse(None, text).unwrap()), count);
        }
    }
}
