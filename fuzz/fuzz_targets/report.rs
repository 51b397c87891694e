// SPDX-License-Identifier: GPL-3.0-or-later

//! Any bytes as an Apport error report, and the output for it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::report(bytes));
