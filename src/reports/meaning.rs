// SPDX-License-Identifier: GPL-3.0-or-later

//! What the fields of a report are, in words, and whether they may be personal.
//!
//! Only a field that is known not to be about the user is about the computer. All others may be
//! personal: packages add fields of their own, such as logs and settings.
//!
//! Sources: canonical/apport d7b9734b, doc/data-format.tex, apport/report.py (`add_*_info`) and
//! data/general-hooks, and NEWS.md; the fields of Ubuntu's hooks that Ubuntu's error tracker deletes
//! (`unneeded_columns`); systemd, src/coredump/coredump.c; kdump-config of Debian's kdump-tools.

use crate::reports::content::{Content, Field};
use crate::system::i18n::{gettext, noop};

/// A known field: its name, and what it is.
type Known = (&'static str, &'static str);

/// Fields that may be personal, those with the most first. A name that ends in `.` is the beginning
/// of a file's name.
const PERSONAL: &[Known] = &[
    // Translators: a part of an error report: all that the failed app had in its memory
    ("CoreDump", noop("Memory of the app")),
    ("COREDUMP", noop("Memory of the app")),
    // Translators: a part of an error report: all that the computer had in its memory
    ("VmCore", noop("Memory of the computer")),
    ("vmcore", noop("Memory of the computer")),
    ("dump.", noop("Memory of the computer")),
    // Translators: a part of an error report: the functions that the app was in, and their values
    ("Stacktrace", noop("Stack trace")),
    ("ThreadStacktrace", noop("Stack trace of all threads")),
    ("StacktraceTop", noop("Top of the stack trace")),
    ("StacktraceSource", noop("Stack trace with source code")),
    ("Traceback", noop("Stack trace")),
    // Translators: a part of an error report: contents of the processor’s registers
    ("Registers", noop("Registers")),
    ("Disassembly", noop("Machine code")),
    // Translators: a part of an error report: how the app was started, with files that it opened
    ("ProcCmdline", noop("Command line")),
    ("COREDUMP_CMDLINE", noop("Command line")),
    ("PythonArgs", noop("Command line")),
    // Translators: a part of an error report: the folder that the app ran in
    ("ProcCwd", noop("Folder it ran in")),
    ("ProcEnviron", noop("Environment variables")),
    ("COREDUMP_ENVIRON", noop("Environment variables")),
    ("ProcMaps", noop("Files in the memory of the app")),
    ("UserGroups", noop("Groups that you are in")),
    // Translators: a part of an error report: the number of the user
    ("COREDUMP_UID", noop("User ID")),
    ("COREDUMP_GID", noop("Group ID")),
    ("uid", noop("User ID")),
    ("COREDUMP_HOSTNAME", noop("Name of the computer")),
    // Translators: a part of an error report: lines of the system’s journal
    ("JournalErrors", noop("Errors in the system’s log")),
    ("ShellJournal", noop("System’s log")),
    ("Dmesg", noop("Messages of the kernel")),
    ("CurrentDmesg", noop("Messages of the kernel")),
    ("BootDmesg", noop("Messages of the kernel")),
    ("KernLog", noop("Messages of the kernel")),
    ("OopsText", noop("Messages of the kernel")),
    ("dmesg.", noop("Messages of the kernel")),
    ("vmcore-dmesg.", noop("Messages of the kernel")),
    ("GsettingsChanges", noop("Settings that you changed")),
    ("AssertionMessage", noop("Message of the app")),
    // Translators: a part of an error report: files that were open
    ("OpenFds", noop("Files that the app had open")),
    ("ApportLog", noop("Log of Apport")),
];

/// Fields that are about the program and the computer.
const OTHERS: &[Known] = &[
    // Translators: a part of an error report: such as “Crash”
    ("ProblemType", noop("Kind of problem")),
    // Translators: a part of an error report: when the app failed
    ("Date", noop("Date of the failure")),
    ("COREDUMP_TIMESTAMP", noop("Date of the failure")),
    ("ExecutablePath", noop("File of the app")),
    ("COREDUMP_EXE", noop("File of the app")),
    ("InterpreterPath", noop("File of the interpreter")),
    ("ExecutableTimestamp", noop("Age of the app’s file")),
    ("DesktopFile", noop("Desktop file of the app")),
    ("COREDUMP_COMM", noop("Name of the process")),
    ("Package", noop("Package")),
    ("SourcePackage", noop("Source package")),
    ("PackageArchitecture", noop("Architecture of the package")),
    ("Dependencies", noop("Versions of other packages")),
    ("RelatedPackageVersions", noop("Versions of other packages")),
    ("Architecture", noop("Architecture of the computer")),
    ("DistroRelease", noop("Version of the system")),
    ("Uname", noop("Version of the kernel")),
    ("CurrentDesktop", noop("Desktop")),
    ("NonfreeKernelModules", noop("Drivers that are not free")),
    ("ApportVersion", noop("Version of Apport")),
    ("Title", noop("Title")),
    ("Signal", noop("Signal that ended the app")),
    ("SignalName", noop("Signal that ended the app")),
    ("COREDUMP_SIGNAL", noop("Signal that ended the app")),
    (
        "StacktraceAddressSignature",
        noop("Place of the failure in the app"),
    ),
    (
        "DuplicateSignature",
        noop("Place of the failure in the app"),
    ),
    ("SegvAnalysis", noop("What the app did wrong")),
    ("SegvReason", noop("What the app did wrong")),
    ("CrashCounter", noop("How often it failed")),
    ("ProcStatus", noop("State of the process")),
    ("ProcAttrCurrent", noop("Restrictions of the process")),
    ("COREDUMP_PID", noop("Process ID")),
    ("pid", noop("Process ID")),
    ("COREDUMP_RLIMIT", noop("Limit of the memory dump")),
    ("boot", noop("Number of this start of the computer")),
    ("Tags", noop("Keywords")),
    ("UpgradeStatus", noop("Last upgrade of the system")),
];

