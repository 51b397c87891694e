// SPDX-License-Identifier: GPL-3.0-or-later

//! Any bytes as an error report of Apport's, and what is shown of it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::report(bytes));
