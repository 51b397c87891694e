// SPDX-License-Identifier: GPL-3.0-or-later

//! The state of a choice, or of one reader.

/// On, off, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The program may send or record something.
    On,
    /// The program sends and records nothing.
    Off,
    /// Some programs may send or record something, or the value is neither on nor off.
    Mixed,
}

impl State {
    /// The value in JSON and on the command line. Never translated.
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

    /// Combines states: equal ones stay, different ones are `Mixed`. `None` for no states.
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
