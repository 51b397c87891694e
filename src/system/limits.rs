// SPDX-License-Identifier: GPL-3.0-or-later

//! The limits of all input, and all timeouts.
//!
//! Other people control files, services and callers, so each input has a limit in bytes, in
//! entries, in depth and in time. Beyond a limit, the program reports an error that says what to
//! do, or it cuts the input and says so. `docs/security.md` has the same list for administrators.
//!
//! Other programs set two limits: dbus-daemon and `GDBus` accept messages of up to 128 MiB before
//! the receiver sees them, and the TOML parser refuses more than 80 levels.

use std::time::Duration;

// ── Reader files: `catalogue`, `reader` ─────────────────────────────────────────────────────────

/// The maximum size of an index of reader files, in bytes. That of 1,000 files has 200 KiB.
pub const INDEX: u64 = 4 * 1024 * 1024;

/// The maximum size of a reader file, in bytes. The largest shipped one has 3 KiB.
pub const READER_FILE: u64 = 256 * 1024;

/// The maximum number of reader files in a folder. Beyond: the first ones by name are read, and the
/// folder is reported as a mistake.
pub const READER_FILES: usize = 4096;

/// How many folders of `XDG_DATA_DIRS` are used, the most important first. Nix and Guix profiles
/// have about 20. Beyond: the others are skipped, and the variable is reported.
pub const DATA_FOLDERS: usize = 128;

/// The maximum number of entries in a list of a reader file: names, files, programs, signals,
/// units, conditions.
pub const READER_LIST: usize = 1024;

/// The maximum length of a display name, in bytes.
pub const READER_NAME: usize = 200;

/// The maximum length of a word, a path or a text in a reader file, in bytes.
pub const READER_TEXT: usize = 1024;

/// The maximum length of a bus name, in bytes; D-Bus Specification. A bus disconnects a program
/// that sends a longer one.
pub const BUS_NAME: usize = 255;

/// The maximum length of a file name in a reader file, in bytes; `PATH_MAX` of Linux.
pub const FILE_NAME: usize = 4096;

/// The maximum length of a value as GVariant text, in bytes.
pub const VALUE_TEXT: usize = 4096;

/// The maximum depth of a value. A bus accepts 64 levels; a Zeitgeist template has 4.
pub const VALUE_DEPTH: usize = 16;

/// The maximum number of parts in a dotted TOML key.
pub const KEY_DEPTH: usize = 16;

/// The maximum number of parts with wildcards in a file pattern: each multiplies the folders to
/// search.
pub const WILDCARD_PARTS: usize = 3;

/// The maximum number of `*` in a file pattern.
pub const WILDCARDS: usize = 8;

/// How many file names are compared with a file pattern. Beyond: the pattern counts as matched, so
/// that a program that may send something doesn't count as off.
pub const PATTERN_ENTRIES: usize = 20_000;

/// The maximum number of files in the user's configuration folder that match a reader's `*`.
/// Beyond: the reader has a problem.
pub const CONFIGURATION_FILES: usize = 256;

/// The maximum size of a file with a value, in bytes; `formats::document` reads and rewrites it.
pub const DOCUMENT: u64 = 256 * 1024;

/// The maximum size of a file with preferences of a Mozilla program, in bytes. A used profile has
/// 100 KiB.
pub const PREFERENCES: u64 = 4 * 1024 * 1024;

/// The maximum size of a list of profiles, in bytes. A profile has 100 bytes.
pub const PROFILES: u64 = 256 * 1024;

/// The maximum size of a JSON file with a value, in bytes. Browsers keep their caches in the same file.
pub const JSON: u64 = 1024 * 1024;

/// The maximum size of an XML file with a value, in bytes.
pub const XML: u64 = 1024 * 1024;

/// The maximum size of an office program's settings, in bytes. They have a picture of each of 25 recent
/// documents.
pub const OFFICE: u64 = 4 * 1024 * 1024;

/// The maximum depth of JSON values.
pub const JSON_DEPTH: usize = 64;

/// The maximum size of another program's file that is kept while it is replaced, in bytes; `tree`
/// and `policy`.
pub const FOREIGN_FILE: u64 = 64 * 1024 * 1024;

