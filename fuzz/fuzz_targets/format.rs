// SPDX-License-Identifier: GPL-3.0-or-later

//! Reads and changes the bytes as a file of each format.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::format(bytes));
