// SPDX-License-Identifier: GPL-3.0-or-later

//! Formats of files. A format finds or changes one value, and keeps every other byte.
//!
//! A kind of format implements [`format::Format`]. [`document`] reads and writes files of any kind.
//! Three modules are not such kinds: the history removes elements with `xml`, a store uses
//! `environment`, and the index of reader files uses `packed`.

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
mod libreoffice;
mod libreport;
pub mod mistake;
pub(crate) mod packed;
mod prefs_js;
pub(crate) mod qsettings;
mod shell;
pub(crate) mod toml;
mod vlcrc;
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
    ("qsettings", &qsettings::QSettings),
    ("prefs-js", &prefs_js::PrefsJs),
    ("shell", &shell::Shell),
    ("libreport", &libreport::Libreport),
    ("xml-text", &xml_text::XmlText),
    ("libreoffice", &libreoffice::LibreOffice),
    ("vlcrc", &vlcrc::Vlcrc),
    ("dated-word", &dated_word::DatedWord),
    ("consent-records", &consent_records::ConsentRecords),
];
