// SPDX-License-Identifier: GPL-3.0-or-later

//! The limits of everything that the programs read, and of every time for which they wait.
//!
//! Files, services and callers belong to other people, so each input has a limit in bytes, in
//! entries, in depth and in time. Beyond a limit, the program reports an error that says what to do,
//! or cuts and says that it did. `docs/security.md` has the same list for administrators.
//!
//! Two limits are not here because other programs set them: dbus-daemon and `GDBus` accept a message of
//! up to 128 MiB before the receiver sees it, and the TOML parser refuses more than 80 levels.

use std::time::Duration;

// ── Reader files: `catalogue`, `reader` ─────────────────────────────────────────────────────────

/// How large a reader file may be, in bytes. The largest shipped one has 3 KiB.
pub const READER_FILE: u64 = 256 * 1024;

/// How many reader files one folder may have. Beyond: the first ones by name are read, and the
/// folder is reported as a mistake.
pub const READER_FILES: usize = 4096;

/// How many folders of `XDG_DATA_DIRS` are looked through, the most important first. Nix and Guix
/// profiles have about 20. Beyond: the others are left out, and the variable is reported.
pub const DATA_FOLDERS: usize = 128;

/// How many entries a list in a reader file may have: names, files, programs, signals, units,
/// conditions.
pub const READER_LIST: usize = 1024;

/// How long a name for people may be, in bytes.
pub const READER_NAME: usize = 200;

/// How long a word, a path or a text of a reader file may be, in bytes.
pub const READER_TEXT: usize = 1024;

/// How long a name on a bus may be, in bytes. The D-Bus Specification says so; a bus closes the
/// connection of a program that sends a longer one.
pub const BUS_NAME: usize = 255;

/// How long the name of a file in a reader file may be, in bytes; `PATH_MAX` of Linux.
pub const FILE_NAME: usize = 4096;

/// How long a value as GVariant text may be, in bytes.
pub const VALUE_TEXT: usize = 4096;

/// How deeply a value may be nested. A bus accepts 64 levels; a Zeitgeist template has 4.
pub const VALUE_DEPTH: usize = 16;

/// How many tables a dotted TOML key may lead through.
pub const KEY_DEPTH: usize = 16;

/// How many parts of a file pattern may have wildcards: each multiplies the folders to look at.
pub const WILDCARD_PARTS: usize = 3;

/// How many `*` a file pattern may have.
pub const WILDCARDS: usize = 8;

/// How many names of files are compared with a file pattern. Beyond: the pattern counts as matched,
/// so that a program that may send something is not called off.
pub const PATTERN_ENTRIES: usize = 20_000;

/// How many files of one reader may match a `*` in the person's configuration folder. Beyond: the
/// reader has a problem.
pub const CONFIGURATION_FILES: usize = 256;

/// How large a TOML file with a value may be, in bytes; `document` reads and rewrites it.
pub const DOCUMENT: u64 = 256 * 1024;

/// How large a file of another program may be that is kept while a new one takes its place, in
/// bytes; `tree` and `policy`.
pub const FOREIGN_FILE: u64 = 64 * 1024 * 1024;

/// How much of an application's name is kept, in characters.
pub const PROGRAM_NAME: usize = 256;

/// How large a search provider's file may be, in bytes; `reader::list`. Real ones have 300 bytes.
pub const PROVIDER_FILE: u64 = 64 * 1024;

/// How many search providers' files are read in all. Beyond: the other ones are taken for not
/// installed, as GNOME Shell would start none of so many.
pub const PROVIDER_FILES: usize = 4096;

// ── Policies: `policy::parse` ───────────────────────────────────────────────────────────────────

/// How long an organisation's name or address may be, in bytes.
pub const POLICY_TEXT: usize = 1000;

/// How many lines that are not TOML the parser looks past: the file is parsed again for each.
pub const POLICY_BROKEN_LINES: usize = 100;

/// How long an unknown word may be for which a similar known one is looked for, in bytes.
pub const SIMILAR_WORD: usize = 64;

// ── Searches: `search`, the search provider, the panel's search entries ─────────────────────────

/// How many terms of a search count. Beyond: the others are left out.
pub const SEARCH_TERMS: usize = 32;

/// How many characters of a term count. Beyond: the term is cut, before it is normalized, which takes
/// GLib time with the square of the marks on one letter.
pub const SEARCH_TERM: usize = 256;

/// How many results of an earlier search count, or are described. There are fewer choices.
pub const SEARCH_RESULTS: usize = 256;

/// How long the search provider waits for another question; people type with pauses.
pub const PROVIDER_IDLE: Duration = Duration::from_secs(10);

/// How long the search provider answers callers that have not heard yet that its name is gone.
pub const PROVIDER_LAST_CALLS: Duration = Duration::from_millis(500);

// ── Services: `services`, `history::zeitgeist`, `history::never_record`, `watch` ────────────────

/// How many properties or entries a service's answer may have. Beyond: “its answer is too large”.
pub const SERVICE_ENTRIES: usize = 10_000;

/// How large a service's answer may be, in bytes. Beyond: “its answer is too large”.
pub const SERVICE_ANSWER: usize = 4 * 1024 * 1024;

/// How much of a service's error message is kept, in characters.
pub const SERVICE_MESSAGE: usize = 400;

/// How long an identifier may be, in bytes. Whoopsie's has 128.
pub const IDENTIFIER: usize = 1024;

/// How many events Zeitgeist is asked for at once. Beyond: the most recent ones are removed, and the
/// person reads that there are more.
pub const ZEITGEIST_EVENTS: usize = 1_000_000;

