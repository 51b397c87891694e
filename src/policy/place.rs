// SPDX-License-Identifier: GPL-3.0-or-later

//! Putting a policy into a computer or an image, and taking it out again.
//!
//! What counts for people is the compiled database, with its values and locks in one file, and
//! whether the profile names it. So the steps are: the key file and the locks are made in a folder
//! beside the old one, and the two change their names in one step; the database is compiled, which
//! replaces it in one step; the profile, which was written beforehand, takes its place. Whoever
//! pulls the plug between two steps finds the old policy in force or the new one, and what is
//! left over is seen to by the next application.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use cap_std::fs::Dir;
use rustix::fs::{FlockOperation, Mode, OFlags};

use super::compile::{self, Compiled, Conflict};
use super::diff::FileChange;
use super::read_back::{self, Answer, Databases, Process, Question};
use super::{FILE, LARGEST_FILE, Policy, in_force, parse, profile};
use crate::PACKAGE;
use crate::catalogue::Catalogue;
use crate::choice::Choice;
use crate::folders;
use crate::i18n::system_error;
use crate::mistake::Mistake;
use crate::reader::{Reader, Shape};
use crate::session;
use crate::tree::{self, FOLDER_UNDER_WAY, Kind, LARGEST_FOREIGN_FILE, Rights, Tree, UNDER_WAY};

/// Where databases are, and the folders that they are compiled from.
const DATABASES: &str = "/etc/dconf/db";

/// Where profiles are, and the name of everybody's.
const PROFILES: &str = "/etc/dconf/profile";
const USER_PROFILE: &str = "user";

/// The folder that our database is compiled from, and what is in it.
const SOURCES: &str = "privacy-panel.d";
const KEY_FILE: &str = "policy";
const LOCKS: &str = "locks";
const LOCKS_FILE: &str = "locks/policy";

/// The name of a profile in a home of nobody's.
const PROFILE: &str = "profile";

/// What keeps two from working at the same time. Nobody but root can hold it.
const LOCK: &str = "/run/privacy-panel.lock";

/// How long the other one is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The beginning of a line that says what was made, for the removal.
const MADE: &str = "# Made: ";

/// The beginning of each line of the policy itself.
const POLICY: &str = "#| ";

/// A computer or an image that a policy is put into.
#[derive(Debug)]
pub struct Place {
    tree: Tree,
}

/// Why a policy could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// There is none.
    #[error("there is no policy")]
    Missing(PathBuf),
    /// What is wrong in it.
    #[error("{} mistakes", .0.len())]
    Mistakes(Vec<Mistake>),
}

/// Why nothing was changed, or what was changed is not in force.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The system said no.
    #[error("{}: {reason}", .file.display())]
    System {
        /// The file or folder.
        file: PathBuf,
        /// What the system says, in its language.
        reason: String,
    },
    /// This person may not.
    #[error("{} cannot be written: {reason}", .folder.display())]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// What the system says, in its language.
        reason: String,
        /// Whether another person may.
        denied: bool,
    },
    /// Something else stands where a file or folder of ours would be.
    #[error("{} is in the way", .0.display())]
    InTheWay(PathBuf),
    /// Somebody put a file into our folder.
    #[error("{} is somebody else's", .0.display())]
    Foreign(PathBuf),
    /// The profile is a link: it belongs to something that manages it.
    #[error("{} is a link", .0.display())]
    ProfileIsLink(PathBuf),
    /// Our line is in a profile that is a link, and cannot be taken out of it.
    #[error("{} is a link", .0.display())]
    LineInLink(PathBuf),
    /// The profile has no place for our line.
    #[error("{} names no database of the person's own", .0.display())]
    NoUserDatabase(PathBuf),
    /// Two readers want different things.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The program `dconf` is not installed, or GSettings has no module for dconf.
    #[error("dconf is not installed")]
    NoDconf,
    /// The database could not be compiled.
    #[error("the database could not be compiled: {0}")]
    NotCompiled(String),
    /// Another one is at work, and does not come to an end.
    #[error("another one is at work")]
    Busy,
    /// All was written, and is not what a program that starts now reads.
    #[error("not in force")]
    NotInForce(Box<Report>),
}

/// What an application did.
#[derive(Debug)]
pub struct Applied {
    /// Whether anything was written.
    pub changed: bool,
    /// Whether the profile was: people who are logged in go on with the one that they have.
    pub profile_changed: bool,
    /// What is in force, read back.
    pub report: Report,
    /// What dconf had to say, such as of other databases.
    pub said: Option<String>,
}

/// What is in force, reader by reader.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Whether everybody's profile names our database.
    pub in_profile: bool,
    /// Whether the database is the policy's, and says nothing more.
    pub is_current: bool,
    /// Every reader of a choice that the policy decides.
    pub readers: Vec<ReaderReport>,
    /// The keys that say whose policy it is, and which.
    pub policy: Vec<KeyReport>,
    /// Files and folders that others than root may change, and so undo the policy.
    pub exposed: Vec<PathBuf>,
    /// Files and folders that people cannot read, and so do not obey.
    pub hidden: Vec<PathBuf>,
}

/// What is in force for one reader.
#[derive(Clone, Debug)]
pub struct ReaderReport {
    /// The choice that the reader follows.
    pub choice: &'static Choice,
    /// The name of its file.
    pub id: String,
    /// The program's name, as its file gives it.
    pub name: String,
    /// The keys that the policy decides about.
    pub keys: Vec<KeyReport>,
}

