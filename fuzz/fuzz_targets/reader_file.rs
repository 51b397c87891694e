// SPDX-License-Identifier: GPL-3.0-or-later

//! Any bytes as a reader file, and the result of every policy for it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::reader_file(bytes));
