// SPDX-License-Identifier: GPL-3.0-or-later

//! Values in files of the user's folders, of any format, each with one value for on and one for
//! off.
//!
//! Less important files, of the system or a vendor, count where the user's own file has no value.
//! Only the user's own file is written.
//!
//! A program may have several profiles, and may be installed in a sandbox with folders of its own.
//! Each of these files counts.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use glib::Variant;
use glib::prelude::*;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::app;
use crate::choices::catalogue::names::{
    AbsoluteFile, Base, ConfigurationFiles, DconfKeyPath, FileName, FlatpakId, FormatName, KeyPath,
    Layer, List, LockName, Meaning, NonEmpty, ProcessName, ProfilesFolder, SnapName, wrong,
};
use crate::choices::catalogue::values::{FileValue, different};
use crate::choices::opt_out;
use crate::choices::opt_out::{OptOut, OptOuts};
use crate::choices::rule;
use crate::choices::rule::{Place, Rule, TwoValues};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::store::{
    Answer, Obeyed, Part, Problem, Request, Store, Stored, Watched, Write,
};
use crate::formats::document;
use crate::formats::document::DocumentProblem;
use crate::formats::format::{ChangeSignal, Format, Found, Scalar};
use crate::formats::mistake::At;
use crate::system::bus;
use crate::system::bus::Bus;
use crate::system::folders;
use crate::system::folders::{Packaging, UserFolder};
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::processes;
use crate::system::profiles;
use crate::system::replace::NotReplaced;
use crate::system::settings::Origin;
use crate::system::text;
use crate::system::tree::Tree;

/// `[file]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ValueInFile {
    format: FormatName,
    /// The user's folder.
    #[serde(default, skip_serializing_if = "Base::is_default")]
    base: Base,
    /// The folders with less important files of the same names, the most important first.
    #[serde(default, skip_serializing_if = "is_empty")]
    layers: List<Layer>,
    /// The key of dconf whose value counts before those files, and whose lock decides.
    dconf: Option<Spanned<DconfKeyPath>>,
    /// The folders with lists of profiles. The files are in each profile.
    #[serde(default, skip_serializing_if = "is_empty")]
    profiles: List<ProfilesFolder>,
    /// The program's ID in Flatpak.
    flatpak: Option<FlatpakId>,
    /// The program's name as a snap.
    snap: Option<SnapName>,
    /// The file beside each file into which the program copies the value, and which it overwrites
    /// while it runs.
    copy: Option<FileName>,
    /// What shows that the program runs.
    running: Option<Running>,
    /// The files. Names with a `*` match existing files only.
    files: NonEmpty<ConfigurationFiles>,
    /// Whether a missing file is created. Otherwise, it counts once the program has created it.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    create: bool,
    key: Spanned<KeyPath>,
    /// The value with which the program may send something.
    on: Spanned<FileValue>,
    /// The value with which it sends nothing.
    off: Spanned<FileValue>,
    /// Further values with which it sends nothing.
    #[serde(default, skip_serializing_if = "is_empty")]
    also_off: List<FileValue>,
    /// The value that the program itself writes until the user decides.
    default: Option<Spanned<FileValue>>,
    /// What any other value of the same type means. `None`: neither on nor off.
    other: Option<Meaning>,
    /// The state if all files or their values are missing.
    missing: Meaning,
    /// What decides instead of the user's files.
    #[serde(default, skip_serializing_if = "is_empty")]
    decided_by: List<DecidedBy>,
    /// Further values of the same program.
    #[serde(default, skip_serializing_if = "is_empty")]
    also: List<Also>,
    /// What turns the program off for all users.
    #[serde(default, skip_serializing_if = "OptOuts::is_none")]
    disable_all: OptOuts,
}

/// `running` in `[file]`: what shows that the program runs. One of them suffices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Running {
    /// Its locks, beside each file.
    locks: Option<NonEmpty<LockName>>,
    /// Its processes.
    processes: Option<NonEmpty<ProcessName>>,
    /// Whether it would overwrite a change of the file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    overwrites: bool,
}

