// SPDX-License-Identifier: GPL-3.0-or-later

//! Parses the bytes as a list of recently used files, as GNOME Shell's counts, and as a KDE file.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::history(bytes));
