// SPDX-License-Identifier: GPL-3.0-or-later

//! Inspects the current state: what is in force, and which users could undo it. Writes nothing.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;
use glib::Variant;

use crate::app::{DATABASE, DATABASE_NAME};
use crate::choices::catalogue::Catalogue;
use crate::choices::organisation;
use crate::policy::compile::{self, Below, Compiled};
use crate::policy::failure::{Failure, no_scratch, system};
use crate::policy::install::backups;
use crate::policy::install::keyfiles;
use crate::policy::install::measures::wanted;
use crate::policy::install::others::Others;
use crate::policy::install::read_back;
use crate::policy::install::read_back::{Answer, Databases, Process, Question};
use crate::policy::install::target::Target;
use crate::policy::report::{DecidedBy, KeyReport, ReaderReport, Report};
use crate::policy::{FILE, Policy, Profiles};
use crate::system::dconf::DATABASES;
use crate::system::dconf::{command as dconf, profile};
use crate::system::folders;
use crate::system::i18n::system_error;
use crate::system::tree;
use crate::system::tree::{FOLDER_UNDER_WAY, Kind, UNDER_WAY};

/// How many bytes a database, or dconf's listing of it, may have in addition to a multiple of the
/// policy's text.
const ROOM: usize = 64 * 1024;

/// How many databases of a profile are searched for the one that decides a key.
const MOST_DATABASES: usize = 16;

impl Target {
    /// The system's profile: the kind of file, and its content.
    pub(crate) fn profile(&self) -> Result<(Option<Kind>, Option<Vec<u8>>), Failure> {
        let file = Path::new(profile::FILE);
        Ok((self.kind(file)?, self.read(file)?))
    }

    /// The profile to create if there is none.
    pub(crate) fn new_profile(&self) -> Result<Vec<u8>, Failure> {
        for data in folders::system_data(&self.tree) {
            let file = data.join(profile::VENDOR_FILE);
            if let Some(vendor) = self.read(&file)? {
                return profile::new(Some(&vendor))
                    .map_err(|_| Failure::NoUserDatabase(self.tree.name(&file)));
            }
        }
        profile::new(None).map_err(|_| Failure::NoUserDatabase(self.name(profile::FILE)))
    }

    /// Whether an interrupted run left files behind, or the owner or mode of the policy's files
    /// changed.
    pub(crate) fn is_damaged(&self) -> Result<bool, Failure> {
        let me = rustix::process::geteuid().as_raw();
        let databases = self.folder(DATABASES)?;
        if databases.is_some_and(|databases| !leftovers(&databases).is_empty()) {
            return Ok(true);
        }
        let sources = Path::new(DATABASES).join(keyfiles::FOLDER);
        for path in [
            Path::new(DATABASE),
            &sources.join(keyfiles::LOCKS),
            &sources.join(keyfiles::KEY_FILE),
            &sources.join(keyfiles::LOCKS_FILE),
            &sources.join(backups::FILE),
            &sources,
        ] {
            let (rights, usual) = match self.kind(path)? {
                Some(Kind::File(rights)) if path.ends_with(backups::FILE) => {
                    (rights, backups::RIGHTS.mode)
                }
                Some(Kind::File(rights)) => (rights, 0o644),
                Some(Kind::Folder(rights)) => (rights, 0o755),
                _ => continue,
            };
            let owner = rights.owner.map_or(me, |(user, _)| user);
            if rights.mode != usual || (owner != me && owner != 0) {
                return Ok(true);
            }
        }
        self.has_profile_under_way()
    }

    /// Whether an interrupted run left a profile behind that was not in place yet.
    pub(crate) fn has_profile_under_way(&self) -> Result<bool, Failure> {
        let file = Path::new(profile::FOLDER).join(UNDER_WAY);
        Ok(self.kind(&file)?.is_some())
    }

