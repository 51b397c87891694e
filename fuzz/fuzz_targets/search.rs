// SPDX-License-Identifier: GPL-3.0-or-later

//! Searches for the bytes as terms.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::search(bytes));