impl Running {
    /// When the program that uses the file started. `None` if it doesn't run.
    fn since(&self, file: &Path) -> Option<SystemTime> {
        let locked = self.locks_of(file);
        let locked = locked.filter_map(|lock| processes::locked_since(&lock));
        let processes = self.processes.iter().flat_map(|names| names.iter());
        let sandbox = folders::sandbox_of(file);
        let started = processes.filter_map(|name| {
            processes::started(name, processes::Folder::Config, sandbox.as_deref())
        });
        locked.chain(started).min()
    }

    /// The numbers of the processes of the program that uses the file, as far as they are known.
    fn processes(&self, file: &Path) -> Vec<i32> {
        let locked = self.locks_of(file);
        let locked = locked.filter_map(|lock| processes::locked_by(&lock));
        let processes = self.processes.iter().flat_map(|names| names.iter());
        let sandbox = folders::sandbox_of(file);
        let named = processes.flat_map(|name| {
            processes::numbers(name, processes::Folder::Config, sandbox.as_deref())
        });
        locked.chain(named).collect()
    }

    /// The locks beside a file.
    fn locks_of(&self, file: &Path) -> impl Iterator<Item = PathBuf> {
        let locks = self.locks.iter().flat_map(|locks| locks.iter());
        locks.filter_map(|lock| {
            let mut folder = file.parent()?;
            let name = lock.strip_prefix("../");
            if name.is_some() {
                folder = folder.parent()?;
            }
            Some(folder.join(name.unwrap_or(lock)))
        })
    }
}

/// `[[file.also]]` in a reader file: another value. Missing fields are those of `[file]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Also {
    files: Option<NonEmpty<ConfigurationFiles>>,
    key: Option<Spanned<KeyPath>>,
    on: Option<Spanned<FileValue>>,
    off: Option<Spanned<FileValue>>,
    other: Option<Meaning>,
    missing: Option<Meaning>,
    decided_by: Option<List<DecidedBy>>,
}

/// `decided-by` in `[file]`: a value in a file of the system with which the user's files don't matter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DecidedBy {
    format: FormatName,
    /// The files, of which the first that exists counts.
    files: NonEmpty<AbsoluteFile>,
    key: Spanned<KeyPath>,
    value: FileValue,
    /// The state while the file has the value.
    state: Meaning,
}

impl DecidedBy {
    /// Whether the file has the value.
    fn holds(&self) -> Result<bool, DocumentProblem> {
        let key = self.key.get_ref().parts();
        for file in self.files.iter() {
            let format = self.format.format();
            let file = Path::new(&**file);
            let look = document::look(format, &Tree::computer(), file, &key, &self.value.0)?;
            if look.found != Found::NoFile {
                return Ok(look.found.is(&self.value.0));
            }
        }
        Ok(false)
    }
}

fn is_empty<T>(list: &List<T>) -> bool {
    list.is_empty()
}

const fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes fields by reference"
)]
const fn is_yes(value: &bool) -> bool {
    *value
}

/// A value with all its fields.
struct Value<'a> {
    files: &'a [ConfigurationFiles],
    key: &'a Spanned<KeyPath>,
    on: &'a Spanned<FileValue>,
    off: &'a Spanned<FileValue>,
    other: Option<Meaning>,
    missing: Meaning,
    decided_by: &'a [DecidedBy],
}

/// What the values mean.
struct FileRule {
    values: TwoValues,
    also_off: Vec<Variant>,
    other: State,
}

impl Rule for FileRule {
    fn state(&self, value: Option<&Variant>) -> State {
        if value.is_some_and(|value| self.also_off.contains(value)) {
            return State::Off;
        }
        match self.values.state(value) {
            // A value of another type, or one that isn't certain, is a unit.
            State::Mixed if value.is_some_and(|value| !value.is_type(glib::VariantTy::UNIT)) => {
                self.other
            }
            state => state,
        }
    }

    fn value(&self, on: bool) -> Option<Variant> {
        self.values.value(on)
    }
}

/// A file of the user with a value.
struct Target {
    file: PathBuf,
    /// Whether the system's files count below it: a sandbox has its own.
    has_layers: bool,
    /// Whether the file is outside of the home, so that it isn't written.
    is_outside: bool,
    /// The file's name below the user's folder.
    name: String,
    key: Vec<String>,
    /// The index of its rule.
    rule: usize,
}

