// SPDX-License-Identifier: GPL-3.0-or-later

//! The interface of all formats. A format finds one value in a text, or changes it, and leaves
//! every other byte as it is.
//!
//! Programs may read a file more leniently than its format says. If a format isn't certain what
//! programs read, it returns [`Found::Other`] or a mistake, and never the value for off.

use std::fmt;

use glib::Variant;
use glib::prelude::*;
use serde::{Deserialize, Serialize};
use toml_edit::Value;

use crate::formats::mistake::{At, quote};
use crate::system::limits;

/// A format of files with values under names.
pub trait Format: fmt::Debug + Sync {
    /// Checks a key. An error says what is expected.
    fn check(&self, key: &[String]) -> Result<(), &'static str>;

    /// The maximum size of a file, in bytes.
    fn most(&self) -> u64 {
        limits::DOCUMENT
    }

    /// Looks up a value. `key`: the names of its tables or groups, then its own. `like`: a value of
    /// the type that the program expects, for formats whose values are strings.
    ///
    /// # Errors
    ///
    /// The text isn't of this format, or programs may read another value than the one found.
    fn look(&self, text: &[u8], key: &[String], like: &Scalar) -> Result<Look, At>;

    /// The text with the value set or removed. Nothing else changes.
    ///
    /// # Errors
    ///
    /// As for [`Format::look`], or the value can't be changed alone.
    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At>;

    /// Like [`Format::edit`], but also changes a locked value. `locks`: whether to lock the new
    /// value, so that no more important file can set it. `None` if the format has no locks.
    fn edit_lock(
        &self,
        _text: &[u8],
        _key: &[String],
        _value: Option<&Scalar>,
        _locks: bool,
    ) -> Option<Result<Vec<u8>, At>> {
        None
    }

    /// Whether programs hold Qt's lock file beside a file of this format while they write it.
    fn has_qt_lock(&self) -> bool {
        false
    }

    /// The signal on the session bus that tells running programs about a changed value. `file`: the
    /// file's name below the user's configuration folder. `None` if the programs listen to no
    /// signal.
    fn change_signal(&self, _file: &str, _key: &[String]) -> Option<ChangeSignal> {
        None
    }

    /// Whether a text has no content. Such a file may be removed with its last value.
    fn is_blank(&self, text: &[u8]) -> bool {
        text.trim_ascii().is_empty()
    }
}

/// A signal about a changed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSignal {
    /// The object that emits it.
    pub path: String,
    /// Its interface.
    pub interface: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its arguments, as a tuple.
    pub arguments: Variant,
}

/// What a text has at a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The value.
    pub found: Found,
    /// Whether the text forbids more important files to set the value.
    pub locked: bool,
    /// Whether the text hides the values of less important files, although it has no value itself.
    pub hides: bool,
}

impl From<Found> for Look {
    fn from(found: Found) -> Self {
        Self {
            found,
            locked: false,
            hides: false,
        }
    }
}

/// What a file has at a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is no such file.
    NoFile,
    /// The file has no such value.
    Nothing,
    /// A value that could decide something.
    Value(Scalar),
    /// A value of another type, such as a date, or one that programs may read differently.
    Other,
}

impl Found {
    /// Whether it is this value.
    pub fn is(&self, value: &Scalar) -> bool {
        matches!(self, Self::Value(found) if found == value)
    }

    /// Whether there is any value.
    pub const fn is_set(&self) -> bool {
        matches!(self, Self::Value(_) | Self::Other)
    }
}

/// A value with a meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
}

impl From<&Scalar> for Value {
    fn from(value: &Scalar) -> Self {
        match value {
            Scalar::Boolean(on) => (*on).into(),
            Scalar::Integer(number) => (*number).into(),
            Scalar::Text(text) => text.as_str().into(),
        }
    }
}

impl Scalar {
    /// The value as GVariant, of the type `b`, `x` or `s`.
    pub fn to_variant(&self) -> Variant {
        match self {
            Self::Boolean(on) => on.to_variant(),
            Self::Integer(number) => number.to_variant(),
            Self::Text(text) => text.to_variant(),
        }
    }

    /// Parses an integer in its usual decimal form. `None` for other forms, such as `010`.
    pub(crate) fn decimal(text: &str) -> Option<Self> {
        let number: i64 = text.parse().ok()?;
        (number.to_string() == text).then_some(Self::Integer(number))
    }

    /// The inverse of [`Scalar::to_variant`]. `None` for other types.
    pub fn from_variant(value: &Variant) -> Option<Self> {
        let boolean = value.get().map(Self::Boolean);
        let integer = || value.get().map(Self::Integer);
        boolean
            .or_else(integer)
            .or_else(|| value.get().map(Self::Text))
    }
}

/// In TOML syntax.
impl fmt::Display for Scalar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Value::from(self).fmt(out)
    }
}

/// Whether a lenient program could take one name for the other: they differ only in the case of
/// their letters, in `-` and `_`, or in quotes around them.
pub(crate) fn is_other_spelling(one: &str, other: &str) -> bool {
    let folded = |name: &str| {
        let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
        name.to_lowercase().replace('_', "-")
    };
    one != other && folded(one) == folded(other)
}

/// The mistake of a name in another spelling.
pub(crate) fn other_spelling(at: Option<usize>, found: &str, expected: &str) -> At {
    At(
        at,
        format!(
            "{}, which the program may read as {}; expected only that spelling",
            quote(found),
            quote(expected)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_lenient_program_may_confuse_are_other_spellings() {
        for other in [
            "Consent_State",
            "consent-state",
            "CONSENT_STATE",
            "'consent_state'",
        ] {
            assert!(is_other_spelling(other, "consent_state"), "{other}");
        }
        for other in ["consent_state", "consentstate", "consent_states", ""] {
            assert!(!is_other_spelling(other, "consent_state"), "{other}");
        }
    }
}
