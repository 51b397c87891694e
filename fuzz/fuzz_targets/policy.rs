// SPDX-License-Identifier: GPL-3.0-or-later

//! Any bytes as a policy, and what it compiles to.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::policy(bytes));