impl ValueInFile {
    fn format(&self) -> &'static dyn Format {
        self.format.format()
    }

    /// The value that a reset writes. `None`: a reset removes the value.
    fn default(&self) -> Option<Scalar> {
        self.default
            .as_ref()
            .map(|default| default.get_ref().0.clone())
    }

    fn values(&self) -> impl Iterator<Item = Value<'_>> {
        let first = Value {
            files: &self.files,
            key: &self.key,
            on: &self.on,
            off: &self.off,
            other: self.other,
            missing: self.missing,
            decided_by: &self.decided_by,
        };
        let others = self.also.iter().map(|also| Value {
            files: also.files.as_deref().unwrap_or(&self.files),
            key: also.key.as_ref().unwrap_or(&self.key),
            on: also.on.as_ref().unwrap_or(&self.on),
            off: also.off.as_ref().unwrap_or(&self.off),
            other: also.other.or(self.other),
            missing: also.missing.unwrap_or(self.missing),
            decided_by: also.decided_by.as_ref().unwrap_or(&self.decided_by),
        });
        std::iter::once(first).chain(others)
    }

    fn rules(&self) -> Vec<FileRule> {
        let also_off = self.also_off.iter().map(|value| value.0.to_variant());
        let also_off: Vec<_> = also_off.collect();
        let rule = |value: Value<'_>| FileRule {
            also_off: also_off.clone(),
            values: TwoValues {
                on: value.on.get_ref().0.to_variant(),
                off: value.off.get_ref().0.to_variant(),
                missing: value.missing.0,
            },
            other: value.other.map_or(State::Mixed, |meaning| meaning.0),
        };
        self.values().map(rule).collect()
    }

    fn folder(&self) -> UserFolder {
        match self.base {
            Base::Config => UserFolder::Config,
            Base::Data => UserFolder::Data,
            Base::State => UserFolder::State,
            Base::Home => UserFolder::Home,
        }
    }

    /// The ways in which the program may be installed.
    fn packagings(&self) -> impl Iterator<Item = Packaging<'_>> {
        let flatpak = self.flatpak.as_deref().map(Packaging::Flatpak);
        let snap = self.snap.as_deref().map(Packaging::Snap);
        std::iter::once(Packaging::Native)
            .chain(flatpak)
            .chain(snap)
    }

    /// The system's files that count below a file of the user, the most important first.
    fn layers(&self, name: &str) -> Result<Vec<PathBuf>, DocumentProblem> {
        let mut files = Vec::new();
        for layer in self.layers.iter() {
            match layer {
                Layer::ConfigDirs => {
                    let folders = folders::config_dirs().into_iter();
                    files.extend(folders.map(|folder| folder.join(name)));
                }
                Layer::Folder(folder) => files.push(Path::new(&**folder).join(name)),
                Layer::Files(names) => {
                    let found = folders::files_below(Path::new("/"), &names[1..]);
                    files.extend(found.map_err(unreadable)?);
                }
            }
        }
        Ok(files)
    }

    /// The folders that may have the lists of profiles.
    fn profile_folders(&self) -> impl Iterator<Item = (Packaging<'_>, PathBuf)> {
        self.packagings().flat_map(move |packaging| {
            self.profiles.iter().flat_map(move |name| {
                let found = packaging.folders(UserFolder::Home, name).into_iter();
                found.map(move |(folder, name)| (packaging, folder.join(name)))
            })
        })
    }

    /// The files of a name.
    fn files(&self, name: &str) -> Result<Vec<Target>, DocumentProblem> {
        let mut targets = Vec::new();
        let mut add = |packaging, folder: &Path, name: &str, is_outside| {
            let mut found = folders::files_below(folder, name).map_err(unreadable)?;
            found.retain(|file| self.create || folders::may_exist(file));
            targets.extend(found.into_iter().map(|file| {
                Target {
                    name: file
                        .strip_prefix(folder)
                        .unwrap_or(&file)
                        .display()
                        .to_string(),
                    has_layers: packaging == Packaging::Native
                        && !folders::is_in_sandbox(self.folder(), name),
                    is_outside,
                    key: Vec::new(),
                    rule: 0,
                    file,
                }
            }));
            Ok(())
        };
        if self.profiles.is_empty() {
            for packaging in self.packagings() {
                for (folder, name) in packaging.folders(self.folder(), name) {
                    add(packaging, &folder, &name, false)?;
                }
            }
        } else {
            for (packaging, folder) in self.profile_folders() {
                for profile in profiles::below(&folder).map_err(unreadable)? {
                    add(packaging, &profile.folder, name, profile.is_outside)?;
                }
            }
        }
        Ok(targets)
    }

    /// Whether only files that the program created count.
    fn has_existing_files_only(&self) -> bool {
        let mut names = self.values().flat_map(|value| value.files);
        !self.create || names.all(|name| name.contains('*'))
    }

    fn is_all_off(&self) -> Result<bool, DocumentProblem> {
        opt_out::is_off(&self.disable_all, &Tree::computer())
    }

    /// Each value of each file once. With `create`, names without a `*` count even if the file doesn't
    /// exist.
    fn targets(&self) -> Result<Vec<Target>, DocumentProblem> {
        let mut targets: Vec<Target> = Vec::new();
        let mut seen = HashSet::new();
        for (rule, value) in self.values().enumerate() {
            let key = value.key.get_ref().parts();
            for name in value.files {
                for target in self.files(name)? {
                    if seen.insert((target.file.clone(), key.clone())) {
                        targets.push(Target {
                            key: key.clone(),
                            rule,
                            ..target
                        });
                    }
                }
                if targets.len() > limits::CONFIGURATION_FILES {
                    return Err(too_many(&glib::home_dir()));
                }
            }
        }
        Ok(targets)
    }

    /// The file into which the program copies the value.
    fn copy(&self, target: &Target) -> Option<PathBuf> {
        let name = self.copy.as_deref()?;
        Some(target.file.with_file_name(name))
    }

    /// What a program reads: the value of the most important file that has one, unless a less
    /// important file locks it.
    fn place<'a>(
        &self,
        snapshot: &Snapshot,
        target: &Target,
        rule: &'a FileRule,
    ) -> Result<Place<'a>, DocumentProblem> {
        let like = Scalar::from_variant(&rule.values.off).unwrap_or(Scalar::Boolean(false));
        let look = |file: &Path| {
            document::look(self.format(), &Tree::computer(), file, &target.key, &like)
        };
        let mut own = look(&target.file)?;
        if let (false, Some(copy)) = (own.found.is_set() || own.hides, self.copy(target)) {
            own = look(&copy)?;
        }
        let mut found = Found::Nothing;
        let mut locked = false;
        let layers = if target.has_layers {
            self.layers(&target.name)?
        } else {
            Vec::new()
        };
        for file in layers.iter().rev() {
            let below = look(file)?;
            if below.found.is_set() || below.hides {
                found = below.found;
            }
            if below.locked {
                locked = true;
                break;
            }
        }
        let mut below = Origin::Default;
        if let (Some(key), true, false) = (&self.dconf, target.has_layers, locked) {
            let (key, settings) = (key.get_ref(), snapshot.settings());
            if let Some(value) = settings.in_force(key) {
                found = from_dconf(&value).map_or(Found::Other, Found::Value);
                locked = settings.is_locked(key);
                below = match settings.administrators(key) {
                    Some(_) => Origin::Administrator,
                    None => Origin::You,
                };
            }
        }
        let mut decided = None;
        if let (true, Some(value)) = (target.has_layers, self.values().nth(target.rule)) {
            for decider in value.decided_by {
                if decided.is_none() && decider.holds()? {
                    decided = Some(decider.state.0 == State::On);
                }
            }
        }
        let is_own = own.found.is_set() || own.hides;
        let is_default = self.default().is_some_and(|default| match &own.found {
            Found::Value(value) => *value == default,
            _ => false,
        });
        if let Some(on) = decided {
            return Ok(Place {
                rule,
                name: target.name.clone(),
                settled: true,
                value: rule.value(on),
                origin: Some(Origin::Administrator),
                locked: true,
                own: is_own && !is_default,
            });
        }
        if is_own && !locked {
            found = own.found;
        }
        Ok(Place {
            rule,
            name: target.name.clone(),
            settled: is_own || !found.is_set(),
            value: match found {
                Found::NoFile | Found::Nothing => None,
                Found::Value(value) => Some(value.to_variant()),
                // A unit never equals the value for on or off.
                Found::Other => Some(().to_variant()),
            },
            origin: Some(match (locked, is_own && !is_default) {
                (true, _) => Origin::Administrator,
                (false, true) => Origin::You,
                (false, false) => below,
            }),
            locked: locked || own.locked,
            own: is_own && !is_default,
        })
    }

    /// Each target with its place, which has the file's name if that tells the files apart.
    fn places<'a>(
        &self,
        snapshot: &Snapshot,
        rules: &'a [FileRule],
    ) -> Result<Vec<(Target, Place<'a>)>, DocumentProblem> {
        let targets = self.targets()?;
        let mut names: Vec<_> = targets.iter().map(|target| &target.file).collect();
        names.sort_unstable();
        names.dedup();
        let mut names: Vec<_> = names.into_iter().map(|file| file.file_name()).collect();
        names.sort_unstable();
        let alike = names.windows(2).any(|names| names[0] == names[1]);
        let mut found = Vec::with_capacity(targets.len());
        for target in targets {
            if let Some(rule) = rules.get(target.rule) {
                let mut place = self.place(snapshot, &target, rule)?;
                let name = if self.profiles.is_empty() {
                    target.file.file_name().filter(|_| !alike)
                } else {
                    target.file.parent().and_then(Path::file_name)
                };
                if let Some(name) = name {
                    place.name = name.to_string_lossy().into_owned();
                }
                found.push((target, place));
            }
        }
        Ok(found)
    }
}