    /// The names that other databases have in the lists of a policy, or will have as soon as `others`
    /// are compiled, by the keys of the lists.
    pub(crate) fn lists(
        &self,
        policy: &Policy,
        catalogue: &Catalogue,
        profile: &[u8],
        others: &Others,
    ) -> Result<Below, Failure> {
        let mut lists = Below::new();
        let profile = profile::without_ours(profile);
        if !profile::names_system_databases(&profile) {
            return Ok(lists);
        }
        let keys = compile::list_keys(policy, catalogue);
        if !keys.is_empty() {
            let questions: Vec<_> = keys.iter().map(|key| Question::plain(key)).collect();
            let process = Process::start(true).map_err(no_scratch())?;
            let answers = self.ask(process, &profile, &others.stale, &questions)?;
            for (key, answer) in keys.into_iter().zip(answers) {
                let text = answer.value;
                let value = text.and_then(|text| Variant::parse(None, &text).ok());
                if let Some(names) = value.and_then(|value| value.get::<Vec<String>>()) {
                    lists.insert(key, names);
                }
            }
        }
        Ok(lists)
    }

    fn ask(
        &self,
        process: Process,
        profile: &[u8],
        instead: &Databases,
        questions: &[Question],
    ) -> Result<Vec<Answer>, Failure> {
        let asked = process.ask(&self.tree, profile, instead, questions);
        asked.map_err(|failure| match failure {
            read_back::Failure::NoDconf => Failure::NoDconf,
            read_back::Failure::NoScratch(error) => no_scratch()(error),
            read_back::Failure::Io(error) => system(self.name(profile::FILE))(error),
        })
    }

    /// Compares what is in force with the policy. `process` reads it back; if `None`, another is
    /// started.
    pub(crate) fn inspect(
        &self,
        policy: &Policy,
        catalogue: &Catalogue,
        compiled: &Compiled,
        process: Option<Process>,
    ) -> Result<Report, Failure> {
        let is_current = self.is_compiled(compiled)?;
        self.read_back(policy, catalogue, compiled, is_current, process)
    }

    /// Reads back every key that a policy decides. `process`: as in [`Self::inspect`].
    pub(crate) fn read_back(
        &self,
        policy: &Policy,
        catalogue: &Catalogue,
        compiled: &Compiled,
        is_current: bool,
        process: Option<Process>,
    ) -> Result<Report, Failure> {
        let profile = self.profile()?.1;
        let mut readers = Vec::new();
        let mut questions = Vec::new();
        for decision in &policy.decisions {
            for reader in catalogue.readers_of(decision.choice) {
                let mut keys = reader.policy_keys(decision);
                keys.sort_by(|one, other| one.key.cmp(&other.key));
                let mut measures = reader.measures(decision);
                self.keep_those_of_programs(&mut measures)?;
                // The setting of a service or a file is in no database.
                if keys.is_empty() && measures.is_empty() {
                    continue;
                }
                questions.extend(keys.iter().map(|key| Question {
                    key: key.key.clone(),
                    // The schemas of this computer say nothing about those of an image.
                    schema: key.schema.clone().filter(|_| !self.tree.is_image()),
                }));
                let keys: Vec<_> = keys.into_iter().map(|key| key.key).collect();
                readers.push((decision.choice, reader, keys, measures));
            }
        }
        questions.extend(organisation::keys().map(Question::plain));
        let answers = match &profile {
            // dconf's default profile names the user's own database only.
            None => Vec::new(),
            Some(profile) => {
                let process = match process {
                    Some(process) => process,
                    None => self.read_back_process()?,
                };
                self.ask(process, profile, &Databases::new(), &questions)?
            }
        };
        let mut answers = answers.into_iter();
        let key_report = |(key, found): (String, Answer)| KeyReport {
            wanted: Answer {
                value: compiled
                    .values
                    .get(&key)
                    .map(|value| value.print(true).into()),
                locked: compiled.locks.contains(&key),
                problem: None,
            },
            key,
            found,
            decided_by: None,
        };
        let mut key_reports = |keys: Vec<String>| -> Vec<_> {
            let answered = keys
                .into_iter()
                .map(|key| (key, answers.next().unwrap_or_default()));
            answered.map(key_report).collect()
        };
        let readers = readers
            .into_iter()
            .map(|(choice, reader, keys, measures)| {
                let measures = measures.iter().map(|measure| self.measure_report(measure));
                ReaderReport {
                    choice,
                    id: reader.id.clone(),
                    name: reader.name.clone(),
                    keys: key_reports(keys).into_iter().chain(measures).collect(),
                }
            })
            .collect();
        let mut report = Report {
            in_profile: profile.as_deref().is_some_and(profile::has_ours),
            is_current,
            readers,
            policy: key_reports(organisation::keys().map(str::to_owned).into()),
            left_out: self.left_out(Profiles::User),
            ..Report::default()
        };
        if let (true, Some(profile)) = (report.in_profile, &profile) {
            self.find_deciders(&mut report, profile, &questions)?;
        }
        let files = wanted(policy, catalogue)?;
        let files: Vec<_> = files.iter().map(|measure| measure.file()).collect();
        self.inspect_rights(&mut report, &files);
        Ok(report)
    }

