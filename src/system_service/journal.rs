// SPDX-License-Identifier: GPL-3.0-or-later

//! Writes a line about each attempt to the system's log. The line contains nothing that a caller
//! wrote: only IDs, numbers and the names of files.

use std::os::unix::net::UnixDatagram;

use glib::{GStr, LogField, LogLevel, LogWriterOutput, gstr};

use crate::PROGRAM;

/// The ID of these messages, for `journalctl MESSAGE_ID=…`.
const MESSAGE_ID: &str = "b7f0c5b0d8a94b5c8f6d1c0e62a4a3d1";

/// The socket of a system log without a journal; `syslog(3)`.
const SYSLOG: &str = "/dev/log";

/// `LOG_AUTH | LOG_NOTICE`; RFC 3164.
const PRIORITY: u32 = 4 << 3 | 5;

/// An attempt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// The caller's user ID. `None`: the caller was gone.
    pub(crate) user: Option<u32>,
    /// The caller's unique name.
    pub(crate) sender: String,
    pub(crate) method: &'static str,
    pub(crate) choice: &'static str,
    pub(crate) state: &'static str,
    /// What polkit answered. Empty: it was not asked.
    pub(crate) answer: &'static str,
    /// `begins`, `done`, or the name of an error.
    pub(crate) result: String,
    /// The files, each with the hashes of its contents before and after.
    pub(crate) files: String,
}

impl Entry {
    /// Writes the line. Returns whether a log accepted it.
    pub(crate) fn write(&self) -> bool {
        let user = self
            .user
            .map_or_else(|| "?".to_owned(), |user| user.to_string());
        let message = format!(
            "{} {} {} by user {user}: {}",
            self.method, self.choice, self.state, self.result
        );
        let fields: [(&GStr, &str); 12] = [
            (gstr!("MESSAGE"), &message),
            (gstr!("MESSAGE_ID"), MESSAGE_ID),
            (gstr!("PRIORITY"), "5"),
            (gstr!("SYSLOG_IDENTIFIER"), PROGRAM),
            (gstr!("PRIVACY_PANEL_USER"), &user),
            (gstr!("PRIVACY_PANEL_SENDER"), &self.sender),
            (gstr!("PRIVACY_PANEL_METHOD"), self.method),
            (gstr!("PRIVACY_PANEL_CHOICE"), self.choice),
            (gstr!("PRIVACY_PANEL_STATE"), self.state),
            (gstr!("PRIVACY_PANEL_POLKIT"), self.answer),
            (gstr!("PRIVACY_PANEL_RESULT"), &self.result),
            (gstr!("PRIVACY_PANEL_FILES"), &self.files),
        ];
        let fields = fields.map(|(key, value)| LogField::new(key, value.as_bytes()));
        match glib::log_writer_journald(LogLevel::Message, &fields) {
            LogWriterOutput::Handled => true,
            _ => to_syslog(&format!("{message} {}", self.files)),
        }
    }
}

/// For computers without systemd.
fn to_syslog(message: &str) -> bool {
    let line = format!("<{PRIORITY}>{PROGRAM}[{}]: {message}", std::process::id());
    let socket = UnixDatagram::unbound().and_then(|socket| {
        socket.set_nonblocking(true)?;
        Ok(socket)
    });
    socket.is_ok_and(|socket| socket.send_to(line.as_bytes(), SYSLOG).is_ok())
}
