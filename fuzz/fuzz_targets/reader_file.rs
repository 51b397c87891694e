// SPDX-License-Identifier: GPL-3.0-or-later

//! Any bytes as a reader file, and what every policy makes of it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::reader_file(bytes));