/// Prefixes of paths below the home that a reader file must not name: programs run files there, or
/// keep secrets there.
const FORBIDDEN: [&str; 12] = [
    ".ssh/",
    ".gnupg/",
    ".pki/",
    ".config/autostart/",
    ".config/dbus-1/",
    ".config/environment.d/",
    ".config/plasma-workspace/",
    ".config/privacy-panel/",
    ".config/systemd/",
    ".local/share/applications/",
    ".local/share/dbus-1/",
    ".local/share/systemd/",
];

impl ValueInFile {
    /// Checks that a file is in a folder of its program.
    fn check_place(&self, name: &str) -> Result<(), String> {
        let below = folders::below_home(self.folder(), name);
        let is_in_profile = !self.profiles.is_empty();
        let is_in_home = below == name && !name.contains('/') && !is_in_profile;
        let is_forbidden = |name: &str| FORBIDDEN.iter().any(|other| name.starts_with(other));
        if is_in_home || is_forbidden(&below) {
            return Err(format!(
                "{below} in the home is no place for a program's setting; expected a file in a folder of the program"
            ));
        }
        let mut folders = self.profiles.iter().map(|folder| format!("{}/", &**folder));
        match folders.find(|folder| is_forbidden(folder)) {
            None => Ok(()),
            Some(folder) => Err(format!(
                "{folder} has no profiles; expected a folder of the program"
            )),
        }
    }