/// How much of an app's name is kept, in characters.
pub const PROGRAM_NAME: usize = 256;

/// The maximum size of a search provider's file, in bytes; `stores::gsettings_list`. Real ones have
/// 300 bytes.
pub const PROVIDER_FILE: u64 = 64 * 1024;

/// How many search providers' files are read in total. Beyond: every listed name counts as
/// installed.
pub const PROVIDER_FILES: usize = 4096;

/// The maximum size of a dconf profile, in bytes; `policy`. It has some lines.
pub const PROFILE: u64 = 1024 * 1024;

// ── The system service: `choices::everyone`, `system_service` ───────────────────────────────────

/// The maximum size of a file of the computer that is changed for all users, in bytes. Beyond: it is
/// left alone, and reported.
pub const SYSTEM_FILE: u64 = 1024 * 1024;

/// How many files one call changes. Beyond: the call is refused.
pub const SYSTEM_FILES: usize = 64;

/// The maximum size of a call's arguments, in bytes. Beyond: it is refused.
pub const SYSTEM_CALL: usize = 4096;

/// The maximum length of an argument, in bytes: a hash has 64 digits.
pub const SYSTEM_ARGUMENT: usize = 64;

/// How many dialogs of polkit may be open at once. Beyond: the call waits in the queue.
pub const SYSTEM_DIALOGS: usize = 3;

/// How many calls may wait for a dialog. Beyond: the call is refused.
pub const SYSTEM_QUEUE: usize = 8;

/// How many calls that change something a user may make in [`SYSTEM_SPAN`]. Beyond: they are refused.
pub const SYSTEM_CHANGES: usize = 10;

/// How many calls that only plan a change a user may make in [`SYSTEM_SPAN`].
pub const SYSTEM_PLANS: usize = 60;

/// The time in which calls are counted.
pub const SYSTEM_SPAN: Duration = Duration::from_secs(60);

/// How many users' calls are counted. Beyond: calls of further users are refused.
pub const SYSTEM_USERS: usize = 1024;

/// How long the service waits for the next call.
pub const SYSTEM_IDLE: Duration = Duration::from_secs(30);

/// How long a change for all users waits for another one.
pub const SYSTEM_LOCK: Duration = Duration::from_secs(5);

/// How long a client waits for the service's answer: polkit has [`CHANGE_PATIENCE`] for its dialog.
pub const SYSTEM_PATIENCE: Duration = Duration::from_secs(128);

// ── Policies: `policy::parse` ───────────────────────────────────────────────────────────────────

/// The maximum length of an organisation's name or address, in bytes.
pub const POLICY_TEXT: usize = 1000;

/// How many invalid lines the TOML parser skips: the file is parsed again for each.
pub const POLICY_BROKEN_LINES: usize = 100;

/// The maximum length of an unknown word for which a similar known one is suggested, in bytes.
pub const SIMILAR_WORD: usize = 64;

// ── Searches: `search`, the search provider, the panel's search entries ─────────────────────────

/// How many terms of a search count. Beyond: the others are ignored.
pub const SEARCH_TERMS: usize = 32;

/// How many characters of a term count. Beyond: the term is cut before normalization, for which
/// GLib takes time quadratic in the number of marks on one letter.
pub const SEARCH_TERM: usize = 256;

/// How many results of an earlier search are refined or described. There are fewer choices.
pub const SEARCH_RESULTS: usize = 256;

/// How long the search provider waits for the next query: users pause while they type.
pub const PROVIDER_IDLE: Duration = Duration::from_secs(10);

/// How long the search provider still answers after it releases its name, for callers that don't
/// know yet.
pub const PROVIDER_LAST_CALLS: Duration = Duration::from_millis(500);

// ── Services: `services`, `history::zeitgeist`, `history::never_record`, `watch` ────────────────

/// The maximum number of properties or entries in a service's answer. Beyond: “its answer is too
/// large”.
pub const SERVICE_ENTRIES: usize = 10_000;

/// The maximum size of a service's answer, in bytes. Beyond: “its answer is too large”.
pub const SERVICE_ANSWER: usize = 4 * 1024 * 1024;

