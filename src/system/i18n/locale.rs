// SPDX-License-Identifier: GPL-3.0-or-later

//! The C library's locale. Neither Rust's standard library nor GLib's bindings set it, and GTK does
//! so only for programs with a display.

// All unsafe code is in this file and in settings/backend.rs.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// From `bits/locale.h`. musl has the same value.
const LC_ALL: c_int = 6;

// locale.h and libintl.h. glibc and musl both have these.
unsafe extern "C" {
    fn setlocale(category: c_int, locale: *const c_char) -> *mut c_char;
    fn bindtextdomain(domain: *const c_char, folder: *const c_char) -> *mut c_char;
    fn bind_textdomain_codeset(domain: *const c_char, codeset: *const c_char) -> *mut c_char;
    fn textdomain(domain: *const c_char) -> *mut c_char;
}

/// Sets the locale of the environment, and the folder and encoding (UTF-8) of a message domain.
/// Does nothing if other threads run: they might read the locale meanwhile.
pub(crate) fn set(domain: &CStr, folder: PathBuf) {
    let Ok(folder) = CString::new(folder.into_os_string().into_vec()) else {
        return;
    };
    if !is_only_thread() {
        return;
    }
    // SAFETY: these functions change state of the whole process and read the environment. No other
    // thread is running. The arguments are C strings that live through the calls, and C copies
    // them. The results are ignored: without memory for three short strings, messages stay in
    // English.
    unsafe {
        setlocale(LC_ALL, c"".as_ptr());
        bindtextdomain(domain.as_ptr(), folder.as_ptr());
        bind_textdomain_codeset(domain.as_ptr(), c"UTF-8".as_ptr());
        // GtkBuilder translates by the process's own domain.
        textdomain(domain.as_ptr());
    }
}

/// Whether no other thread runs; `proc_pid_task(5)`.
fn is_only_thread() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
}
