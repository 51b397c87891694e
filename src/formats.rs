// SPDX-License-Identifier: GPL-3.0-or-later

//! Formats of files: one value is found or changed, and every other byte stays.
//!
//! A kind of format implements [`format::Format`]. [`document`] reads and writes files of any kind.
//! [`xml`] is no such kind: the history removes elements with it. [`environment`] is for its store.

pub(crate) mod bytes;
mod consent_records;
mod dated_word;
pub mod document;
pub(crate) mod environment;
pub mod format;
mod gkeyfile;
pub(crate) mod ini;
mod json;
pub(crate) mod kconfig;
pub mod mistake;
mod prefs_js;
mod shell;
pub(crate) mod toml;
pub(crate) mod xml;
mod xml_text;

use format::Format;

// To add a format, add a file to `formats/` with a type that implements `Format`; a line here, and
// its `mod` above. Document it in `docs/readers.md`. Tests and the fuzz target go through the list.

/// The formats by their names in reader files.
pub const FORMATS: &[(&str, &dyn Format)] = &[
    ("toml", &toml::Toml),
    ("gkeyfile", &gkeyfile::GKeyFile),
    ("kconfig", &kconfig::KConfig),
    ("json", &json::Json::Strict),
    ("jsonc", &json::Json::WithComments),
    ("prefs-js", &prefs_js::PrefsJs),
    ("shell", &shell::Shell),
    ("xml-text", &xml_text::XmlText),
    ("dated-word", &dated_word::DatedWord),
    ("consent-records", &consent_records::ConsentRecords),
];
