// SPDX-License-Identifier: GPL-3.0-or-later

//! The changes of an application as a unified diff.

use std::path::PathBuf;

use similar::TextDiff;

/// A file that is changed, created or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The file's name in messages.
    pub file: PathBuf,
    /// The content now; `None` if there is no file.
    pub before: Option<Vec<u8>>,
    /// The new content; `None` if the file is to be removed.
    pub after: Option<Vec<u8>>,
}

impl FileChange {
    /// Whether the content changes.
    pub fn is_change(&self) -> bool {
        self.before != self.after
    }

    /// The difference, as `diff -u` prints it and `patch` reads it.
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
            // Creating or removing an empty file changes no line.
            return format!("--- {}\n+++ {}\n", name(&self.before), name(&self.after));
        }
        TextDiff::from_lines(&before, &after)
            .unified_diff()
            .header(&name(&self.before), &name(&self.after))
            .to_string()
    }
}
