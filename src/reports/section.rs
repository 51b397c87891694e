// SPDX-License-Identifier: GPL-3.0-or-later

//! The sections of a list of reports, by whether each report is sent.

use super::State;

/// A section of the list, in the order of [`Section::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// Handed over.
    Sent,
    /// Marked, and sent when that is possible.
    Waiting,
    /// Marked, while sending is off.
    Held,
    /// Not marked, or nothing sends it.
    Kept,
}

impl Section {
    /// Every section, in display order.
    pub const ALL: [Self; 4] = [Self::Sent, Self::Waiting, Self::Held, Self::Kept];

    /// The section of a state.
    pub const fn of(state: State) -> Self {
        match state {
            State::Sent => Self::Sent,
            State::Marked => Self::Waiting,
            State::Held => Self::Held,
            State::Waiting | State::Kept | State::Mark => Self::Kept,
        }
    }
}
