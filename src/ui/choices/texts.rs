// SPDX-License-Identifier: GPL-3.0-or-later

//! The texts about a choice, on the first page and on the choice's own page.

use privacy_panel::choices::overview;
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::state::State;
use privacy_panel::choices::status::{ChoiceStatus, ReaderStatus};
use privacy_panel::choices::words;
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::choices::control::{Control, Restart};
use crate::choices::lever::Position;
use crate::kit::markup;

/// The request of a switch that the user moved.
pub(crate) const fn request(on: bool) -> Request {
    if on { Request::On } else { Request::Off }
}

/// While services are asked.
pub(crate) fn waiting() -> String {
    // Translators: while it is not known yet what an app does
    gettext("Waiting for an answer…")
}

/// While the user or an administrator is asked for a password.
pub(crate) fn asking() -> String {
    // Translators: while a password is asked for in another window
    gettext("Waiting for permission…")
}

/// What an app does that the user restarts.
pub(crate) fn restart(reader: &ReaderStatus, restart: Restart) -> String {
    let program = [("program", &*reader.program_name())];
    match restart {
        // Translators: {program} is an app that was asked to quit, and is opened again afterwards
        Restart::Closing => gettext_f("Waiting for {program} to close…", &program),
        Restart::StillOpen => gettext_f(
            // Translators: {program} is an app that did not quit when it was asked to
            "{program} is still open. Close it and open it again.",
            &program,
        ),
    }
}

/// The name of the key before a switch.
pub(crate) fn key() -> String {
    // Translators: about a switch or an app: changing it asks for a password
    gettext("Asks for an administrator’s password")
}

/// The lines below the name of a choice.
pub(crate) struct Said {
    line: String,
    is_mixed: bool,
    failure: Option<String>,
}

impl Said {
    pub(crate) fn markup(&self) -> String {
        let mut lines = vec![self.state()];
        lines.extend(self.failure.as_deref().map(bold));
        lines.join("\n")
    }

    /// Without the failure, which the page of a choice shows in a row of its own.
    pub(crate) fn state(&self) -> String {
        if self.is_mixed {
            bold(&self.line)
        } else {
            markup::escape(&self.line).into()
        }
    }

    /// For screen readers. What failed comes first: it is what the user waits for.
    pub(crate) fn spoken(&self) -> String {
        match &self.failure {
            Some(failure) => format!("{failure} {}", self.line),
            None => self.line.clone(),
        }
    }
}

fn bold(text: &str) -> String {
    format!("<b>{}</b>", markup::escape(text))
}

pub(crate) fn said(control: &Control) -> Said {
    let status = control.status();
    Said {
        line: match &status {
            _ if control.is_asking() => asking(),
            Some(status) => overview::line(status),
            None => waiting(),
        },
        is_mixed: status.is_some_and(|status| status.known() == Some(State::Mixed)),
        // While it is tried again, nothing has failed yet.
        failure: control.failure().filter(|_| !control.is_asking()),
    }
}

/// The switch of all apps of a choice.
pub(crate) fn position(control: &Control) -> Position {
    let Some(status) = control.status() else {
        return Position::default();
    };
    let on = status.state.may_send();
    Position {
        on: Some(on),
        free: !status.locked && control.can_save(),
        lock: status.locked.then(|| words::who(&status)),
        key: (!status.locked && asks_for_password(&status, on)).then(key),
        waits: control.is_asking(),
        description: said(control).spoken(),
    }
}

fn asks_for_password(status: &ChoiceStatus, on: bool) -> bool {
    if on {
        return overview::off_asks_for_password(status);
    }
    status.followers().any(overview::asks_for_password)
}
