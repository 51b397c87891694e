// SPDX-License-Identifier: GPL-3.0-or-later

//! Telling systemd that units were masked, or no longer are.

use std::path::Path;
use std::process::Command;

use crate::i18n::system_error;

/// Where systemd leaves word that it is the one that runs; `sd_booted(3)`.
const RUNS: &str = "/run/systemd/system";

/// Has systemd read its units anew, and end those that were masked. Says what it had to say; without
/// it nothing is to be done, and at the next start it finds out by itself.
pub(super) fn reload(masked: &[String]) -> Option<String> {
    if !Path::new(RUNS).is_dir() {
        return None;
    }
    let mut said = systemctl(&["daemon-reload"]);
    if !masked.is_empty() {
        // Not waited for: one that takes its time ends all the same.
        let mut words = vec!["stop", "--no-block", "--"];
        words.extend(masked.iter().map(String::as_str));
        said.extend(systemctl(&words));
    }
    (!said.is_empty()).then(|| said.join("\n"))
}

/// What it complained of.
fn systemctl(arguments: &[&str]) -> Vec<String> {
    let path = std::env::var_os("PATH").map(|path| ("PATH", path));
    let output = Command::new("systemctl")
        .args(arguments)
        .env_clear()
        .envs(path)
        .current_dir("/")
        .output();
    match output {
        // A unit that is not there does not run.
        Ok(output) if output.status.success() || output.status.code() == Some(5) => Vec::new(),
        Ok(output) => String::from_utf8_lossy(&output.stderr)
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .collect(),
        Err(error) => vec![format!("systemctl: {}", system_error(&error))],
    }
}
