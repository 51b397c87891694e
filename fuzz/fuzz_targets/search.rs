// SPDX-License-Identifier: GPL-3.0-or-later

//! Any bytes as the terms of a search.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::search(bytes));
