// SPDX-License-Identifier: GPL-3.0-or-later

//! Telling systemd that units were masked, or no longer are.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use crate::system::child;
use crate::system::child::{Child, Limits, Program};

/// Where systemd leaves word that it is the one that runs; `sd_booted(3)`.
const RUNS: &str = "/run/systemd/system";

/// What `systemctl` may take.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(10),
    output: 1024 * 1024,
    memory: None,
};

/// Has systemd read its units anew, and end those that were masked. Says what it had to say; without
/// it nothing is to be done, and at the next start it finds out by itself.
pub(crate) fn reload(masked: &[String]) -> Option<String> {
    if !Path::new(RUNS).is_dir() {
        return None;
    }
    let mut said = systemctl(&["daemon-reload".as_ref()]);
    if !masked.is_empty() {
        // Not waited for: one that takes its time ends all the same.
        let mut words: Vec<&OsStr> = ["stop", "--no-block", "--"].map(OsStr::new).into();
        words.extend(masked.iter().map(OsStr::new));
        said.extend(systemctl(&words));
    }
    (!said.is_empty()).then(|| said.join("\n"))
}

/// What it complained of.
fn systemctl(arguments: &[&OsStr]) -> Vec<String> {
    let program = Program {
        name: Some("systemctl"),
        arguments,
        environment: vec![("PATH", child::path())],
    };
    match Child::start(&program, LIMITS).and_then(|child| child.finish(b"")) {
        // A unit that is not there does not run.
        Ok(output) if output.status.success() || output.status.code() == Some(5) => Vec::new(),
        Ok(output) => String::from_utf8_lossy(&output.stderr)
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .collect(),
        Err(failure) => vec![format!("systemctl: {failure}")],
    }
}
