// SPDX-License-Identifier: GPL-3.0-or-later

//! Asks polkit whether a caller may change something for all users.
//!
//! The subject is the caller's unique name on the bus, which no other process can have. A process
//! ID could belong to another program by the time polkit looks it up.

use std::collections::HashMap;
use std::time::Duration;

use gio::prelude::*;
use glib::Variant;

use privacy_panel::choices::everyone::client::Problem;
use privacy_panel::system::limits;

const NAME: &str = "org.freedesktop.PolicyKit1";
const PATH: &str = "/org/freedesktop/PolicyKit1/Authority";
const INTERFACE: &str = "org.freedesktop.PolicyKit1.Authority";

/// `AllowUserInteraction` of polkit's `CheckAuthorizationFlags`.
const ALLOW_INTERACTION: u32 = 1;

/// How long polkit may take without a dialog.
const SHORT: Duration = Duration::from_secs(25);

/// What a caller needs permission for: an action in `data/net.launchpad.PrivacyPanel.policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    TurnOff,
    TurnOn,
}

impl Action {
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::TurnOff => "net.launchpad.PrivacyPanel.turn-off-for-everybody",
            Self::TurnOn => "net.launchpad.PrivacyPanel.turn-on-for-everybody",
        }
    }
}

/// A caller, and what it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    /// The caller's unique name.
    pub(crate) sender: &'a str,
    pub(crate) action: Action,
    /// The choice's ID.
    pub(crate) choice: &'static str,
    /// Whether polkit may ask the user for a password.
    pub(crate) interactive: bool,
    /// The number of the call, for cancelling it.
    pub(crate) number: u64,
}

impl Asked<'_> {
    /// Whether polkit allows it. Ends early if `gone` is cancelled.
    pub(crate) async fn check(
        &self,
        bus: &gio::DBusConnection,
        gone: &gio::Cancellable,
    ) -> Result<(), Problem> {
        let patience = if self.interactive {
            limits::CHANGE_PATIENCE
        } else {
            SHORT
        };
        let answer = bus.call_future(
            Some(NAME),
            PATH,
            INTERFACE,
            "CheckAuthorization",
            Some(&self.arguments()),
            None,
            gio::DBusCallFlags::NONE,
            // `check` has its own timeout, below.
            i32::MAX,
        );
        let answer = glib::future_with_timeout(patience, answer);
        match gio::CancellableFuture::new(answer, gone.clone()).await {
            Ok(Ok(Ok(answer))) => understood(&answer),
            // polkit is missing, or failed.
            Ok(Ok(Err(error))) => Err(Problem::Other(name_of(&error))),
            Ok(Err(_)) => {
                self.cancel(bus);
                Err(Problem::Silent)
            }
            Err(_) => {
                self.cancel(bus);
                Err(Problem::Other("Gone".to_owned()))
            }
        }
    }

    fn id(&self) -> String {
        format!("call-{}", self.number)
    }

    /// The signature is `(sa{sv})sa{ss}us`; polkit's D-Bus API reference.
    fn arguments(&self) -> Variant {
        let subject = HashMap::from([("name", self.sender.to_variant())]);
        let details = HashMap::from([("choice", self.choice)]);
        let flags = if self.interactive {
            ALLOW_INTERACTION
        } else {
            0
        };
        (
            ("system-bus-name", subject),
            self.action.id(),
            details,
            flags,
            self.id(),
        )
            .to_variant()
    }

    /// Closes the dialog. Nothing waits for the answer.
    fn cancel(&self, bus: &gio::DBusConnection) {
        bus.call(
            Some(NAME),
            PATH,
            INTERFACE,
            "CancelCheckAuthorization",
            Some(&(self.id(),).to_variant()),
            None,
            gio::DBusCallFlags::NONE,
            -1,
            gio::Cancellable::NONE,
            |_| (),
        );
    }
}

/// The answer has the type `((bba{ss}))`. Any other answer denies permission.
fn understood(answer: &Variant) -> Result<(), Problem> {
    let result = answer.try_child_value(0);
    let part = |at: usize| result.as_ref()?.try_child_value(at)?.get::<bool>();
    match (part(0), part(1)) {
        (Some(true), _) => Ok(()),
        (Some(false), Some(true)) => Err(Problem::NoAgent),
        _ => Err(Problem::NotAllowed),
    }
}

/// The name of an error without its text, which isn't the service's own.
fn name_of(error: &glib::Error) -> String {
    let name = gio::DBusError::remote_error(error);
    let name = name.as_deref().and_then(|name| name.rsplit('.').next());
    format!("Polkit{}", name.unwrap_or("Failed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_permission() {
        let answer = |yes: bool, challenge: bool| {
            let details = HashMap::<String, String>::new();
            ((yes, challenge, details),).to_variant()
        };
        assert_eq!(understood(&answer(true, false)), Ok(()));
        assert_eq!(understood(&answer(false, true)), Err(Problem::NoAgent));
        assert_eq!(understood(&answer(false, false)), Err(Problem::NotAllowed));
        for odd in [().to_variant(), (true,).to_variant(), ("yes",).to_variant()] {
            assert_eq!(understood(&odd), Err(Problem::NotAllowed), "{odd}");
        }
    }

    #[test]
    fn the_call_has_polkits_signature() {
        let asked = Asked {
            sender: ":1.5",
            action: Action::TurnOn,
            choice: "usage-statistics",
            interactive: true,
            number: 7,
        };
        let arguments = asked.arguments();
        assert_eq!(arguments.type_().as_str(), "((sa{sv})sa{ss}us)");
        assert_eq!(
            arguments.child_value(3).get::<u32>(),
            Some(ALLOW_INTERACTION)
        );
    }
}
