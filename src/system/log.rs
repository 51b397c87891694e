// SPDX-License-Identifier: GPL-3.0-or-later

//! Reports each complaint in the logs of GLib and dconf once in a process.
//!
//! The libraries repeat themselves: dconf logs the same for each key that it reads. They print for
//! developers, in English. With `G_MESSAGES_DEBUG` in the environment, all messages stay as they are.

use std::env;
use std::path::PathBuf;
use std::sync::Mutex;

use glib::{LogLevel, LogWriterOutput};

use crate::system::bus::lock;
use crate::system::dconf::target;
use crate::system::limits;
use crate::system::settings::fault;
use crate::system::settings::fault::StorageFault;

/// What a library complains about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// Settings can't be saved, and perhaps not read.
    Storage(StorageFault),
    /// dconf can't use its folder below `XDG_RUNTIME_DIR`, so it opens its database for each key.
    RuntimeFolder(PathBuf),
    /// Something else.
    Other {
        /// The library.
        library: String,
        /// What it says, in one line, usually in English.
        message: String,
    },
}

/// The last failure of a write that dconf logged: the only place where it says why.
static FAILURE: Mutex<Option<String>> = Mutex::new(None);

/// The complaints that were reported.
static TOLD: Mutex<Vec<Complaint>> = Mutex::new(Vec::new());

/// Calls a function for each complaint of GLib and dconf, once, from any thread, instead of printing
/// it. Call it once, before the settings are used.
///
/// # Panics
///
/// When it is called again.
pub fn tell(told: fn(&Complaint)) {
    if env::var_os("G_MESSAGES_DEBUG").is_some() {
        return;
    }
    glib::log_set_writer_func(move |level, fields| {
        let field = |name| {
            let field = fields.iter().find(|field| field.key() == name)?;
            field.value_str()
        };
        let library = field("GLIB_DOMAIN").unwrap_or_default();
        let message = field("MESSAGE").unwrap_or_default();
        let is_theirs = library == "dconf" || library == "GLib" || library.starts_with("GLib-");
        match level {
            LogLevel::Critical | LogLevel::Warning | LogLevel::Message if is_theirs => {}
            // A fatal error ends the process. The other messages are for debugging.
            _ => return glib::log_writer_default(level, fields),
        }
        if let Some(complaint) = understand(library, message) {
            let is_new = {
                let mut before = lock(&TOLD);
                let is_new = !before.contains(&complaint);
                if is_new {
                    before.push(complaint.clone());
                }
                is_new
            };
            if is_new {
                told(&complaint);
            }
        }
        LogWriterOutput::Handled
    });
}

/// What a message means. `None`: it is about a write, which is read back.
fn understand(library: &str, message: &str) -> Option<Complaint> {
    if library == "dconf" {
        // GNOME/dconf, engine/dconf-engine.c, shm/dconf-shm.c, engine/dconf-engine-profile.c.
        if message.starts_with("failed to commit changes to dconf") {
            *lock(&FAILURE) = Some(limits::cut(message, limits::SERVICE_MESSAGE));
            return None;
        }
        if message.ends_with("dconf will not work properly.") {
            let folder = glib::user_runtime_dir().join("dconf");
            return Some(Complaint::RuntimeFolder(folder));
        }
        if let Err(problem) = target::target() {
            return Some(Complaint::Storage(StorageFault::Profile(problem)));
        }
    }
    // GNOME/glib, gio/gsettingsbackend.c. GLib logs this while it creates the backend, so this code
    // must not use the backend.
    if library == "GLib-GIO" && message.starts_with("Using the 'memory' GSettings backend") {
        return Some(Complaint::Storage(fault::memory_only()));
    }
    Some(Complaint::Other {
        library: library.to_owned(),
        message: limits::cut(message, limits::SERVICE_MESSAGE),
    })
}

pub(crate) fn forget_failure() {
    lock(&FAILURE).take();
}

/// Why the last write failed, as dconf logged it.
pub(crate) fn failure() -> Option<String> {
    lock(&FAILURE).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dconf_says_for_each_key_is_one_complaint() {
        let folder = "unable to create directory '/run/user/1/dconf': Permission denied.  dconf will not work properly.";
        let file = "unable to create file '/run/user/1/dconf/user': Permission denied.  dconf will not work properly.";
        let complaint = understand("dconf", folder);
        assert!(matches!(complaint, Some(Complaint::RuntimeFolder(_))));
        assert_eq!(understand("dconf", file), complaint);
    }

    #[test]
    fn the_failure_of_a_write_is_kept_for_the_answer_and_all_else_is_told() {
        let failed = "failed to commit changes to dconf: no";
        assert_eq!(understand("dconf", failed), None);
        assert_eq!(failure().as_deref(), Some(failed));
        forget_failure();
        assert_eq!(failure(), None);
        let other = understand("GLib-GIO", failed);
        assert!(matches!(other, Some(Complaint::Other { .. })));
    }
}
