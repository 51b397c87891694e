// SPDX-License-Identifier: GPL-3.0-or-later

//! Any bytes as a call of the system service, and as the files that it reads and changes.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::service(bytes));