/// How much of a service's error message is kept, in characters.
pub const SERVICE_MESSAGE: usize = 400;

/// The maximum length of an identifier, in bytes. Whoopsie's has 128.
pub const IDENTIFIER: usize = 1024;

/// How many events Zeitgeist is asked for at once. Beyond: the most recent ones are removed, and
/// the user is told that there are more.
pub const ZEITGEIST_EVENTS: usize = 1_000_000;

/// How many events Zeitgeist removes itself, in ten seconds at most. Beyond: its database is cleared
/// while it stands still.
pub const ZEITGEIST_FEW: usize = 100;

/// How long the name of a Zeitgeist that doesn't run is owned at least.
pub const ZEITGEIST_NAME: Duration = Duration::from_secs(1);

/// How often Zeitgeist is asked again after it has ended.
pub const ZEITGEIST_RETRIES: usize = 10;

/// The maximum number of events that one call removes.
pub const ZEITGEIST_BATCH: usize = 500;

/// How long a call that removes events should take: a longer one halves the next batch.
pub const ZEITGEIST_PACE: Duration = Duration::from_millis(500);

/// The largest of dconf's system databases whose locks are read, in bytes. A policy's has some
/// kibibytes.
pub const DATABASE: u64 = 32 * 1024 * 1024;

/// The timeout of a query to a service.
pub const SERVICE_PATIENCE: Duration = Duration::from_millis(1500);

/// The largest replies of the bus's daemon to a few questions, in bytes.
pub const DAEMON_REPLIES: usize = 64 * 1024;

/// The timeout of a change by a service, which may ask the user for a password first.
pub const CHANGE_PATIENCE: Duration = Duration::from_secs(120);

/// The timeout of a change by a service that has just failed to answer a query.
pub const LAST_CHANGE_PATIENCE: Duration = Duration::from_secs(5);

/// How long a service that didn't answer isn't queried again.
pub const SERVICE_REST: Duration = Duration::from_secs(10);

/// How often a write that failed without a reason is retried: the settings service may have died,
/// and the bus starts it again.
pub const SETTINGS_RETRIES: usize = 2;

/// How long the bus has before each retry to notice that the settings service is gone.
pub const SETTINGS_PAUSE: Duration = Duration::from_millis(100);

/// How long a change of a user's settings waits for another program's. Longer changes wait for a
/// password.
pub const TURN_PATIENCE: Duration = Duration::from_secs(5);

/// How often a process that waits for a locked file looks whether it is free.
pub const FLOCK_PAUSE: Duration = Duration::from_millis(20);

/// The timeout of a change by the settings service. A service that asks the user for permission has
/// [`CHANGE_PATIENCE`] in addition.
pub const SETTINGS_PATIENCE: Duration = Duration::from_secs(10);

/// The timeout of the settings service's start, after which the rest of a change is still made
/// within [`SETTINGS_PATIENCE`].
pub const SETTINGS_START: Duration = Duration::from_secs(6);

/// The timeout of a call to the bus itself.
pub const BUS_PATIENCE: Duration = Duration::from_secs(3);

/// How long clearing Zeitgeist's database may take: one of years takes minutes on a slow disk.
pub const DATABASE_PATIENCE: Duration = Duration::from_secs(60 * 60);

/// The timeout of a call to Zeitgeist. It may have to start first, and then cleans its database.
pub const ZEITGEIST_PATIENCE: Duration = Duration::from_secs(20);

/// How long Zeitgeist has to report what it removed after the user cancels.
pub const LAST_ZEITGEIST_PATIENCE: Duration = Duration::from_secs(3);

/// The minimum time between two readings, however many signals report changes.
pub const LOOK_AGAIN: Duration = Duration::from_millis(50);

// ── History: `history` ──────────────────────────────────────────────────────────────────────────

/// The maximum size of a file with entries, in bytes: ten times the longest known list.
pub const HISTORY_FILE: u64 = 64 * 1024 * 1024;

/// The maximum number of entries in a file.
pub const HISTORY_ENTRIES: usize = 1_000_000;