    /// Whether a running program still has an older value.
    fn is_pending(&self, target: &Target) -> Result<bool, DocumentProblem> {
        let Some(running) = &self.running else {
            return Ok(false);
        };
        let Ok(changed) = target.file.metadata().and_then(|file| file.modified()) else {
            return Ok(false);
        };
        if running
            .since(&target.file)
            .is_none_or(|since| changed <= since)
        {
            return Ok(false);
        }
        let like = Scalar::Boolean(false);
        let look = |file: &Path| {
            document::look(self.format(), &Tree::computer(), file, &target.key, &like)
        };
        let own = look(&target.file)?.found;
        match self.copy(target) {
            Some(copy) => Ok(own.is_set() && look(&copy)?.found != own),
            None => Ok(true),
        }
    }
}

/// Merges the parts of the same file, or of the same profile, into one.
fn merge(parts: &mut Vec<Part>) {
    let mut merged: Vec<Part> = Vec::new();
    for part in parts.drain(..) {
        match merged.iter_mut().find(|other| other.id == part.id) {
            Some(other) => other.on |= part.on,
            None => merged.push(part),
        }
    }
    if merged.len() > 1 {
        *parts = merged;
    }
}

/// A value of dconf, if it has a type that `LibreOffice` accepts. `None` if the program may ignore
/// it.
fn from_dconf(value: &Variant) -> Option<Scalar> {
    let number: Option<i32> = value.get();
    match (value.get(), number, value.str()) {
        (Some(on), _, _) => Some(Scalar::Boolean(on)),
        (_, Some(number), _) => Some(Scalar::Integer(number.into())),
        // A backslash begins an escape.
        (_, _, Some(text)) if !text.contains('\\') => Some(Scalar::Text(text.to_owned())),
        _ => None,
    }
}

