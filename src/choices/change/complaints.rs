// SPDX-License-Identifier: GPL-3.0-or-later

//! Why a value didn't reach the settings storage. GSettings doesn't say; dconf logs it.

use std::env;
use std::io;
use std::sync::Mutex;

use crate::choices::change::failure::Failure;
use crate::system::bus::Bus;
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::settings::Storage;

/// Finds out why a value didn't reach the storage.
pub(super) fn explain() -> Failure {
    if !Storage::is_dconf() {
        return Failure::NotSaved(None);
    }
    if let Ok(None) = Bus::Session.connect(limits::SERVICE_PATIENCE) {
        return Failure::NoBus;
    }
    let folder = glib::user_config_dir().join("dconf");
    match try_to_write(&folder) {
        Err(error) => Failure::NotWritable {
            folder,
            reason: system_error(&error),
        },
        Ok(()) => Failure::NotSaved(complaint()),
    }
}

/// Does what dconf-service does to save: creates a file in the folder.
fn try_to_write(folder: &std::path::Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let probe = folder.join(format!(".privacy-panel-{}", std::process::id()));
    let written = std::fs::File::create_new(&probe)
        .and_then(|mut file| io::Write::write_all(&mut file, b"?"));
    // On a full disk, an empty file can still be created.
    let removed = std::fs::remove_file(probe);
    written.and(removed)
}

/// The last warning that dconf logged: the only place where it says why a write failed.
static COMPLAINT: Mutex<Option<String>> = Mutex::new(None);

/// Keeps dconf's warnings for [`Failure::NotSaved`] instead of printing them. Call it once. It does
/// nothing if the user enabled GLib's debug messages.
pub fn collect_complaints() {
    if env::var_os("G_MESSAGES_DEBUG").is_some() {
        return;
    }
    glib::log_set_writer_func(|level, fields| {
        let field = |name| {
            let field = fields.iter().find(|field| field.key() == name)?;
            field.value_str()
        };
        if level == glib::LogLevel::Warning && field("GLIB_DOMAIN") == Some("dconf") {
            if let Ok(mut complaint) = COMPLAINT.lock() {
                *complaint = field("MESSAGE").map(str::to_owned);
            }
            return glib::LogWriterOutput::Handled;
        }
        glib::log_writer_default(level, fields)
    });
}

pub(super) fn forget() {
    if let Ok(mut complaint) = COMPLAINT.lock() {
        complaint.take();
    }
}

fn complaint() -> Option<String> {
    COMPLAINT.lock().ok()?.clone()
}
