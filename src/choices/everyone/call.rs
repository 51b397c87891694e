// SPDX-License-Identifier: GPL-3.0-or-later

//! A call of the system service. Its arguments are IDs; nothing else of a caller's is used.

use glib::Variant;

use crate::choices::choice::Choice;
use crate::choices::state::State;
use crate::system::limits;

/// A call whose arguments were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// What turning a choice on or off would change.
    Plan {
        /// The choice.
        choice: &'static Choice,
        /// Whether to turn it on.
        on: bool,
    },
    /// Turns a choice on or off.
    Set {
        /// The choice.
        choice: &'static Choice,
        /// Whether to turn it on.
        on: bool,
        /// The token of the plan.
        token: String,
    },
    /// Puts back what the last change of a choice replaced.
    Undo {
        /// The choice.
        choice: &'static Choice,
        /// The token of the change.
        token: String,
    },
}

/// Why a call is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The arguments have more than [`limits::SYSTEM_CALL`] bytes.
    #[error("the arguments are too long")]
    TooLong,
    /// There is no such method.
    #[error("no such method")]
    Method,
    /// There is no such choice.
    #[error("expected the ID of a choice")]
    Choice,
    /// It is no state.
    #[error("expected “on” or “off”")]
    State,
    /// It is no token.
    #[error("expected a token")]
    Token,
}

impl Call {
    /// Checks a method's name and its arguments, a tuple.
    pub fn parse(method: &str, arguments: &Variant) -> Result<Self, Wrong> {
        if arguments.size() > limits::SYSTEM_CALL {
            return Err(Wrong::TooLong);
        }
        let argument = |at: usize| {
            let text = arguments.try_child_value(at)?.get::<String>();
            text.filter(|text| text.len() <= limits::SYSTEM_ARGUMENT)
        };
        let choice = || {
            let id = argument(0).ok_or(Wrong::Choice)?;
            Choice::find(&id).ok_or(Wrong::Choice)
        };
        let state = || match argument(1).as_deref() {
            Some("on") => Ok(true),
            Some("off") => Ok(false),
            _ => Err(Wrong::State),
        };
        let token = |at: usize| {
            let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
            let token = argument(at).filter(|token| token.bytes().all(is_digit));
            token.ok_or(Wrong::Token)
        };
        match method {
            "Plan" => Ok(Self::Plan {
                choice: choice()?,
                on: state()?,
            }),
            "Set" => Ok(Self::Set {
                choice: choice()?,
                on: state()?,
                token: token(2)?,
            }),
            "Undo" => Ok(Self::Undo {
                choice: choice()?,
                token: token(1)?,
            }),
            _ => Err(Wrong::Method),
        }
    }

    /// The method's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "Plan",
            Self::Set { .. } => "Set",
            Self::Undo { .. } => "Undo",
        }
    }

    /// The choice.
    pub fn choice(&self) -> &'static Choice {
        match self {
            Self::Plan { choice, .. } | Self::Set { choice, .. } | Self::Undo { choice, .. } => {
                choice
            }
        }
    }

    /// The wanted state, or `undo`.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Plan { on, .. } | Self::Set { on, .. } => State::from(*on).as_str(),
            Self::Undo { .. } => "undo",
        }
    }
}
