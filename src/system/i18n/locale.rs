// SPDX-License-Identifier: GPL-3.0-or-later

//! The C library's locale. Neither Rust's standard library nor GLib's bindings set it, and GTK does
//! so only for programs with a display.

// All unsafe code is in this file and in storage/backend.rs.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// `bits/locale.h`; musl's is the same.
const LC_ALL: c_int = 6;

// locale.h and libintl.h. Both C libraries that Linux has know these.
unsafe extern "C" {
    fn setlocale(category: c_int, locale: *const c_char) -> *mut c_char;
    fn bindtextdomain(domain: *const c_char, folder: *const c_char) -> *mut c_char;
    fn bind_textdomain_codeset(domain: *const c_char, codeset: *const c_char) -> *mut c_char;
}

/// Takes the locale of the environment, and has the messages of a domain looked up in a folder,
/// as UTF-8. Where there are other threads it does nothing: they might read the locale meanwhile.
pub(crate) fn set(domain: &CStr, folder: PathBuf) {
    let Ok(folder) = CString::new(folder.into_os_string().into_vec()) else {
        return;
    };
    if !is_only_thread() {
        return;
    }
    // SAFETY: these functions change what belongs to the whole process, and read the environment.
    // No other thread is there to do either. The arguments are C strings that live through the
    // calls, and are copied. What comes back is not used: without memory for three short strings
    // there is nothing better to do than to speak English.
    unsafe {
        setlocale(LC_ALL, c"".as_ptr());
        bindtextdomain(domain.as_ptr(), folder.as_ptr());
        bind_textdomain_codeset(domain.as_ptr(), c"UTF-8".as_ptr());
    }
}

/// Whether no other thread runs, by `proc_pid_task(5)`.
fn is_only_thread() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
}
