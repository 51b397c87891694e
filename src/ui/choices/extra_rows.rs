// SPDX-License-Identifier: GPL-3.0-or-later

//! Rows of a group that aren't choices.

/// One or more rows about the same subject.
pub(crate) trait ExtraRows {
    /// The id of the choice below which they stand. `None`: below all of the group.
    fn below(&self) -> Option<&'static str> {
        None
    }

    fn add_to(&self, group: &adw::PreferencesGroup);

    /// Updates the rows. Called when the user looks at the first page again.
    fn refresh(&self) {}
}
