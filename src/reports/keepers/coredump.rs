// SPDX-License-Identifier: GPL-3.0-or-later

//! Core dumps: the memory of a program at the moment of its failure.
//!
//! systemd-coredump names them `core.COMM.UID.BOOT.PID.TIME`, with a suffix for the compression. It
//! escapes special characters in each part, and stores more in the attributes `user.coredump.*`
//! (`make_filename` and `fix_xattr` in its src/coredump/coredump.c). Apport's names are alike, but
//! with the program's path instead of its name, and another clock (`get_core_path` in
//! apport/fileutils.py).

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt as _;

use rustix::io::Errno;

use crate::reports::content::{self, Content, Field, Reading, Unreadable, Written, copy, one_line};
use crate::reports::folder::Folder;
use crate::reports::report::{Depth, Keeper, Place, Report, State, escaped};
use crate::system::i18n::gettext;
use crate::system::limits;

/// The beginning of a core dump's file name.
const BEGIN: &str = "core.";

/// Suffixes of compressed core dumps (`default_compression_extension`, now and in older versions).
const PACKED: [&str; 3] = [".zst", ".lz4", ".xz"];

/// The field with the memory, as systemd's journal names it.
const CORE: &str = "COREDUMP";

/// The attributes that systemd sets on a file, in its order.
const ATTRIBUTES: [&str; 9] = [
    "pid",
    "uid",
    "gid",
    "signal",
    "timestamp",
    "rlimit",
    "hostname",
    "comm",
    "exe",
];

/// A program that keeps core dumps.
#[derive(Debug)]
pub(crate) struct CoreDumps {
    id: &'static str,
    folder: &'static str,
    naming: Naming,
}

#[derive(Debug)]
enum Naming {
    Systemd,
    Apport,
}

/// Apport, for users who want core files of their programs. The folder is `core_dir` in
/// apport/fileutils.py.
pub(crate) const APPORT: CoreDumps = CoreDumps {
    id: "apport-core",
    folder: "/var/lib/apport/coredump",
    naming: Naming::Apport,
};

/// systemd-coredump. The folder is built in (`make_filename` in src/coredump/coredump.c).
pub(crate) const SYSTEMD: CoreDumps = CoreDumps {
    id: "systemd",
    folder: "/var/lib/systemd/coredump",
    naming: Naming::Systemd,
};

impl Keeper for CoreDumps {
    fn id(&self) -> &'static str {
        self.id
    }

    fn title(&self) -> String {
        match self.naming {
            // Translators: who keeps the reports: the program Apport, which can keep core files for
            // people who want them
            Naming::Apport => gettext("Apport, core files"),
            Naming::Systemd => "systemd".to_owned(),
        }
    }

    fn folder(&self) -> &'static str {
        self.folder
    }

    fn listed(&self, place: &Place, folder: &Folder, file: &OsStr, _: Depth) -> Option<Report> {
        self.find(place, folder, file)
    }

    fn find(&self, place: &Place, folder: &Folder, file: &OsStr) -> Option<Report> {
        let text = file.to_string_lossy();
        let name = parse(&text)?;
        let status = folder.status(file)?;
        let (program, time) = match self.naming {
            Naming::Apport => (name.program.replace('_', "/"), None),
            // From microseconds.
            Naming::Systemd => (
                unescaped(name.program),
                name.time.map(|time| time / 1_000_000),
            ),
        };
        Some(Report {
            id: format!("{}:{}", place.keeper.id(), escaped(file)),
            program: one_line(&program),
            time: time.unwrap_or(status.written.0),
            size: status.size,
            state: State::Kept,
            place: place.clone(),
            has_own_folder: false,
            files: vec![file.to_owned()],
            has_content: true,
            readable: folder.may_read(file),
            deletable: folder.may_delete(&[status]),
            seen: Some(status),
        })
    }

    fn read(
        &self,
        report: &Report,
        each: &mut dyn FnMut(Field) -> Reading,
    ) -> Result<(), Unreadable> {
        let file = report.open()?;
        let mut said = false;
        let mut value = vec![0; limits::CORE_ATTRIBUTE];
        for attribute in ATTRIBUTES {
            let name = format!("user.coredump.{attribute}");
            // Not every file system supports attributes, and older versions of systemd set fewer.
            let content = match rustix::fs::fgetxattr(&file, name.as_str(), &mut value[..]) {
                Ok(length) => Some(content::text(&value[..length], false)),
                // Longer than the limit.
                Err(Errno::RANGE) => Some(content::text(b"", true)),
                Err(_) => None,
            };
            if let Some(content) = content {
                said = true;
                if each(field(attribute, content)) == Reading::Stop {
                    return Ok(());
                }
            }
        }
        if !said {
            let text = report.files[0].to_string_lossy();
            let name = parse(&text).unwrap_or_default();
            let parts = [("uid", name.uid), ("boot", name.boot), ("pid", name.pid)];
            for (part, value) in parts {
                if let Some(value) = value {
                    let content = content::text(unescaped(value).as_bytes(), false);
                    if each(field(part, content)) == Reading::Stop {
                        return Ok(());
                    }
                }
            }
        }
        let size = file.metadata()?.len();
        each(Field {
            name: Some(CORE.to_owned()),
            content: Content::Binary {
                size,
                unpacked: None,
            },
        });
        Ok(())
    }

    fn write_field(
        &self,
        report: &Report,
        name: &str,
        largest: u64,
        out: &mut dyn Write,
    ) -> Result<Option<Written>, Unreadable> {
        if name == CORE {
            let cut = copy(&mut report.open()?, largest, out)?;
            let packed = PACKED
                .iter()
                .any(|end| report.files[0].as_bytes().ends_with(end.as_bytes()));
            return Ok(Some(match (cut, packed) {
                (true, _) => Written::Cut,
                (false, true) => Written::Packed,
                (false, false) => Written::Whole,
            }));
        }
        let mut found = None;
        self.read(report, &mut |field| {
            if field.name.as_deref() != Some(name) {
                return Reading::GoOn;
            }
            found = Some(field.content);
            Reading::Stop
        })?;
        match found {
            Some(Content::Text { text, .. }) => {
                out.write_all(text.as_bytes())?;
                Ok(Some(Written::Whole))
            }
            _ => Ok(None),
        }
    }

    fn files_to_delete(&self, report: &Report) -> (Option<OsString>, Vec<OsString>) {
        (report.files.first().cloned(), Vec::new())
    }
}

