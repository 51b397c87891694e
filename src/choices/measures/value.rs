// SPDX-License-Identifier: GPL-3.0-or-later

//! A value in a file of the system, of any format. Everything else in the file stays.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::choices::catalogue::names::{AbsoluteFile, FormatName, KeyPart, NonEmpty};
use crate::choices::measure::{Entry, Measure, Seen};
use crate::formats::document;
use crate::formats::document::DocumentProblem;
use crate::formats::format::{Found, Look, Scalar};

/// Files that hide others as a whole: mozilla/gecko-dev, toolkit/components/enterprisepolicies/
/// EnterprisePoliciesParent.sys.mjs, `_getLocalConfigurationFile()` takes the first file that exists,
/// and the next one is in the program's folder `distribution`.
const HIDING: &[(&str, &[&str])] = &[
    (
        "/etc/firefox/policies/policies.json",
        &[
            "/usr/lib/firefox-esr/distribution/policies.json",
            "/usr/lib/firefox/distribution/policies.json",
            "/usr/lib64/firefox/distribution/policies.json",
        ],
    ),
    (
        "/etc/thunderbird/policies/policies.json",
        &[
            "/usr/lib/thunderbird/distribution/policies.json",
            "/usr/lib64/thunderbird/distribution/policies.json",
        ],
    ),
];

/// A value in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ValueOfSystem {
    pub(crate) file: AbsoluteFile,
    #[serde(default, skip_serializing_if = "FormatName::is_default")]
    pub(crate) format: FormatName,
    /// The names of the tables or groups, and of the value.
    pub(crate) key: NonEmpty<KeyPart>,
    pub(crate) value: Scalar,
    #[serde(default, skip_serializing_if = "Hold::is_alone")]
    pub(crate) hold: Hold,
    /// Whether the program may send something with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) on: bool,
    /// Whether the value needs an existing file, since the program needs more from the file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) needs_file: bool,
    /// Whether this value is the program's default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_unset: bool,
}

/// How the value relates to the users' own values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Hold {
    /// Users have none.
    #[default]
    Alone,
    /// Theirs override it.
    Preset,
    /// It overrides theirs, because the file says so.
    Lock,
}

impl Hold {
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's way.
    fn is_alone(&self) -> bool {
        *self == Self::Alone
    }
}

impl ValueOfSystem {
    fn key(&self) -> Vec<String> {
        self.key.iter().map(ToString::to_string).collect()
    }

    fn found(&self, file: &Path, entry: &Entry) -> Result<Look, DocumentProblem> {
        if matches!(entry, Entry::Nothing | Entry::Null) {
            return Ok(Found::NoFile.into());
        }
        let format = self.format.format();
        let content = entry.content(file)?;
        document::find(format, file, content, &self.key(), &self.value)
    }

    fn edited(
        &self,
        file: &Path,
        content: &[u8],
        value: Option<&Scalar>,
    ) -> Result<Vec<u8>, DocumentProblem> {
        document::edited(self.format.format(), file, content, &self.key(), value)
    }

    /// The content with the value.
    fn with(&self, file: &Path, content: &[u8]) -> Result<Vec<u8>, DocumentProblem> {
        let (format, key, value) = (self.format.format(), self.key(), Some(&self.value));
        match self.hold {
            Hold::Lock => document::edited_lock(format, file, content, &key, value, true),
            Hold::Alone | Hold::Preset => self.edited(file, content, value),
        }
    }
}

impl Measure for ValueOfSystem {
    fn file(&self) -> PathBuf {
        PathBuf::from(&*self.file)
    }

    fn name(&self) -> String {
        format!("{}#{}", &*self.file, self.key().join("."))
    }

    fn shown(&self) -> String {
        let lines = self.with(Path::new(""), b"");
        let lines = String::from_utf8(lines.unwrap_or_default()).unwrap_or_default();
        let lines: Vec<_> = lines.lines().map(str::trim).collect();
        lines.join(" ").trim().to_owned()
    }

    fn wanted(&self) -> String {
        self.value.to_string()
    }

    fn locks(&self) -> bool {
        self.hold != Hold::Preset
    }

    fn turns_on(&self) -> bool {
        self.on
    }

    fn needs_file(&self) -> bool {
        self.needs_file
    }

    fn look(&self, file: &Path, entry: &Entry) -> Result<Seen, DocumentProblem> {
        let look = self.found(file, entry)?;
        let is_unset = self.is_unset && !look.found.is_set();
        let has_value = is_unset || look.found.is(&self.value);
        Ok(Seen {
            value: match look.found {
                Found::Value(value) => Some(value.to_string()),
                _ if is_unset => Some(self.wanted()),
                _ => None,
            },
            locked: match self.hold {
                Hold::Alone => has_value,
                Hold::Preset | Hold::Lock => look.locked,
            },
        })
    }

    fn is_written(&self, file: &Path, entry: &Entry) -> Result<bool, DocumentProblem> {
        Ok(self.found(file, entry)?.found.is_set())
    }

    fn original(&self, file: &Path, entry: &Entry) -> Result<Option<Scalar>, DocumentProblem> {
        match self.found(file, entry)?.found {
            Found::NoFile | Found::Nothing => Ok(None),
            Found::Value(value) => Ok(Some(value)),
            Found::Other => Err(DocumentProblem::Broken(format!(
                "{}: a value of another kind than “{}”",
                file.display(),
                self.shown()
            ))),
        }
    }

    fn put(&self, file: &Path, entry: &Entry) -> Result<Entry, DocumentProblem> {
        let content = entry.content(file)?;
        self.with(file, content).map(Entry::File)
    }

    fn taken_out(
        &self,
        file: &Path,
        entry: &Entry,
        original: Option<&Scalar>,
    ) -> Result<Entry, DocumentProblem> {
        match entry {
            Entry::Nothing | Entry::Null => Ok(entry.clone()),
            _ => {
                let content = entry.content(file)?;
                let (format, key) = (self.format.format(), self.key());
                let new = match self.hold {
                    Hold::Lock => {
                        document::edited_lock(format, file, content, &key, original, false)
                    }
                    Hold::Alone | Hold::Preset => self.edited(file, content, original),
                };
                new.map(Entry::File)
            }
        }
    }

    fn hides(&self) -> &'static [&'static str] {
        let mut known = HIDING.iter();
        let found = known.find(|(file, _)| *file == &*self.file);
        found.map_or(&[], |(_, hidden)| hidden)
    }

    fn is_blank(&self, content: &[u8]) -> bool {
        self.format.format().is_blank(content)
    }
}