/// The maximum number of attributes of an XML element. The parser compares each with all previous
/// ones.
pub const XML_ATTRIBUTES: usize = 1000;

/// The maximum depth of XML elements.
pub const XML_DEPTH: usize = 64;

/// The maximum length of a date, in bytes.
pub const DATE: usize = 64;

/// How long a change waits for the lock of another program of Qt's, which has it only while it
/// writes.
pub const QT_LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// The time between two tries to take such a lock.
pub const QT_LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The age at which such a lock is stale; Qt's `QLockFile::staleLockTime()`.
pub const QT_LOCK_STALE: Duration = Duration::from_secs(30);

/// The maximum size of a lock file, in bytes.
pub const QT_LOCK: u64 = 4096;

/// How often a file that other programs keep replacing is read again.
pub const REPLACE_TRIES: usize = 5;

/// How long after a list of files was cleared running programs may write it back. GTK collects
/// changes for 250 ms, and GIO reports a change up to 800 ms late.
pub const LATE_WRITES: Duration = Duration::from_millis(1200);

/// How often a list is checked in that time.
pub const LATE_WRITES_PAUSE: Duration = Duration::from_millis(50);

/// How many sandboxed apps are searched for lists. Beyond: this is reported, and the others' lists
/// stay.
pub const SANDBOXES: usize = 10_000;

/// How much of a process's environment is read, in bytes. Beyond: the program counts as one that
/// uses the same files.
pub const ENVIRONMENT: u64 = 1024 * 1024;

/// The maximum length of a desktop file's name, in bytes; `NAME_MAX` of Linux.
pub const DESKTOP_FILE: usize = 255;

// ── Reports: `reports` ──────────────────────────────────────────────────────────────────────────

/// How much of a report is read for a list, in bytes. The first fields are short.
pub const REPORT_HEAD: u64 = 16 * 1024;

/// How much of a program's path is read for a list, in bytes.
pub const REPORT_PROGRAM: u64 = 4096;

/// How much of a report is read to show it, in bytes: it may have a core dump, and a hostile file
/// has no end. Beyond: a last field without a name says that there is more.
pub const REPORT_FILE: u64 = 2 * 1024 * 1024 * 1024;

/// How much of a line is read at a time, in bytes. A field's name is at the beginning.
pub const REPORT_LINE: u64 = 64 * 1024;

/// The maximum length of a field's name, in bytes. Beyond: the line counts as text without a name.
pub const REPORT_FIELD_NAME: usize = 256;

/// How many fields of a report are shown. Real ones have fewer than a hundred. Beyond: a field
/// without a name replaces the last one and says so.
pub const REPORT_FIELDS: usize = 1000;

/// How much text of one field is kept, in bytes. Beyond: the text is cut, and says so.
pub const REPORT_TEXT: usize = 256 * 1024;

/// How much text of all fields is kept, in bytes.
pub const REPORT_CONTENT: usize = 4 * 1024 * 1024;

/// The maximum ratio of deflate: two bits can stand for 258 bytes. A larger claimed size isn't
/// shown.
pub const PACKING_RATIO: u64 = 1032;

/// How much packed content is decoded at a time, in bytes.
pub const UNPACKED_PIECE: usize = 32 * 1024;

/// How much of a field `privacyctl` unpacks, in bytes. Beyond: it suggests apport-unpack.
pub const REPORT_FIELD: u64 = 64 * 1024 * 1024;

/// The maximum length of a core dump's attribute, in bytes. Beyond: it counts as missing.
pub const CORE_ATTRIBUTE: usize = 8 * 1024;

/// The maximum number of files in the folder of a kernel dump. Beyond: it isn't one.
pub const KERNEL_DUMP_FILES: usize = 64;

/// How many names in a folder of reports are read. Beyond: the folder is reported as incomplete.
pub const REPORT_NAMES: usize = 100_000;

// ── Messages ────────────────────────────────────────────────────────────────────────────────────

/// How much of an offending text a mistake quotes, in characters.
pub const QUOTE: usize = 80;

/// How much of a parser's message is kept, in characters.
pub const PARSER_MESSAGE: usize = 400;

/// The first `most` characters of a text, with an ellipsis if there are more.
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