/// What is in force for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// The key by its whole path.
    pub key: String,
    /// What the policy says.
    pub wanted: Answer,
    /// What was found.
    pub found: Answer,
}

impl Report {
    /// Whether what is in force is what the policy says.
    pub fn in_force(&self) -> bool {
        self.in_profile
            && self.is_current
            && self.hidden.is_empty()
            && self.readers.iter().all(ReaderReport::in_force)
            && self.policy.iter().all(KeyReport::in_force)
    }
}

impl ReaderReport {
    /// Whether what is in force is what the policy says.
    pub fn in_force(&self) -> bool {
        self.keys.iter().all(KeyReport::in_force)
    }

    /// Why the program does not take a value, where that is so.
    pub fn problem(&self) -> Option<&str> {
        self.keys
            .iter()
            .find_map(|key| key.found.problem.as_deref())
    }
}

impl KeyReport {
    fn in_force(&self) -> bool {
        self.wanted == self.found
    }
}

/// What there is, and what is to be.
struct Plan {
    compiled: Compiled,
    sources: [FileChange; 2],
    profile: FileChange,
    profile_rights: Rights,
    /// Whether an application that was cut off left something behind, or somebody took or gave
    /// rights to what is ours, so that all of it is made anew.
    damaged: bool,
    text: String,
}

impl Plan {
    fn sources_change(&self) -> bool {
        self.damaged || self.sources.iter().any(FileChange::is_change)
    }

    fn is_change(&self) -> bool {
        self.sources_change() || self.profile.is_change()
    }
}

fn system(file: PathBuf) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::System {
        file,
        reason: system_error(&error),
    }
}

impl Place {
    /// A computer, or an image of one.
    pub const fn new(tree: Tree) -> Self {
        Self { tree }
    }

