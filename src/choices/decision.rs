// SPDX-License-Identifier: GPL-3.0-or-later

//! What an administrator decided about one choice.

use crate::choices::choice::Choice;
use crate::choices::state::State;

/// What a policy says about one choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The choice.
    pub choice: &'static Choice,
    /// [`State::On`] or [`State::Off`].
    pub state: State,
    /// Whether people cannot change it.
    pub locked: bool,
    /// What a lock does to readers whose keys hold a list.
    pub lists: Lists,
}

/// What a lock does to a reader whose key holds a list of names, some of which are nobody's
/// business but the person's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lists {
    /// The lists are locked as a whole. What the policy says is certain, and people can no longer
    /// change which other names are in them.
    #[default]
    Locked,
    /// Where a reader has a key that turns all names off, that is locked instead. What the policy
    /// says is certain, people keep their lists, and nothing in them is asked.
    AllOff,
    /// The lists are preset, and people can change them. Nothing is certain about those readers.
    Preset,
}

impl Lists {
    /// The words of the file.
    pub const ALL: [(&'static str, Self); 3] = [
        ("locked", Self::Locked),
        ("all-off", Self::AllOff),
        ("preset", Self::Preset),
    ];
}
