// SPDX-License-Identifier: GPL-3.0-or-later

//! What an application of a policy would change, as a unified diff.

use std::path::PathBuf;

use similar::TextDiff;

/// A file that becomes another, comes or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The file's name for people.
    pub file: PathBuf,
    /// What it holds now; none: there is no such file.
    pub before: Option<Vec<u8>>,
    /// What it is to hold.
    pub after: Option<Vec<u8>>,
}

impl FileChange {
    /// Whether anything is different.
    pub fn is_change(&self) -> bool {
        self.before != self.after
    }

    /// The difference, as `diff -u` has it and `patch` takes it.
    pub fn unified(&self) -> String {
        let text = |bytes: &Option<Vec<u8>>| {
            String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
        };
        let name = |bytes: &Option<Vec<u8>>| match bytes {
            Some(_) => self.file.display().to_string(),
            None => "/dev/null".to_owned(),
        };
        let (before, after) = (text(&self.before), text(&self.after));
        if before == after && self.is_change() {
            // An empty file that comes or goes has no lines to show.
            return format!("--- {}\n+++ {}\n", name(&self.before), name(&self.after));
        }
        TextDiff::from_lines(&before, &after)
            .unified_diff()
            .header(&name(&self.before), &name(&self.after))
            .to_string()
    }
}