fn unreadable((file, error): (PathBuf, std::io::Error)) -> DocumentProblem {
    let reason = system_error(&error);
    DocumentProblem::Unreadable { file, reason }
}

fn too_many(folder: &Path) -> DocumentProblem {
    DocumentProblem::Broken(format!(
        "{}: more than {} files of this program, the most that are read; remove some",
        text::path(folder),
        limits::CONFIGURATION_FILES
    ))
}

impl Store for ValueInFile {
    fn check(&self) -> Result<(), At> {
        if let (Some(default), false) = (&self.default, self.also.is_empty()) {
            return Err(wrong(default, "expected no default beside further values"));
        }
        if let (Some(key), false) = (&self.dconf, self.also.is_empty()) {
            return Err(wrong(key, "expected no key of dconf beside further values"));
        }
        for value in self.values() {
            for name in value.files {
                self.check_place(name)
                    .map_err(|expected| At(Some(value.key.span().start), expected))?;
            }
            different(("on", value.on.get_ref()), (value.off, value.off.get_ref()))?;
            let check = self.format().check(&value.key.get_ref().parts());
            check.map_err(|expected| wrong(value.key, format!("expected {expected}")))?;
            for decider in value.decided_by {
                let check = decider
                    .format
                    .format()
                    .check(&decider.key.get_ref().parts());
                check.map_err(|expected| wrong(&decider.key, format!("expected {expected}")))?;
            }
        }
        Ok(())
    }

    fn needs_programs(&self) -> bool {
        true
    }

    fn may_be_in_sandbox(&self) -> bool {
        self.packagings().next().is_some()
    }

    fn is_in_sandbox(&self) -> bool {
        self.packagings().any(Packaging::is_installed)
    }