/// How many events are removed with one call at most.
pub const ZEITGEIST_BATCH: usize = 500;

/// How long a call that removes events should take: longer ones halve the next batch.
pub const ZEITGEIST_PACE: Duration = Duration::from_millis(500);

/// How long a service may take to answer a question.
pub const SERVICE_PATIENCE: Duration = Duration::from_millis(1500);

/// How long a service may take for a change: it may have a person asked for a password first.
pub const CHANGE_PATIENCE: Duration = Duration::from_secs(120);

/// How long a service may take for a change that did not answer a question just before.
pub const LAST_CHANGE_PATIENCE: Duration = Duration::from_secs(5);

/// How long a service that did not answer is left alone.
pub const SERVICE_REST: Duration = Duration::from_secs(10);

/// How often a write is tried again that failed without a reason: the settings service may have
/// died, and the bus starts another.
pub const SETTINGS_RETRIES: usize = 2;

/// How long the bus has to notice that the settings service is gone, before each of these.
pub const SETTINGS_PAUSE: Duration = Duration::from_millis(100);

/// How long the settings service may take for a change. A service that asks the person for
/// permission has [`CHANGE_PATIENCE`] in addition.
pub const SETTINGS_PATIENCE: Duration = Duration::from_secs(10);

/// How long the bus itself may take.
pub const BUS_PATIENCE: Duration = Duration::from_secs(3);

/// How long Zeitgeist may take. It may have to be started, and cleans its database then.
pub const ZEITGEIST_PATIENCE: Duration = Duration::from_secs(20);

/// How long Zeitgeist may take to say what is gone by then, once the person stopped it.
pub const LAST_ZEITGEIST_PATIENCE: Duration = Duration::from_secs(3);

/// How often the programs look again at most, however many signals say that something changed.
pub const LOOK_AGAIN: Duration = Duration::from_millis(50);

// ── History: `history` ──────────────────────────────────────────────────────────────────────────

/// How large a file with entries may be, in bytes: ten times the longest list that was ever seen.
pub const HISTORY_FILE: u64 = 64 * 1024 * 1024;

/// How many entries a file may have.
pub const HISTORY_ENTRIES: usize = 1_000_000;

/// How many attributes an XML element may have. The parser compares each with all before it.
pub const XML_ATTRIBUTES: usize = 1000;

/// How deeply XML elements may be nested.
pub const XML_DEPTH: usize = 64;

/// How long a date may be, in bytes.
pub const DATE: usize = 64;

/// How often a file that others keep replacing is read again before the program gives up.
pub const REPLACE_TRIES: usize = 5;

/// How much of a process's environment is read, in bytes. Beyond: the program counts as one that uses
/// the same files.
pub const ENVIRONMENT: u64 = 1024 * 1024;

/// How long the name of an application's desktop file may be, in bytes; `NAME_MAX` of Linux.
pub const DESKTOP_FILE: usize = 255;

// ── Reports: `reports` ──────────────────────────────────────────────────────────────────────────

/// How much of a report is read for a list, in bytes. What comes first in it is short.
pub const REPORT_HEAD: u64 = 16 * 1024;

/// How much of a program's path is read for a list, in bytes.
pub const REPORT_PROGRAM: u64 = 4096;

/// How much of a report is gone through to show it, in bytes: a core dump may be in it, and a hostile
/// file has no end. Beyond: one last field without a name says that there is more.
pub const REPORT_FILE: u64 = 2 * 1024 * 1024 * 1024;

/// How much of a line is read at a time, in bytes; a field's name is at its beginning.
pub const REPORT_LINE: u64 = 64 * 1024;

/// How long a field's name may be, in bytes. Beyond: the line counts as text without a name.
pub const REPORT_FIELD_NAME: usize = 256;

/// How many fields of a report are shown. Real ones have fewer than a hundred. Beyond: the last
/// of them is replaced by one without a name that says so.
pub const REPORT_FIELDS: usize = 1000;

/// How much text of one field is kept, in bytes. Beyond: the text is cut, and says so.
pub const REPORT_TEXT: usize = 256 * 1024;

/// How much text of all fields together is kept, in bytes.
pub const REPORT_CONTENT: usize = 4 * 1024 * 1024;

/// How much packing can make of a byte: 258 bytes of two bits, as deflate has it. A larger claim is not
/// repeated.
pub const PACKING_RATIO: u64 = 1032;

/// How much packed content is decoded at a time, in bytes.
pub const UNPACKED_PIECE: usize = 32 * 1024;

/// How much of a field `privacyctl` unpacks, in bytes. Beyond: it names apport-unpack.
pub const REPORT_FIELD: u64 = 64 * 1024 * 1024;

/// How long an attribute of a core dump may be, in bytes. Beyond: it counts as missing.
pub const CORE_ATTRIBUTE: usize = 8 * 1024;

/// How many names in a folder of reports are looked at. Beyond: the folder is reported as one that was
/// not read to its end.
pub const REPORT_NAMES: usize = 100_000;

// ── Messages ────────────────────────────────────────────────────────────────────────────────────

/// How much of an offending text a mistake quotes, in characters.
pub const QUOTE: usize = 80;

/// How much of a parser's message is kept, in characters.
pub const PARSER_MESSAGE: usize = 400;

/// A text, or its beginning with a sign that there is more. `most` counts characters.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äöü…");
        assert_eq!(cut("", 0), "");
        assert_eq!(cut("a", 0), "…");
    }
}