    /// Finds the other database that decides each key that isn't as the policy says. Of the locks of
    /// a key, the last one in the profile decides; otherwise, the first value does.
    fn find_deciders(
        &self,
        report: &mut Report,
        profile: &[u8],
        questions: &[Question],
    ) -> Result<(), Failure> {
        let readers = report.readers.iter_mut();
        let keys = readers.flat_map(|reader| &mut reader.keys);
        let keys = keys.chain(&mut report.policy);
        let is_asked = |key: &str| questions.iter().any(|question| question.key == key);
        let mut differing: Vec<_> = keys
            .filter(|key| !key.in_force() && is_asked(&key.key))
            .collect();
        if differing.is_empty() {
            return Ok(());
        }
        let questions: Vec<_> = (differing.iter())
            .map(|key| Question::plain(&key.key))
            .collect();
        let mut is_before_ours = true;
        for database in profile::databases(profile).take(MOST_DATABASES) {
            if database == Path::new(DATABASE) {
                is_before_ours = false;
                continue;
            }
            let alone = [b"file-db:", database.as_os_str().as_bytes()].concat();
            let process = Process::start(true).map_err(no_scratch())?;
            let answers = self.ask(process, &alone, &Databases::new(), &questions)?;
            for (key, answer) in differing.iter_mut().zip(answers) {
                let by_lock = answer.locked && key.found.locked;
                let comes_first = is_before_ours
                    && key.decided_by.is_none()
                    && answer.value.is_some()
                    && answer.value == key.found.value;
                if by_lock || comes_first {
                    key.decided_by = Some(DecidedBy {
                        database: self.tree.name(&database),
                        by_lock,
                    });
                }
            }
        }
        Ok(())
    }

    /// Finds files that other users may write to, and files that users cannot read.
    fn inspect_rights(&self, report: &mut Report, files: &[PathBuf]) {
        let me = rustix::process::geteuid().as_raw();
        // Files that users' programs read, and files that only dconf and privacyctl read.
        let other = [
            "/etc/dconf",
            DATABASES,
            profile::FOLDER,
            profile::FILE,
            DATABASE,
        ];
        let sources = Path::new(DATABASES).join(keyfiles::FOLDER);
        let config = Path::new(folders::SYSTEM_CONFIG);
        let readers = config.join("readers.d");
        let ours = [&sources, config, Path::new(FILE), &readers];
        let folders = files.iter().filter_map(|file| file.parent());
        let other = other.iter().map(Path::new);
        let other = other
            .chain(folders)
            .chain(files.iter().map(PathBuf::as_path));
        let other = other.map(|path| (path, true));
        for (path, for_people) in other.chain(ours.map(|path| (path, false))) {
            let (rights, needed) = match self.tree.kind(path) {
                Ok(Some(Kind::File(rights))) => (rights, 0o004),
                Ok(Some(Kind::Folder(rights))) => (rights, 0o005),
                _ => continue,
            };
            let owner = rights.owner.map_or(0, |(user, _)| user);
            let by_group =
                rights.mode & 0o020 != 0 && rights.owner.is_some_and(|(_, group)| group != 0);
            if (owner != 0 && owner != me) || rights.mode & 0o002 != 0 || by_group {
                report.exposed.push(self.tree.name(path));
            }
            if for_people && rights.mode & needed != needed {
                report.hidden.push(self.tree.name(path));
            }
        }
    }

