// SPDX-License-Identifier: GPL-3.0-or-later

//! Kernel dumps: the memory of the whole computer at the moment when its kernel failed.
//!
//! Each has a folder of its own, named by its date: `YYYYMMDDHHMM` with `dump.STAMP` and
//! `dmesg.STAMP` (`define_stampdir` and `kdump_save_core` in kdump-config of Debian's kdump-tools
//! 1.8.1), or `ADDRESS-YYYY-MM-DD-HH:MM:SS` with `vmcore` and `vmcore-dmesg.txt` (Red Hat's
//! kdump.sh). All files of the folder belong to the dump.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _, Write};
use std::os::unix::ffi::OsStrExt as _;

use crate::reports::content::{self, Content, Field, Reading, Unreadable, Written, copy};
use crate::reports::folder::{Folder, Status};
use crate::reports::report::{Depth, Keeper, Place, Report, State, escaped};
use crate::system::i18n::gettext;
use crate::system::limits;

/// The beginnings of the names of files with memory.
const MEMORY: [&str; 2] = ["dump", "vmcore"];

/// The beginning of the name of the file with the kernel's messages.
const MESSAGES: &str = "dmesg";

/// How many digits the date in a folder's name has at least.
const DIGITS: usize = 8;

/// The kernel, whose dumps kdump keeps.
#[derive(Debug)]
pub(crate) struct Kernel;

impl Keeper for Kernel {
    fn id(&self) -> &'static str {
        "kernel"
    }

    fn title(&self) -> String {
        "kdump".to_owned()
    }

    /// `KDUMP_COREDIR` in kdump-config, and `path` in kdump.conf of Red Hat.
    fn folder(&self) -> &'static str {
        "/var/crash"
    }

    fn listed(&self, place: &Place, folder: &Folder, file: &OsStr, _: Depth) -> Option<Report> {
        self.find(place, folder, file)
    }

    fn find(&self, place: &Place, folder: &Folder, name: &OsStr) -> Option<Report> {
        let digits = name.as_bytes().iter().filter(|byte| byte.is_ascii_digit());
        if digits.count() < DIGITS {
            return None;
        }
        let own = folder.below(name).ok()?;
        let mut files = files(&own)?;
        // The memory first, the largest file of it.
        files.sort_by_key(|(name, status)| {
            let size = std::cmp::Reverse(status.size);
            (!is_memory(name), !is_messages(name), size, name.clone())
        });
        let (first, seen) = files.first()?;
        if !is_memory(first) && !is_messages(first) {
            return None;
        }
        let statuses: Vec<_> = files.iter().map(|(_, status)| *status).collect();
        Some(Report {
            id: format!("{}:{}", self.id(), escaped(name)),
            // Translators: instead of the name of a program that failed
            program: gettext("Linux kernel"),
            time: seen.written.0,
            size: statuses.iter().map(|status| status.size).sum(),
            state: State::Kept,
            has_content: true,
            readable: files.iter().all(|(name, _)| own.may_read(name)),
            deletable: own.may_delete(&statuses) && folder.may_delete_folder(name),
            seen: Some(*seen),
            place: Place {
                keeper: place.keeper,
                folder: place.folder.join(name),
            },
            has_own_folder: true,
            files: files.into_iter().map(|(name, _)| name).collect(),
        })
    }

    fn read(
        &self,
        report: &Report,
        each: &mut dyn FnMut(Field) -> Reading,
    ) -> Result<(), Unreadable> {
        let folder = report.open_folder()?;
        for name in &report.files {
            let file = folder.open_file(name)?;
            let size = file.metadata()?.len();
            let content = if is_text(name) {
                let mut bytes = Vec::new();
                let most = limits::REPORT_TEXT;
                file.take(most as u64 + 1).read_to_end(&mut bytes)?;
                let cut = bytes.len() > most;
                bytes.truncate(most);
                content::text(&bytes, cut)
            } else {
                Content::Binary {
                    size,
                    unpacked: None,
                }
            };
            let name = Some(content::one_line(&name.to_string_lossy()));
            if each(Field { name, content }) == Reading::Stop {
                break;
            }
        }
        Ok(())
    }

    fn write_field(
        &self,
        report: &Report,
        name: &str,
        largest: u64,
        out: &mut dyn Write,
    ) -> Result<Option<Written>, Unreadable> {
        let mut files = report.files.iter();
        let Some(file) = files.find(|file| content::one_line(&file.to_string_lossy()) == name)
        else {
            return Ok(None);
        };
        let mut file = report.open_folder()?.open_file(file)?;
        let cut = copy(&mut file, largest, out)?;
        Ok(Some(if cut { Written::Cut } else { Written::Whole }))
    }

    fn files_to_delete(&self, report: &Report) -> (Option<OsString>, Vec<OsString>) {
        let mut files = report.files.iter().cloned();
        (files.next(), files.collect())
    }
}

/// The regular files of a dump. `None`: they can't be listed, or there are too many for a dump.
fn files(folder: &Folder) -> Option<Vec<(OsString, Status)>> {
    let mut files = Vec::new();
    for name in folder.names().ok()? {
        let name: io::Result<OsString> = name;
        let name = name.ok()?;
        if let Some(status) = folder.status(&name) {
            files.push((name, status));
        }
        if files.len() > limits::KERNEL_DUMP_FILES {
            return None;
        }
    }
    Some(files)
}

fn is_memory(name: &OsStr) -> bool {
    let begins = |begin: &&str| name.as_bytes().starts_with(begin.as_bytes());
    MEMORY.iter().any(begins) && !is_text(name)
}

fn is_messages(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.contains(MESSAGES)
}

fn is_text(name: &OsStr) -> bool {
    let end = |end: &str| name.as_bytes().ends_with(end.as_bytes());
    name.as_bytes().starts_with(MESSAGES.as_bytes()) || end(".txt") || end(".log")
}
