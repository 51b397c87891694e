// SPDX-License-Identifier: GPL-3.0-or-later

//! A call of the system service. Its arguments are IDs. The service uses nothing else that a caller
//! sends.

use glib::Variant;

use crate::choices::choice::Choice;
use crate::choices::everyone::Wanted;
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
        /// The ID of the only reader to change. `None`: all.
        reader: Option<String>,
    },
    /// Turns a choice on or off.
    Set {
        /// The choice.
        choice: &'static Choice,
        /// Whether to turn it on.
        on: bool,
        /// The ID of the only reader to change. `None`: all.
        reader: Option<String>,
        /// The token of the plan.
        token: String,
    },
    /// Undoes the last change of a choice.
    Undo {
        /// The choice.
        choice: &'static Choice,
        /// The token of the change.
        token: String,
    },
}

/// Why a call is invalid.
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
    /// The argument is no state.
    #[error("expected “on” or “off”")]
    State,
    /// The argument can't be a reader's ID.
    #[error("expected the ID of a reader, or nothing")]
    Reader,
    /// The argument is no token.
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
        let reader = || {
            let is_letter = |c: u8| c.is_ascii_alphanumeric() || b"-._".contains(&c);
            let id = argument(2).filter(|id| id.bytes().all(is_letter));
            id.map(|id| Some(id).filter(|id| !id.is_empty()))
                .ok_or(Wrong::Reader)
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
                reader: reader()?,
            }),
            "Set" => Ok(Self::Set {
                choice: choice()?,
                on: state()?,
                reader: reader()?,
                token: token(3)?,
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

    /// The wanted change. `None`: the call undoes a change.
    pub fn wanted(&self) -> Option<Wanted<'_>> {
        match self {
            Self::Plan { choice, on, reader }
            | Self::Set {
                choice, on, reader, ..
            } => Some(Wanted {
                choice,
                on: *on,
                reader: reader.as_deref(),
            }),
            Self::Undo { .. } => None,
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