    /// Whether the database holds the compiled policy, and nothing else. Compares values, not bytes:
    /// `dconf compile` leaves some bytes undefined.
    fn is_compiled(&self, compiled: &Compiled) -> Result<bool, Failure> {
        let Some(database) = self.read(Path::new(DATABASE))? else {
            return Ok(false);
        };
        // dconf prints values in the same format, and a database has some tens of bytes for each. So a
        // much larger database or listing is not the policy's.
        let text = compiled.key_file().len() + compiled.locks_file().len();
        if database.len() > 16 * text + ROOM {
            return Ok(false);
        }
        let most = 2 * text + ROOM;
        let found = dconf::contents(&database, most)?
            .and_then(|(keys, locks)| Compiled::from_files(&keys, &locks));
        Ok(found.as_ref() == Some(compiled))
    }

    /// Fails if other programs' files are in the policy's folder, or have the names of its files.
    pub(crate) fn check_ours(&self) -> Result<(), Failure> {
        let database = Path::new(DATABASE);
        if !matches!(self.kind(database)?, None | Some(Kind::File(_))) {
            return Err(Failure::InTheWay(self.tree.name(database)));
        }
        let folder = Path::new(DATABASES).join(keyfiles::FOLDER);
        if !matches!(self.kind(&folder)?, None | Some(Kind::Folder(_))) {
            return Err(Failure::InTheWay(self.tree.name(&folder)));
        }
        let locks = folder.join(keyfiles::LOCKS);
        // An interrupted application may have left these.
        let ours = [keyfiles::KEY_FILE, UNDER_WAY];
        for (path, ours) in [
            (
                &folder,
                [&ours, [keyfiles::LOCKS, backups::FILE].as_slice()].concat(),
            ),
            (&locks, ours.to_vec()),
        ] {
            for (name, _) in self.tree.entries(path).map_err(self.system(path))? {
                if !ours.iter().any(|ours| name == **ours) {
                    return Err(Failure::Foreign(self.tree.name(&path.join(name))));
                }
            }
        }
        Ok(())
    }

    /// Fails if the caller may not write to one of the folders.
    pub(crate) fn check_rights(
        &self,
        folders: impl IntoIterator<Item = PathBuf>,
    ) -> Result<(), Failure> {
        for folder in folders {
            // The nearest existing folder.
            let found = folder
                .ancestors()
                .find_map(|path| match self.tree.folder(path) {
                    Ok(None) => None,
                    Ok(Some(dir)) => Some((path, tree::check_writable(&dir))),
                    Err(error) => Some((path, Err(error))),
                });
            if let Some((path, Err(error))) = found {
                return Err(Failure::NotWritable {
                    folder: self.tree.name(path),
                    reason: system_error(&error),
                    denied: is_denied(&error),
                });
            }
        }
        Ok(())
    }
}

/// What interrupted applications left in the folder of databases: temporary files of privacyctl, and
/// those of dconf, to whose names GLib appends six capital letters or digits.
pub(crate) fn leftovers(databases: &Dir) -> Vec<PathBuf> {
    let is_dconfs = |name: &str| {
        let letters = name
            .strip_prefix(DATABASE_NAME)
            .and_then(|rest| rest.strip_prefix('.'));
        letters.is_some_and(|letters| {
            let is_ours = |letter: u8| letter.is_ascii_uppercase() || letter.is_ascii_digit();
            letters.len() == 6 && letters.bytes().all(is_ours)
        })
    };
    let sources = Path::new(keyfiles::FOLDER);
    let known = [
        UNDER_WAY.into(),
        FOLDER_UNDER_WAY.into(),
        sources.join(UNDER_WAY),
        sources.join(keyfiles::LOCKS).join(UNDER_WAY),
    ];
    let known = known
        .into_iter()
        .filter(|name| !matches!(tree::kind(databases, name), Ok(None)));
    let entries = databases.entries().into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let names = files.map(|entry| entry.file_name());
    let dconfs = names.filter(|name| name.to_str().is_some_and(is_dconfs));
    known.chain(dconfs.map(PathBuf::from)).collect()
}

/// Whether the system denied it to this user, rather than to all users.
fn is_denied(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(
        Errno::from_io_error(error),
        Some(Errno::ACCESS | Errno::PERM)
    )
}
