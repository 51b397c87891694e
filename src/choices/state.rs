// SPDX-License-Identifier: GPL-3.0-or-later

//! What a choice, or one reader of it, amounts to.

/// On, off, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Something may be sent, or recorded.
    On,
    /// Nothing may be sent or recorded.
    Off,
    /// Something may be sent or recorded, but not by all.
    Mixed,
}

impl State {
    /// The word in JSON and on the command line; it is never translated.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Mixed => "mixed",
        }
    }

    /// Whether something may be sent or recorded.
    pub const fn may_send(self) -> bool {
        !matches!(self, Self::Off)
    }

    /// What several of them amount to together; none of them amounts to nothing that is known.
    pub fn combine(states: impl IntoIterator<Item = Self>) -> Option<Self> {
        states
            .into_iter()
            .reduce(|a, b| if a == b { a } else { Self::Mixed })
    }
}

impl From<bool> for State {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

#[cfg(test)]
mod tests {
    use super::State::{self, Mixed, Off, On};

    #[test]
    fn readers_that_differ_are_mixed_and_mixed_may_send() {
        assert_eq!(State::combine([On, On]), Some(On));
        assert_eq!(State::combine([Off, Off]), Some(Off));
        assert_eq!(State::combine([Off, On, Off]), Some(Mixed));
        assert_eq!(State::combine([Mixed, Off]), Some(Mixed));
        assert_eq!(State::combine([]), None);
        assert!(Mixed.may_send() && On.may_send() && !Off.may_send());
    }
}