    fn processes(&self, snapshot: &Snapshot) -> Vec<i32> {
        let (rules, Some(running)) = (self.rules(), &self.running) else {
            return Vec::new();
        };
        let found = self.places(snapshot, &rules).unwrap_or_default();
        let mut numbers: Vec<_> = found
            .iter()
            .flat_map(|(target, _)| running.processes(&target.file))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn read(&self, snapshot: &Snapshot) -> Result<Option<Answer>, Problem> {
        let all_off = self.is_all_off()?;
        let rules = self.rules();
        let found = self.places(snapshot, &rules)?;
        let mut pending = false;
        for (target, _) in &found {
            pending = pending || self.is_pending(target)?;
        }
        let mut places: Vec<_> = found.into_iter().map(|(_, place)| place).collect();
        let is_empty = places.is_empty();
        if let (true, Some(rule)) = (is_empty, rules.first()) {
            places.push(Place {
                rule,
                name: String::new(),
                value: None,
                origin: Some(Origin::Default),
                locked: false,
                own: false,
                settled: true,
            });
        }
        let mut answer = rule::answer(&places, all_off);
        answer.pending = pending;
        merge(&mut answer.parts);
        // A program without a profile or a file has never run. It creates one when it starts.
        if is_empty && (!self.profiles.is_empty() || self.has_existing_files_only()) {
            answer.obeyed = Obeyed::No;
        }
        Ok(Some(answer))
    }

    fn stored(&self, snapshot: &Snapshot) -> Result<Vec<Stored>, Problem> {
        let rules = self.rules();
        let found = self.places(snapshot, &rules)?.into_iter();
        Ok(found.map(|(_, place)| place.into()).collect())
    }

    fn plan(&self, snapshot: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        let all_off = self.is_all_off()?;
        let rules = self.rules();
        let places = self.places(snapshot, &rules)?;
        let (targets, places): (Vec<_>, Vec<_>) = places.into_iter().unzip();
        let mut writes: Vec<Box<dyn Write>> = Vec::new();
        for (number, value) in rule::changes(&places, request, all_off) {
            let (target, place) = (&targets[number], &places[number]);
            let value = match value {
                None => self.default(),
                Some(value) => match Scalar::from_variant(&value) {
                    None => continue,
                    value => value,
                },
            };
            let overwrites = self
                .running
                .as_ref()
                .is_some_and(|running| running.overwrites);
            let write = |file: &Path, overwrites: bool| FileWrite {
                format: self.format(),
                file: file.to_owned(),
                key: target.key.clone(),
                value: value.clone(),
                locked: all_off || place.locked,
                is_outside: target.is_outside,
                overwritten_by: self.running.clone().filter(|_| overwrites),
                // The signal names the file below the system's own folder, not a sandbox's.
                signal: (target.has_layers && self.folder() == UserFolder::Config)
                    .then(|| self.format().change_signal(&target.name, &target.key))
                    .flatten(),
            };
            writes.push(Box::new(write(&target.file, overwrites)));
            if let (None, Some(copy)) = (&value, self.copy(target)) {
                writes.push(Box::new(write(&copy, true)));
            }
        }
        Ok(writes)
    }

    fn watched(&self) -> Watched {
        let names: Vec<_> = self
            .values()
            .flat_map(|value| value.files.to_vec())
            .map(|name| name.to_string())
            .collect();
        let parent = |file: PathBuf| file.parent().map(PathBuf::from);
        let mut folders: Vec<PathBuf> = opt_out::folders(&self.disable_all).collect();
        let mut files = Vec::new();
        for name in &names {
            folders.extend(
                self.layers(name)
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(parent),
            );
            if name.contains("*/") {
                let found = self.files(name).unwrap_or_default().into_iter();
                files.extend(found.map(|target| target.file));
            } else if self.profiles.is_empty() {
                let own = self
                    .packagings()
                    .flat_map(|packaging| packaging.folders(self.folder(), name));
                folders.extend(own.filter_map(|(folder, name)| parent(folder.join(name))));
            } else {
                for target in self.files(name).unwrap_or_default() {
                    files.extend(self.copy(&target));
                    files.push(target.file);
                }
            }
        }
        // Only the policy's database: programs change dconf's other databases all the time.
        files.extend(self.dconf.iter().map(|_| PathBuf::from(app::DATABASE)));
        let deciders = self.values().flat_map(|value| value.decided_by);
        files.extend(
            deciders.flat_map(|decider| decider.files.iter().map(|file| PathBuf::from(&**file))),
        );
        // Programs change other files of a profile all the time.
        files.extend(
            self.profile_folders()
                .map(|(_, folder)| folder.join(profiles::LIST)),
        );
        Watched {
            folders,
            files,
            ..Watched::default()
        }
    }

    fn opt_outs(&self) -> &[OptOut] {
        &self.disable_all
    }
}

/// A change of a value in a file. `None` removes the value.
#[derive(Clone, Debug)]
struct FileWrite {
    format: &'static dyn Format,
    file: PathBuf,
    /// The names of the tables or groups, and of the value.
    key: Vec<String>,
    value: Option<Scalar>,
    /// Whether the administrator already decided, so that the change would have no effect.
    locked: bool,
    /// Whether the file is outside of the home.
    is_outside: bool,
    /// The program that would overwrite the change.
    overwritten_by: Option<Running>,
    /// What tells running programs about the change.
    signal: Option<ChangeSignal>,
}

impl Write for FileWrite {
    fn is_allowed(&self, _: &Snapshot) -> bool {
        !self.locked
    }

    fn apply(&self) -> Result<(), Problem> {
        let left = |why| {
            let file = self.file.clone();
            Err(Problem::Document(DocumentProblem::NotReplaced {
                file,
                why,
            }))
        };
        if self.is_outside {
            return left(NotReplaced::Elsewhere(self.file.clone()));
        }
        let running = self.overwritten_by.as_ref();
        if running.is_some_and(|running| running.since(&self.file).is_some())
            && self.would_change()?
        {
            return left(NotReplaced::InUse);
        }
        let value = self.value.as_ref();
        if document::write(self.format, &self.file, &self.key, value)? {
            if let Some(signal) = &self.signal {
                let ChangeSignal {
                    path,
                    interface,
                    name,
                    arguments,
                } = signal;
                bus::emit(Bus::Session, path, interface, name, arguments);
            }
        }
        Ok(())
    }
}

impl FileWrite {
    /// Whether the file doesn't have the value yet.
    fn would_change(&self) -> Result<bool, Problem> {
        let like = self.value.as_ref().unwrap_or(&Scalar::Boolean(false));
        let look = document::look(self.format, &Tree::computer(), &self.file, &self.key, like)?;
        Ok(match &self.value {
            None => look.found.is_set(),
            Some(value) => !look.found.is(value),
        })
    }
}
