// SPDX-License-Identifier: GPL-3.0-or-later

//! Reloading systemd after units were masked or unmasked.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use crate::system::child;
use crate::system::child::{Child, Limits, Program};

/// The folder that shows that systemd runs; `sd_booted(3)`.
const RUNS: &str = "/run/systemd/system";

/// The limits of `systemctl`.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(10),
    output: 1024 * 1024,
    memory: None,
};

/// Reloads systemd and stops the masked units. Returns its error messages. Does nothing if systemd
/// doesn't run: it reads the units at its next start.
pub(crate) fn reload(masked: &[String]) -> Option<String> {
    if !Path::new(RUNS).is_dir() {
        return None;
    }
    let mut messages = systemctl(&["daemon-reload".as_ref()]);
    if !masked.is_empty() {
        // Doesn't wait: a slow unit stops nevertheless.
        let mut words: Vec<&OsStr> = ["stop", "--no-block", "--"].map(OsStr::new).into();
        words.extend(masked.iter().map(OsStr::new));
        messages.extend(systemctl(&words));
    }
    (!messages.is_empty()).then(|| messages.join("\n"))
}

/// Its error messages.
fn systemctl(arguments: &[&OsStr]) -> Vec<String> {
    let program = Program {
        name: Some("systemctl".as_ref()),
        arguments,
        environment: vec![("PATH", child::path())],
    };
    match Child::start(&program, LIMITS).and_then(|child| child.finish(b"")) {
        // A missing unit doesn't run.
        Ok(output) if output.status.success() || output.status.code() == Some(5) => Vec::new(),
        Ok(output) => String::from_utf8_lossy(&output.stderr)
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .collect(),
        Err(failure) => vec![format!("systemctl: {failure}")],
    }
}