/// The parts of a file's name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Name<'a> {
    program: &'a str,
    uid: Option<&'a str>,
    boot: Option<&'a str>,
    pid: Option<&'a str>,
    time: Option<i64>,
}

fn parse(file: &str) -> Option<Name<'_>> {
    let rest = file.strip_prefix(BEGIN)?;
    let rest = PACKED
        .iter()
        .find_map(|end| rest.strip_suffix(end))
        .unwrap_or(rest);
    let parts: Vec<_> = rest.split('.').collect();
    let [program, uid, boot, pid, time] = parts[..] else {
        // The name is another program's, or from a newer version.
        return (!rest.is_empty()).then(|| Name {
            program: rest,
            ..Name::default()
        });
    };
    Some(Name {
        program,
        uid: Some(uid),
        boot: Some(boot),
        pid: Some(pid),
        time: time.parse().ok(),
    })
}

/// Undoes `xescape` in systemd's src/basic/escape.c.
fn unescaped(text: &str) -> String {
    String::from_utf8_lossy(&content::unescaped(text, b"\\x")).into_owned()
}

fn field(name: &str, content: Content) -> Field {
    Field {
        name: Some(format!("COREDUMP_{}", name.to_uppercase())),
        content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_name_are_found_and_unescaped() {
        let file = "core.my\\x2eprogram\\x20x.1000.6e19c3a94a4f4c1b9d2f3f2b0a1c2d3e.4711.1594211350000000.zst";
        let name = parse(file).unwrap();
        assert_eq!(unescaped(name.program), "my.program x");
        assert_eq!((name.uid, name.pid), (Some("1000"), Some("4711")));
        assert_eq!(name.time, Some(1_594_211_350_000_000));
    }

    #[test]
    fn other_names_are_taken_as_they_are_and_what_is_no_core_is_none() {
        assert_eq!(parse("core.4711").unwrap().program, "4711");
        assert_eq!(parse("core.a.b.c.d.e.f").unwrap().program, "a.b.c.d.e.f");
        assert_eq!(parse("core.a.1000.b.1.soon.lz4").unwrap().time, None);
        assert_eq!(parse("core."), None);
        assert_eq!(parse("core.zst").unwrap().program, "zst");
        assert_eq!(parse(".#core.vim.1000.x.1.2"), None);
        assert_eq!(unescaped("a\\x2"), "a\\x2");
        assert_eq!(unescaped("\\xff"), "\u{fffd}");
    }
}
