// SPDX-License-Identifier: GPL-3.0-or-later

//! A policy's lock of a choice, as it applies to settings of the whole computer.
//!
//! A policy locks the panel's own key of a choice. That doesn't lock the computer's files, so the code
//! that changes them obeys the lock: no file may leave the policy's state.

use std::io;

use crate::choices::choice::Choice;
use crate::choices::organisation;
use crate::choices::organisation::Organisation;
use crate::choices::state::State;
use crate::system::dconf::locks::Databases;

/// A lock of a choice for all users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The state that the policy imposes.
    pub state: State,
    /// Whose policy it is, if the policy says so.
    pub organisation: Option<Organisation>,
}

/// The lock of a choice. `None`: no policy locks it.
///
/// # Errors
///
/// The databases of the policy can't be read.
pub fn of(choice: &Choice) -> io::Result<Option<Lock>> {
    let databases = Databases::read()?;
    let own = format!("{}{}", crate::app::SCHEMA_PATH, choice.id);
    let lock = databases.locked(&own, false);
    Ok(lock.map(|on| Lock {
        state: State::from(on),
        organisation: organisation::from(|key| databases.value(key)),
    }))
}
