// SPDX-License-Identifier: GPL-3.0-or-later

//! Calls the system service, as a user. Polkit may ask the user for a password meanwhile.

use gio::{DBusCallFlags, DBusError};
use glib::Variant;
use glib::prelude::*;

use crate::choices::everyone::{Refusal, Wanted};
use crate::choices::state::State;
use crate::system::bus::{Bus, Message};
use crate::system::limits;
use crate::system::transaction::{Fault, Why};

/// The well-known name of the service on the system bus.
pub const BUS_NAME: &str = "net.launchpad.PrivacyPanel.System";

/// The path of its object.
pub const OBJECT_PATH: &str = "/net/launchpad/PrivacyPanel/System";

/// The interface of its object.
pub const INTERFACE: &str = "net.launchpad.PrivacyPanel.System";

/// The beginning of the names of its errors.
const ERRORS: &str = "net.launchpad.PrivacyPanel.System.Error.";

/// Why the service changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no service, or no system bus.
    #[error("the service is not installed")]
    NoService,
    /// Polkit denied it, or the user cancelled the dialog.
    #[error("permission was not given")]
    NotAllowed,
    /// Polkit needs a password, and nothing can ask the user for it.
    #[error("no program can ask for a password")]
    NoAgent,
    /// No answer came in time.
    #[error("the service did not answer")]
    Silent,
    /// Another change is under way, or there were too many.
    #[error("the service is busy")]
    Busy,
    /// The files changed at the same time.
    #[error("the files have changed")]
    Stale,
    /// A policy locks the choice in another state. The message of the service, which names the
    /// organisation.
    #[error("{0}")]
    Locked(String),
    /// A program can't change.
    #[error("{0}")]
    File(Why),
    /// Another error, with its name on the bus.
    #[error("{0}")]
    Other(String),
}

/// The name of [`Problem::Locked`] on the bus.
const LOCKED: &str = "Locked";

/// The problems with their names on the bus.
const NAMES: [(Problem, &str); 5] = [
    (Problem::NotAllowed, "NotAllowed"),
    (Problem::NoAgent, "NoAgent"),
    (Problem::Silent, "TimedOut"),
    (Problem::Busy, "Busy"),
    (Problem::Stale, "Stale"),
];

impl Problem {
    /// The full name of the error on the bus, and its message. Neither is translated.
    pub fn on_bus(&self) -> (String, String) {
        let known = NAMES.iter().find(|(problem, _)| problem == self);
        let name = match self {
            Self::Locked(_) => LOCKED,
            Self::File(_) => "File",
            Self::Other(name) => name,
            _ => known.map_or("Failed", |(_, name)| *name),
        };
        let message = match self {
            Self::File(why) => why.as_str().to_owned(),
            other => other.to_string(),
        };
        (format!("{ERRORS}{name}"), message)
    }

    fn of(error: &glib::Error) -> Self {
        let remote = DBusError::remote_error(error);
        let name = remote.as_deref().and_then(|name| name.strip_prefix(ERRORS));
        if let Some(name) = name {
            if name == "File" {
                let message = error.message().rsplit(": ").next().unwrap_or_default();
                return Self::File(Why::find(message));
            }
            if name == LOCKED {
                let message = error.message().split_once(": ");
                let message = message.map_or(error.message(), |(_, message)| message);
                return Self::Locked(limits::cut(message, limits::SERVICE_MESSAGE));
            }
            let known = NAMES.iter().find(|(_, other)| *other == name);
            return known.map_or_else(
                || Self::Other(limits::cut(name, limits::QUOTE)),
                |(problem, _)| problem.clone(),
            );
        }
        match error.kind::<DBusError>() {
            Some(
                DBusError::ServiceUnknown
                | DBusError::NameHasNoOwner
                | DBusError::SpawnServiceNotFound
                | DBusError::UnknownMethod
                | DBusError::UnknownObject
                | DBusError::UnknownInterface,
            ) => Self::NoService,
            Some(DBusError::AccessDenied | DBusError::AuthFailed) => Self::NotAllowed,
            Some(DBusError::NoReply | DBusError::Timeout | DBusError::TimedOut) => Self::Silent,
            Some(DBusError::LimitsExceeded) => Self::Busy,
            _ if error.matches(gio::IOErrorEnum::TimedOut) => Self::Silent,
            _ => Self::Other(limits::cut(error.message(), limits::SERVICE_MESSAGE)),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Stale => Self::Stale,
            Refusal::Busy => Self::Busy,
            Refusal::Fault(Fault { why, .. }) => Self::File(why),
            Refusal::Locked(_) => Self::Locked(refusal.to_string()),
            Refusal::Catalogue(_) => Self::Other("Catalogue".to_owned()),
            Refusal::NoReader => Self::Other("NoReader".to_owned()),
            Refusal::NothingToUndo => Self::Other("NothingToUndo".to_owned()),
            Refusal::TooMany => Self::Other("TooManyFiles".to_owned()),
        }
    }
}

/// Turns a choice on or off for all users. Returns the IDs of the readers that can't change, and why.
///
/// Blocks, for as long as polkit asks the user: for [`limits::SYSTEM_PATIENCE`] at most.
pub fn set(wanted: Wanted<'_>) -> Result<Vec<(String, Why)>, Problem> {
    match try_to_set(wanted) {
        // Another program changed a file while polkit asked.
        Err(Problem::Stale) => try_to_set(wanted),
        done => done,
    }
}

fn try_to_set(wanted: Wanted<'_>) -> Result<Vec<(String, Why)>, Problem> {
    let (choice, state) = (wanted.choice, State::from(wanted.on).as_str());
    let reader = wanted.reader.unwrap_or_default();
    let plan = call(
        "Plan",
        &(choice.id, state, reader).to_variant(),
        DBusCallFlags::NONE,
    )?;
    let token = plan
        .try_child_value(0)
        .and_then(|token| token.get::<String>());
    let arguments = (choice.id, state, reader, token.unwrap_or_default()).to_variant();
    let flags = DBusCallFlags::ALLOW_INTERACTIVE_AUTHORIZATION;
    let done = call("Set", &arguments, flags)?;
    let left = done
        .try_child_value(1)
        .and_then(|left| left.get::<Vec<(String, String)>>());
    let left = left.unwrap_or_default().into_iter();
    Ok(left.map(|(id, why)| (id, Why::find(&why))).collect())
}

fn call(method: &str, arguments: &Variant, flags: DBusCallFlags) -> Result<Variant, Problem> {
    let bus = Bus::System.connect(limits::BUS_PATIENCE);
    let bus = bus.ok().flatten().ok_or(Problem::NoService)?;
    let message = Message {
        name: BUS_NAME,
        path: OBJECT_PATH,
        interface: INTERFACE,
        method,
        arguments: Some(arguments),
        reply: None,
        flags,
        timeout: Some(limits::SYSTEM_PATIENCE),
        cancellable: None,
    };
    message.send(&bus).map_err(|error| Problem::of(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_comes_through_the_bus_as_it_was() {
        let problems = NAMES.iter().map(|(problem, _)| problem.clone());
        let others = [
            Problem::File(Why::NoSpace),
            Problem::Locked("Example: University has locked this choice".to_owned()),
            Problem::Other("Catalogue".to_owned()),
        ];
        for problem in problems.chain(others) {
            let (name, message) = problem.on_bus();
            let error = DBusError::new_for_dbus_error(&name, &message);
            assert_eq!(Problem::of(&error), problem);
        }
    }
}