impl Field {
    /// What it is, in the user's language. `None`: that is not known.
    pub fn meaning(&self) -> Option<String> {
        let name = self.name.as_deref()?;
        let mut known = PERSONAL.iter().chain(OTHERS);
        let (_, meaning) = known.find(|(known, _)| is(name, known))?;
        Some(gettext(meaning))
    }
}

/// Who may be recognised in a report.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Names of the user and of the computer.
    names: Vec<String>,
    home: Option<String>,
}

impl Person {
    /// The user of this process.
    pub fn new() -> Self {
        let text = |text: std::ffi::OsString| text.into_string().ok();
        let names = [
            text(glib::user_name()),
            text(glib::real_name()).filter(|name| name != "Unknown"),
            Some(glib::host_name().into()).filter(|name: &String| name != "localhost"),
        ];
        let names = names.into_iter().flatten();
        let home = glib::home_dir();
        Self {
            names: names.filter(|name| !name.is_empty()).collect(),
            home: home.to_str().filter(|home| *home != "/").map(str::to_owned),
        }
    }

    /// Whether a field may be about the user: by what it is, or since its text names the user, a
    /// home or the computer. A number to sort by, from 0. `None`: it is not.
    pub fn rank(&self, field: &Field) -> Option<usize> {
        let unknown = PERSONAL.len();
        let Some(name) = field.name.as_deref() else {
            return Some(unknown);
        };
        if let Some(rank) = PERSONAL.iter().position(|(known, _)| is(name, known)) {
            return Some(rank);
        }
        if !OTHERS.iter().any(|(known, _)| is(name, known)) {
            return Some(unknown);
        }
        match &field.content {
            Content::Text { text, cut } => (*cut || self.is_named_in(text)).then_some(unknown),
            Content::Binary { .. } => Some(unknown),
        }
    }

    fn is_named_in(&self, text: &str) -> bool {
        let mut names = self.names.iter();
        let home = self.home.iter().map(String::as_str);
        names.any(|name| has_word(text, name)) || home.chain(HOMES).any(|home| text.contains(home))
    }
}

/// Where homes are.
const HOMES: [&str; 2] = ["/home/", "/root/"];

fn has_word(text: &str, word: &str) -> bool {
    let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(word).any(|(at, _)| {
        is_apart(text[..at].chars().next_back()) && is_apart(text[at + word.len()..].chars().next())
    })
}

fn is(name: &str, known: &str) -> bool {
    name == known || (known.ends_with('.') && name.starts_with(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, text: &str) -> Field {
        Field {
            name: Some(name.to_owned()),
            content: Content::Text {
                text: text.to_owned(),
                cut: false,
            },
        }
    }

    #[test]
    fn what_is_not_known_or_names_the_user_may_be_personal() {
        let person = Person {
            names: vec!["ann".to_owned(), "Ann Lee".to_owned(), "laptop".to_owned()],
            home: Some("/srv/ann".to_owned()),
        };
        let is_personal = |name, text| person.rank(&field(name, text)).is_some();
        assert!(is_personal("ProcCmdline", ""));
        assert!(is_personal("SomeHookLog", "1"));
        assert!(is_personal("dump.202611270215", ""));
        assert!(!is_personal("Package", "gedit 43.2-1"));
        assert!(!is_personal(
            "Dependencies",
            "scanner 1\nannotate 2\nx-ann2 1"
        ));
        assert!(is_personal("Dependencies", "x\ny [modified: ann]"));
        assert!(is_personal("ExecutablePath", "/home/x/bin/tool"));
        assert!(is_personal("ExecutablePath", "/srv/ann/tool"));
        assert!(is_personal("Uname", "Linux laptop 6.1"));
        let core = person.rank(&field("CoreDump", ""));
        assert!(core < person.rank(&field("ProcEnviron", "")));
        assert!(core < person.rank(&field("SomeHookLog", "")));
    }

    #[test]
    fn no_field_is_both() {
        for (name, _) in PERSONAL {
            assert!(!OTHERS.iter().any(|(other, _)| other == name), "{name}");
        }
    }
}
