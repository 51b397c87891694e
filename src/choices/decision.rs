// SPDX-License-Identifier: GPL-3.0-or-later

//! What the administrator decided about one choice.

use crate::choices::choice::Choice;
use crate::choices::state::State;

/// What a policy says about one choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The choice.
    pub choice: &'static Choice,
    /// [`State::On`] or [`State::Off`].
    pub state: State,
    /// Whether users can't change it.
    pub locked: bool,
    /// How a lock treats readers whose keys hold a list.
    pub lists: Lists,
}

/// How a lock treats a reader whose key holds a list of names, some of which are only the user's
/// business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lists {
    /// The whole lists are locked. The policy is certain to hold, and users can't change the other
    /// names in the lists.
    #[default]
    Locked,
    /// The key that turns all names off is locked instead, if the reader has one. The policy is
    /// certain to hold, users keep their lists, and no listed provider is queried.
    AllOff,
    /// The lists are preset, and users can change them. The policy isn't certain to hold for these
    /// readers.
    Preset,
}

impl Lists {
    /// The values in a policy file.
    pub const ALL: [(&'static str, Self); 3] = [
        ("locked", Self::Locked),
        ("all-off", Self::AllOff),
        ("preset", Self::Preset),
    ];
}