    /// The files.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    fn name(&self, folder: &str, name: &str) -> PathBuf {
        self.tree.name(&Path::new(folder).join(name))
    }

    /// Reads the place's policy: the file, or, where there is none, what was applied from a file
    /// of another name. Says where it came from.
    pub fn policy(&self) -> Result<(PathBuf, Policy), Unreadable> {
        let file = self.tree.name(Path::new(FILE));
        match read_policy(&self.tree, Path::new(FILE)) {
            Err(Unreadable::Missing(_)) => match self.applied() {
                Err(Unreadable::Missing(_)) => Err(Unreadable::Missing(file)),
                found => found,
            },
            found => found.map(|policy| (file, policy)),
        }
    }

    /// Reads the policy that was applied last, as it was then. Says where it is kept.
    pub fn applied(&self) -> Result<(PathBuf, Policy), Unreadable> {
        let file = self.name(DATABASES, SOURCES).join(KEY_FILE);
        let key_file = self.source(KEY_FILE).ok().flatten();
        match key_file.and_then(|bytes| embedded(&bytes)) {
            None => Err(Unreadable::Missing(file)),
            Some(text) => match parse(&file, text.as_bytes()) {
                Ok(policy) => Ok((file, policy)),
                Err(mistakes) => Err(Unreadable::Mistakes(mistakes)),
            },
        }
    }

    /// Reads a policy from a file of this computer.
    pub fn policy_from(file: &Path) -> Result<Policy, Unreadable> {
        read_policy(&Tree::computer(), file)
    }

    /// Puts a policy in force. `waiting` is called when another one is at work.
    pub fn apply(
        &self,
        policy: &Policy,
        catalogue: &Catalogue,
        waiting: impl FnOnce(),
    ) -> Result<Applied, Failure> {
        // Before the lock: who may not write is told so, whether anything is to be written or not.
        self.check_rights()?;
        let _lock = self.lock(waiting)?;
        let plan = self.plan(policy, catalogue)?;
        if !plan.is_change() && self.is_compiled(&plan.compiled)? {
            let report = self.report(policy, catalogue, &plan.compiled, None)?;
            if report.in_force() {
                return Ok(Applied {
                    changed: false,
                    profile_changed: false,
                    report,
                    said: None,
                });
            }
        }
        // It starts while the database is compiled, and looks at nothing before it is asked. What
        // could not be read back is not begun.
        let process = Process::start(&self.tree, Databases::All).map_err(no_scratch())?;
        let said = self.carry_out(&plan)?;
        let report = self.report(policy, catalogue, &plan.compiled, Some(process))?;
        if !report.in_force() {
            return Err(Failure::NotInForce(Box::new(report)));
        }
        Ok(Applied {
            changed: true,
            profile_changed: plan.profile.is_change(),
            report,
            said,
        })
    }

    /// What an application would change, and whether the database would be compiled.
    pub fn dry_run(
        &self,
        policy: &Policy,
        catalogue: &Catalogue,
    ) -> Result<(Vec<FileChange>, bool), Failure> {
        let plan = self.plan(policy, catalogue)?;
        let compile = plan.sources_change()
            || !self.is_compiled(&plan.compiled)?
            || !self
                .report(policy, catalogue, &plan.compiled, None)?
                .in_force();
        let files = plan.sources.into_iter().chain([plan.profile]);
        Ok((files.filter(FileChange::is_change).collect(), compile))
    }

    /// Compares what is in force with what a policy says.
    pub fn status(&self, policy: &Policy, catalogue: &Catalogue) -> Result<Report, Failure> {
        let profile = match self.profile()?.1 {
            Some(profile) => profile,
            None => self.new_profile()?,
        };
        let compiled = self.compile(policy, catalogue, &profile)?;
        let mut report = self.report(policy, catalogue, &compiled, None)?;
        report.is_current = self.is_compiled(&compiled)?;
        Ok(report)
    }

    /// Takes out all that applications put there. Says whether there was anything.
    pub fn remove(&self, waiting: impl FnOnce()) -> Result<bool, Failure> {
        if !self.is_there()? {
            return Ok(false);
        }
        self.check_rights()?;
        let _lock = self.lock(waiting)?;
        let folder = |path: &str| {
            let opened = self.tree.folder(Path::new(path));
            opened.map_err(system(self.tree.name(Path::new(path))))
        };
        let (databases, profiles) = (folder(DATABASES)?, folder(PROFILES)?);
        let (kind, profile) = self.profile()?;
        if kind == Some(Kind::Link) && profile.as_deref().is_some_and(profile::has_ours) {
            return Err(Failure::LineInLink(self.name(PROFILES, USER_PROFILE)));
        }
        if let Some(databases) = &databases {
            self.check_ours(databases)?;
        }
        let made = made(&self.source(KEY_FILE)?.unwrap_or_default());
        self.let_go(databases.as_ref(), &made)?;
        if let (Some(profiles), Some(profile)) = (&profiles, &profile) {
            self.take_out_of_profile(profiles, kind, profile, &made)?;
        }
        if let Some(databases) = &databases {
            let ours = [PACKAGE.into(), SOURCES.into()];
            for name in leftovers(databases).into_iter().chain(ours) {
                let path = Path::new(DATABASES).join(&name);
                tree::remove(databases, name).map_err(system(self.tree.name(&path)))?;
            }
        }
        // The innermost first. The profile has been seen to.
        let folders = made.iter().filter(|path| *path != Path::new(profile::FILE));
        for path in folders.rev() {
            if let (Some(above), Some(name)) = (path.parent(), path.file_name()) {
                if let Ok(Some(above)) = self.tree.folder(above) {
                    let removed = tree::remove_empty(&above, name);
                    removed.map_err(system(self.tree.name(path)))?;
                }
            }
        }
        Ok(true)
    }

    /// Whether anything is there that a removal would take out.
    fn is_there(&self) -> Result<bool, Failure> {
        if self.profile()?.1.as_deref().is_some_and(profile::has_ours) {
            return Ok(true);
        }
        let path = Path::new(DATABASES);
        let Some(databases) = self
            .tree
            .folder(path)
            .map_err(system(self.tree.name(path)))?
        else {
            return Ok(false);
        };
        for name in [PACKAGE, SOURCES] {
            let found = tree::kind(&databases, name);
            if found.map_err(system(self.name(DATABASES, name)))?.is_some() {
                return Ok(true);
            }
        }
        Ok(!leftovers(&databases).is_empty())
    }

    /// Lets the programs of people who are logged in know at once that nothing is locked any more:
    /// they keep the database that they have open until it says otherwise.
    fn let_go(&self, databases: Option<&Dir>, made: &[PathBuf]) -> Result<(), Failure> {
        let Some(databases) = databases.filter(|_| !self.tree.is_image()) else {
            return Ok(());
        };
        let sources = self.name(DATABASES, SOURCES);
        if tree::kind(databases, SOURCES)
            .map_err(system(sources.clone()))?
            .is_none()
        {
            return Ok(());
        }
        let heading = format!("{}\n", heading(made));
        self.make_sources(databases, heading.as_bytes(), b"")?;
        // Without dconf nobody has it open.
        match self.update(databases) {
            Ok(_) | Err(Failure::NoDconf) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    fn take_out_of_profile(
        &self,
        profiles: &Dir,
        kind: Option<Kind>,
        profile: &[u8],
        made: &[PathBuf],
    ) -> Result<(), Failure> {
        let failed = |error| system(self.name(PROFILES, USER_PROFILE))(error);
        tree::remove(profiles, UNDER_WAY).map_err(failed)?;
        if !profile::has_ours(profile) {
            return Ok(());
        }
        let ours = made.iter().any(|path| path == Path::new(profile::FILE));
        if ours && self.new_profile().is_ok_and(|new| new == profile) {
            return tree::remove(profiles, USER_PROFILE).map_err(failed);
        }
        let rights = match kind {
            Some(Kind::File(rights)) => rights,
            _ => Rights::PUBLIC,
        };
        tree::prepare(profiles, &profile::without_ours(profile), rights)
            .and_then(|()| tree::put_in_place(profiles, USER_PROFILE))
            .map_err(failed)
    }

    /// Everybody's profile: what stands there, and what is in it.
    fn profile(&self) -> Result<(Option<Kind>, Option<Vec<u8>>), Failure> {
        let failed = || system(self.name(PROFILES, USER_PROFILE));
        let folder = self.tree.folder(Path::new(PROFILES)).map_err(failed())?;
        let kind = match &folder {
            Some(folder) => tree::kind(folder, USER_PROFILE).map_err(failed())?,
            None => None,
        };
        let bytes = self
            .tree
            .read(Path::new(profile::FILE), LARGEST_FOREIGN_FILE)
            .map_err(failed())?;
        Ok((kind, bytes))
    }

    /// The profile that is made where there is none.
    fn new_profile(&self) -> Result<Vec<u8>, Failure> {
        for data in folders::system_data(&self.tree) {
            let file = data.join(profile::VENDOR_FILE);
            let vendor = self.tree.read(&file, LARGEST_FOREIGN_FILE);
            if let Some(vendor) = vendor.map_err(system(self.tree.name(&file)))? {
                return profile::new(Some(&vendor))
                    .map_err(|_| Failure::NoUserDatabase(self.tree.name(&file)));
            }
        }
        profile::new(None)
            .map_err(|_| Failure::NoUserDatabase(self.tree.name(Path::new(profile::FILE))))
    }

    /// A file of our sources, as it is.
    fn source(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let path = Path::new(DATABASES).join(SOURCES).join(name);
        self.tree
            .read(&path, LARGEST_FOREIGN_FILE)
            .map_err(system(self.tree.name(&path)))
    }

    fn plan(&self, policy: &Policy, catalogue: &Catalogue) -> Result<Plan, Failure> {
        let path = Path::new(DATABASES);
        let databases = self.tree.folder(path);
        if let Some(databases) = databases.map_err(system(self.tree.name(path)))? {
            self.check_ours(&databases)?;
        }
        let (kind, profile) = self.profile()?;
        let profile_rights = match kind {
            None => Rights::PUBLIC,
            Some(Kind::File(rights)) => rights,
            // Somebody put our line where the link leads; then there is nothing to change.
            Some(Kind::Link) if profile.as_deref().is_some_and(profile::has_ours) => Rights::PUBLIC,
            Some(Kind::Link) => {
                return Err(Failure::ProfileIsLink(self.name(PROFILES, USER_PROFILE)));
            }
            Some(_) => return Err(Failure::InTheWay(self.name(PROFILES, USER_PROFILE))),
        };
        let new_profile = match &profile {
            None => self.new_profile()?,
            Some(profile) => profile::with_ours(profile)
                .map_err(|_| Failure::NoUserDatabase(self.name(PROFILES, USER_PROFILE)))?,
        };
        let compiled = self.compile(policy, catalogue, &new_profile)?;
        let key_file = self.source(KEY_FILE)?;
        let mut made = made(key_file.as_deref().unwrap_or_default());
        if profile.is_none() {
            made.push(profile::FILE.into());
        }
        for folder in ["/etc", "/etc/dconf", DATABASES, PROFILES] {
            let opened = self.tree.folder(Path::new(folder));
            let is_there = opened.map_err(system(self.tree.name(Path::new(folder))))?;
            if is_there.is_none() {
                made.push(folder.into());
            }
        }
        made.sort();
        made.dedup();
        let text = key_file_text(policy, &compiled, &made);
        let file = |name: &str, before, after: String| FileChange {
            file: self.name(DATABASES, SOURCES).join(name),
            before,
            after: Some(after.into_bytes()),
        };
        Ok(Plan {
            sources: [
                file(KEY_FILE, key_file, text.clone()),
                file(LOCKS_FILE, self.source(LOCKS_FILE)?, compiled.locks_file()),
            ],
            profile: FileChange {
                file: self.name(PROFILES, USER_PROFILE),
                before: profile,
                after: Some(new_profile),
            },
            profile_rights,
            compiled,
            damaged: self.is_damaged()?,
            text,
        })
    }

    /// Whether there is something that was made under another name and never took its place, or
    /// something of ours with another owner or other rights than it was made with.
    fn is_damaged(&self) -> Result<bool, Failure> {
        let me = rustix::process::geteuid().as_raw();
        let path = Path::new(DATABASES);
        let failed = || system(self.tree.name(path));
        if let Some(dir) = self.tree.folder(path).map_err(failed())? {
            if !leftovers(&dir).is_empty() {
                return Ok(true);
            }
            let sources = Path::new(SOURCES);
            for name in [
                Path::new(PACKAGE),
                sources,
                &sources.join(LOCKS),
                &sources.join(KEY_FILE),
                &sources.join(LOCKS_FILE),
            ] {
                let (rights, usual) = match tree::kind(&dir, name).map_err(failed())? {
                    Some(Kind::File(rights)) => (rights, 0o644),
                    Some(Kind::Folder(rights)) => (rights, 0o755),
                    _ => continue,
                };
                let owner = rights.owner.map_or(me, |(user, _)| user);
                if rights.mode != usual || (owner != me && owner != 0) {
                    return Ok(true);
                }
            }
        }
        let path = Path::new(PROFILES);
        let failed = || system(self.tree.name(path));
        if let Some(dir) = self.tree.folder(path).map_err(failed())? {
            if tree::kind(&dir, UNDER_WAY).map_err(failed())?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn compile(
        &self,
        policy: &Policy,
        catalogue: &Catalogue,
        profile: &[u8],
    ) -> Result<Compiled, Failure> {
        let keys = compile::list_keys(policy, catalogue);
        let others = profile::entries(&profile::without_ours(profile))
            .any(|entry| entry.starts_with(b"system-db:") || entry.starts_with(b"file-db:"));
        let mut below = std::collections::BTreeMap::new();
        if others && !keys.is_empty() {
            let questions: Vec<_> = keys.iter().map(|key| Question::plain(key)).collect();
            let answers = self.ask(Some(profile), Databases::Others, None, &questions)?;
            for (key, answer) in keys.into_iter().zip(answers) {
                let value = answer
                    .value
                    .and_then(|text| glib::Variant::parse(None, &text).ok());
                if let Some(names) = value.and_then(|value| value.get::<Vec<String>>()) {
                    below.insert(key, names);
                }
            }
        }
        let below = |key: &str| below.get(key).cloned().unwrap_or_default();
        Ok(compile::compile(policy, catalogue, &below)?)
    }

    fn ask(
        &self,
        profile: Option<&[u8]>,
        databases: Databases,
        process: Option<Process>,
        questions: &[Question],
    ) -> Result<Vec<Answer>, Failure> {
        let Some(profile) = profile else {
            // dconf's default names nothing but the person's own.
            return Ok(vec![Answer::default(); questions.len()]);
        };
        let asked = match process {
            Some(process) => process.ask(&self.tree, profile, questions),
            None => Process::start(&self.tree, databases)
                .map_err(no_scratch())?
                .ask(&self.tree, profile, questions),
        };
        asked.map_err(|failure| match failure {
            read_back::Failure::NoDconf => Failure::NoDconf,
            read_back::Failure::Io(error) => system(self.name(PROFILES, USER_PROFILE))(error),
        })
    }

    /// Reads back every key that a policy says something about.
    fn report(
        &self,
        policy: &Policy,
        catalogue: &Catalogue,
        compiled: &Compiled,
        process: Option<Process>,
    ) -> Result<Report, Failure> {
        let profile = self.profile()?.1;
        let mut readers = Vec::new();
        let mut questions = Vec::new();
        for decision in &policy.decisions {
            for reader in catalogue.readers_of(decision.choice) {
                let keys = compile::keys_of(decision, reader);
                questions.extend(keys.iter().map(|key| Question {
                    key: key.clone(),
                    // What this computer's programs take says nothing about an image's.
                    schema: (!self.tree.is_image()).then(|| schema(reader).to_owned()),
                }));
                readers.push((decision.choice, reader, keys));
            }
        }
        questions.extend(in_force::keys().map(Question::plain));
        let mut answers = self
            .ask(profile.as_deref(), Databases::All, process, &questions)?
            .into_iter();
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
        };
        let mut key_reports = |keys: Vec<String>| -> Vec<_> {
            let answered = keys
                .into_iter()
                .map(|key| (key, answers.next().unwrap_or_default()));
            answered.map(key_report).collect()
        };
        let readers = readers
            .into_iter()
            .map(|(choice, reader, keys)| ReaderReport {
                choice,
                id: reader.id.clone(),
                name: reader.name.clone(),
                keys: key_reports(keys),
            })
            .collect();
        let mut report = Report {
            in_profile: profile.as_deref().is_some_and(profile::has_ours),
            is_current: true,
            readers,
            policy: key_reports(in_force::keys().map(str::to_owned).into()),
            ..Report::default()
        };
        self.look_at_rights(&mut report);
        Ok(report)
    }

    /// Finds what others may change, and what people cannot read.
    fn look_at_rights(&self, report: &mut Report) {
        let me = rustix::process::geteuid().as_raw();
        let paths = [
            ("/etc", "dconf"),
            ("/etc/dconf", "db"),
            ("/etc/dconf", "profile"),
            (PROFILES, USER_PROFILE),
            (DATABASES, SOURCES),
            (DATABASES, PACKAGE),
            ("/etc", PACKAGE),
            (folders::SYSTEM_CONFIG, "policy.toml"),
            (folders::SYSTEM_CONFIG, "readers.d"),
        ];
        for (folder, name) in paths {
            let Ok(Some(dir)) = self.tree.folder(Path::new(folder)) else {
                continue;
            };
            let (rights, needed) = match tree::kind(&dir, name) {
                Ok(Some(Kind::File(rights))) => (rights, 0o004),
                Ok(Some(Kind::Folder(rights))) => (rights, 0o005),
                _ => continue,
            };
            let owner = rights.owner.map_or(0, |(user, _)| user);
            let by_group =
                rights.mode & 0o020 != 0 && rights.owner.is_some_and(|(_, group)| group != 0);
            if (owner != 0 && owner != me) || rights.mode & 0o002 != 0 || by_group {
                report.exposed.push(self.name(folder, name));
            }
            // Our sources are for dconf alone, and the policy for privacyctl.
            let for_people = folder.starts_with("/etc/dconf") || name == "dconf";
            if for_people && name != SOURCES && rights.mode & needed != needed {
                report.hidden.push(self.name(folder, name));
            }
        }
    }

    /// Makes sure that where our files would be there is nothing of anybody else's.
    fn check_ours(&self, databases: &Dir) -> Result<(), Failure> {
        let kind =
            |name: &str| tree::kind(databases, name).map_err(system(self.name(DATABASES, name)));
        if !matches!(kind(PACKAGE)?, None | Some(Kind::File(_))) {
            return Err(Failure::InTheWay(self.name(DATABASES, PACKAGE)));
        }
        if !matches!(kind(SOURCES)?, None | Some(Kind::Folder(_))) {
            return Err(Failure::InTheWay(self.name(DATABASES, SOURCES)));
        }
        for (folder, ours) in [
            // What one that was cut off left behind is ours, too.
            (
                PathBuf::from(SOURCES),
                [KEY_FILE, LOCKS, UNDER_WAY].as_slice(),
            ),
            (
                Path::new(SOURCES).join(LOCKS),
                [KEY_FILE, UNDER_WAY].as_slice(),
            ),
        ] {
            let path = Path::new(DATABASES).join(folder);
            let entries = self.tree.entries(&path);
            for (name, _) in entries.map_err(system(self.tree.name(&path)))? {
                if !ours.iter().any(|ours| name == **ours) {
                    return Err(Failure::Foreign(self.tree.name(&path.join(name))));
                }
            }
        }
        Ok(())
    }

    /// Makes sure that this person may write where it will be needed.
    fn check_rights(&self) -> Result<(), Failure> {
        for folder in [DATABASES, PROFILES] {
            // The nearest folder that is there.
            let found =
                Path::new(folder)
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

    /// Waits until nobody else is at work here. The lock ends with the handle.
    fn lock(&self, waiting: impl FnOnce()) -> Result<std::fs::File, Failure> {
        let name = if self.tree.is_image() { "/" } else { LOCK };
        let failed = |error| system(self.tree.name(Path::new(name)))(error);
        let open = || -> io::Result<std::fs::File> {
            if self.tree.is_image() {
                // An image is prepared by one person alone; it is not to keep a file of ours.
                let root = self.tree.folder(Path::new("/"))?;
                let root = root.ok_or(io::ErrorKind::NotFound)?;
                return Ok(tree::handle(&root)?.into());
            }
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let lock = rustix::fs::open(LOCK, flags, Mode::from_raw_mode(0o600))?;
            Ok(lock.into())
        };
        let file = open().map_err(failed)?;
        let try_lock = || match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
            Err(error) => Err(failed(error.into())),
        };
        if try_lock()? {
            return Ok(file);
        }
        waiting();
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
            if try_lock()? {
                return Ok(file);
            }
        }
        Err(Failure::Busy)
    }

    /// Does what is to be done. Says what dconf had to say.
    fn carry_out(&self, plan: &Plan) -> Result<Option<String>, Failure> {
        // Whatever root's habits are: people have to read what is made here.
        rustix::process::umask(Mode::from_raw_mode(0o022));
        let mut made = Vec::new();
        let mut folder = |path: &str| {
            let opened = self.tree.make_folder(Path::new(path), &mut made);
            opened.map_err(system(self.tree.name(Path::new(path))))
        };
        let folders = folder(DATABASES).and_then(|databases| Ok((databases, folder(PROFILES)?)));
        let done = folders.and_then(|(databases, profiles)| {
            Self::clear_up(&databases, &profiles);
            let done = self.change(plan, &databases, &profiles);
            Self::clear_up(&databases, &profiles);
            done
        });
        if done.is_err() {
            // A folder that was made for nothing.
            for path in made.iter().rev() {
                if let (Some(above), Some(name)) = (path.parent(), path.file_name()) {
                    if let Ok(Some(above)) = self.tree.folder(above) {
                        let _ = tree::remove_empty(&above, name);
                    }
                }
            }
        }
        done
    }

    /// Takes out what this application or one that was cut off left behind. What cannot be taken
    /// out is in nobody's way, and the next application looks again.
    fn clear_up(databases: &Dir, profiles: &Dir) {
        for name in leftovers(databases) {
            let _ = tree::remove(databases, name);
        }
        let _ = tree::remove(profiles, UNDER_WAY);
    }

    fn change(
        &self,
        plan: &Plan,
        databases: &Dir,
        profiles: &Dir,
    ) -> Result<Option<String>, Failure> {
        let profile_failed = || system(self.name(PROFILES, USER_PROFILE));
        if let (true, Some(profile)) = (plan.profile.is_change(), &plan.profile.after) {
            // While nothing has happened yet: a full disk is noticed here.
            tree::prepare(profiles, profile, plan.profile_rights).map_err(profile_failed())?;
        }
        let swapped = plan.sources_change();
        if swapped {
            let locks = plan.compiled.locks_file();
            self.make_sources(databases, plan.text.as_bytes(), locks.as_bytes())?;
        }
        let said = self.update(databases).inspect_err(|_| {
            // The old database is in force; its sources come back.
            if swapped {
                let _ = self.undo_sources(plan, databases);
            }
        })?;
        if plan.profile.is_change() {
            tree::put_in_place(profiles, USER_PROFILE).map_err(profile_failed())?;
        }
        Ok(said)
    }

    /// Makes the folder of sources and lets it take its place.
    fn make_sources(&self, databases: &Dir, keys: &[u8], locks: &[u8]) -> Result<(), Failure> {
        let make = || -> io::Result<()> {
            tree::remove(databases, FOLDER_UNDER_WAY)?;
            tree::make_folder(databases, FOLDER_UNDER_WAY)?;
            let folder = databases.open_dir(FOLDER_UNDER_WAY)?;
            tree::make_folder(&folder, LOCKS)?;
            tree::write_new(&folder, KEY_FILE, keys, Rights::PUBLIC)?;
            tree::write_new(&folder, LOCKS_FILE, locks, Rights::PUBLIC)?;
            tree::flush(&folder.open_dir(LOCKS)?)?;
            tree::flush(&folder)?;
            if tree::kind(databases, SOURCES)?.is_none() {
                databases.rename(FOLDER_UNDER_WAY, databases, SOURCES)?;
                return tree::flush(databases);
            }
            if tree::exchange(databases, SOURCES)?.is_some() {
                return Ok(());
            }
            // Where folders cannot be exchanged, their files are replaced one by one. The database
            // is compiled from both only later.
            let sources = databases.open_dir(SOURCES)?;
            if tree::kind(&sources, LOCKS)?.is_none() {
                tree::make_folder(&sources, LOCKS)?;
            }
            let place = sources.open_dir(LOCKS)?;
            tree::prepare(&place, locks, Rights::PUBLIC)?;
            tree::prepare(&sources, keys, Rights::PUBLIC)?;
            tree::put_in_place(&place, KEY_FILE)?;
            tree::put_in_place(&sources, KEY_FILE)
        };
        make().map_err(|error| {
            let _ = tree::remove(databases, FOLDER_UNDER_WAY);
            system(self.name(DATABASES, SOURCES))(error)
        })
    }

    fn undo_sources(&self, plan: &Plan, databases: &Dir) -> Result<(), Failure> {
        let failed = || system(self.name(DATABASES, SOURCES));
        let [keys, locks] = &plan.sources;
        if keys.before.is_none() && locks.before.is_none() {
            return tree::remove(databases, SOURCES).map_err(failed());
        }
        if tree::exchange(databases, SOURCES)
            .map_err(failed())?
            .is_some()
        {
            return Ok(());
        }
        let old = |file: &FileChange| file.before.clone().unwrap_or_default();
        self.make_sources(databases, &old(keys), &old(locks))
    }

    /// Has the database compiled. Says what dconf had to say.
    fn update(&self, databases: &Dir) -> Result<Option<String>, Failure> {
        if self.tree.is_image() {
            return self.compile_for_image(databases).map(|()| None);
        }
        let number = || {
            use cap_std::fs::MetadataExt as _;
            databases
                .symlink_metadata(PACKAGE)
                .ok()
                .map(|found| found.ino())
        };
        let before = number();
        let output = dconf(&["update".as_ref()], None)?;
        let said = said(&output);
        let after = number();
        session::announce_to_all();
        // It goes on past a database that it cannot compile, which may be another one.
        if !output.status.success() && (after.is_none() || before == after) {
            return Err(Failure::NotCompiled(said));
        }
        tree::flush(databases).map_err(system(self.name(DATABASES, PACKAGE)))?;
        Ok((!said.is_empty()).then_some(said))
    }

    /// dconf follows whatever links there are. So it compiles copies in a folder of ours, and only
    /// what comes out is put into the image.
    fn compile_for_image(&self, databases: &Dir) -> Result<(), Failure> {
        let keys = self.source(KEY_FILE)?.unwrap_or_default();
        let locks = self.source(LOCKS_FILE)?.unwrap_or_default();
        let bytes = Self::compile_apart(&keys, &locks)?;
        tree::prepare(databases, &bytes, Rights::PUBLIC)
            .and_then(|()| tree::put_in_place(databases, PACKAGE))
            .map_err(system(self.name(DATABASES, PACKAGE)))
    }

    /// The database that dconf makes of sources, in a folder of ours.
    fn compile_apart(keys: &[u8], locks: &[u8]) -> Result<Vec<u8>, Failure> {
        let scratch = scratch()?;
        let sources = scratch.path().join(SOURCES);
        std::fs::create_dir_all(sources.join(LOCKS))
            .and_then(|()| std::fs::write(sources.join(KEY_FILE), keys))
            .and_then(|()| std::fs::write(sources.join(LOCKS_FILE), locks))
            .map_err(no_scratch())?;
        let compiled = scratch.path().join(PACKAGE);
        let words = [
            "compile".as_ref(),
            compiled.as_os_str(),
            sources.as_os_str(),
        ];
        let output = dconf(&words, None)?;
        if !output.status.success() {
            return Err(Failure::NotCompiled(said(&output)));
        }
        std::fs::read(&compiled).map_err(no_scratch())
    }

    /// Whether the database holds what the policy comes to, and nothing more. It is asked by
    /// values: `dconf compile` leaves some bytes of a database to chance.
    fn is_compiled(&self, compiled: &Compiled) -> Result<bool, Failure> {
        let path = Path::new(DATABASES).join(PACKAGE);
        let found = self.tree.read(&path, LARGEST_FOREIGN_FILE);
        let Some(database) = found.map_err(system(self.tree.name(&path)))? else {
            return Ok(false);
        };
        let scratch = scratch()?;
        let [copy, profile] = [PACKAGE, PROFILE].map(|name| scratch.path().join(name));
        std::fs::write(&copy, database)
            .and_then(|()| {
                std::fs::write(
                    &profile,
                    format!("user-db:user\nfile-db:{}\n", copy.display()),
                )
            })
            .map_err(no_scratch())?;
        let listed = |what: &str| {
            let output = dconf(&[what.as_ref(), "/".as_ref()], Some(scratch.path()))?;
            if output.status.success() {
                Ok(String::from_utf8_lossy(&output.stdout).into_owned())
            } else {
                Err(Failure::NotCompiled(said(&output)))
            }
        };
        Ok(
            Compiled::from_files(&listed("dump")?, &listed("list-locks")?)
                == Some(compiled.clone()),
        )
    }
}

/// Reads a file of a computer or an image as a policy.
fn read_policy(tree: &Tree, path: &Path) -> Result<Policy, Unreadable> {
    let file = tree.name(path);
    let mistake = |error| Unreadable::Mistakes(vec![Mistake::whole(&file, &system_error(&error))]);
    match tree.read(path, LARGEST_FILE).map_err(mistake)? {
        None => Err(Unreadable::Missing(file)),
        Some(bytes) => parse(&file, &bytes).map_err(Unreadable::Mistakes),
    }
}

/// What applications that were cut off left in the folder of databases: what of ours did not take
/// its place, and what of dconf's did not, which GLib gives six capitals and digits at first.
fn leftovers(databases: &Dir) -> Vec<PathBuf> {
    let is_dconfs = |name: &str| {
        let letters = name
            .strip_prefix(PACKAGE)
            .and_then(|rest| rest.strip_prefix('.'));
        letters.is_some_and(|letters| {
            let is_ours = |letter: u8| letter.is_ascii_uppercase() || letter.is_ascii_digit();
            letters.len() == 6 && letters.bytes().all(is_ours)
        })
    };
    let sources = Path::new(SOURCES);
    let known = [
        UNDER_WAY.into(),
        FOLDER_UNDER_WAY.into(),
        sources.join(UNDER_WAY),
        sources.join(LOCKS).join(UNDER_WAY),
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

/// Runs `dconf`, and nothing of a person's own with it: where it reads settings, it does so in a
/// home of nobody's, by the profile that is there.
fn dconf(arguments: &[&OsStr], home: Option<&Path>) -> Result<Output, Failure> {
    let passed_on = ["PATH", "DBUS_SYSTEM_BUS_ADDRESS"];
    let output = Command::new("dconf")
        .args(arguments)
        .env_clear()
        .envs(
            passed_on
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .envs(home.into_iter().flat_map(|home| {
            [
                ("DCONF_PROFILE", home.join(PROFILE)),
                ("XDG_CONFIG_HOME", home.to_owned()),
                ("XDG_RUNTIME_DIR", home.to_owned()),
            ]
        }))
        .current_dir("/")
        .output();
    output.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::NoDconf,
        _ => Failure::NotCompiled(system_error(&error)),
    })
}

/// What dconf had to say, but for GLib's complaint about our name, see [`session`]; or how it
/// ended, where it said nothing of its failure.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = text.lines().filter(|line| {
        let complaint = line.contains("g_dbus_connection_emit_signal");
        !complaint && !line.trim().is_empty()
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    if text.is_empty() && !output.status.success() {
        return output.status.to_string();
    }
    text
}

/// A folder for a moment.
fn scratch() -> Result<tempfile::TempDir, Failure> {
    let made = tempfile::Builder::new().prefix("privacy-panel.").tempdir();
    made.map_err(no_scratch())
}

/// What is made for a moment cannot be.
fn no_scratch() -> impl FnOnce(io::Error) -> Failure {
    system(std::env::temp_dir())
}

/// Whether the system said no to this person, rather than to everybody.
fn is_denied(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(
        Errno::from_io_error(error),
        Some(Errno::ACCESS | Errno::PERM)
    )
}

/// The schema that a reader's programs read its keys with.
fn schema(reader: &Reader) -> &str {
    match &reader.shape {
        Shape::Value(shape) => &shape.schema,
        Shape::List(shape) => &shape.schema,
    }
}

/// The comments of the key file.
fn heading(made: &[PathBuf]) -> String {
    let mut text = String::from(
        "# Made by “privacyctl policy apply”, and made anew by it. To change what people may decide,\n\
         # change the policy and apply it again; see “privacyctl policy --help”.\n",
    );
    if !made.is_empty() {
        let names: Vec<_> = made.iter().map(|path| path.display().to_string()).collect();
        text.push_str(MADE);
        text.push_str(&names.join(" "));
        text.push('\n');
    }
    text
}

/// The key file: where it comes from, the policy as it was, and what follows from it.
fn key_file_text(policy: &Policy, compiled: &Compiled, made: &[PathBuf]) -> String {
    let mut text = heading(made);
    text.push_str("#\n# The policy:\n");
    for line in policy.text.split('\n') {
        text.push_str(format!("{POLICY}{line}").trim_end());
        text.push('\n');
    }
    text.push_str(&compiled.key_file());
    text
}

/// The policy that a key file was made from.
fn embedded(key_file: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(key_file).ok()?;
    let mark = POLICY.trim_end();
    let lines: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix(mark))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The files and folders that an application made where there were none.
fn made(key_file: &[u8]) -> Vec<PathBuf> {
    String::from_utf8_lossy(key_file)
        .lines()
        .find_map(|line| line.strip_prefix(MADE))
        .into_iter()
        .flat_map(|names| names.split(' '))
        // Whatever stands there, nothing else is ever taken out.
        .filter(|name| {
            [profile::FILE, "/etc", "/etc/dconf", DATABASES, PROFILES].contains(name)
        })
        .map(PathBuf::from)
        .collect()
}
