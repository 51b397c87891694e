// SPDX-License-Identifier: GPL-3.0-or-later

//! The interface of all stores. A store is where a program keeps a setting: a key, a property, a
//! value in a file. [`crate::choices::rule`] says what the values mean.
//!
//! Only a store knows its own kind: all other code uses this trait.

use std::fmt;
use std::path::PathBuf;

use glib::Variant;
use serde::Serialize;

use crate::choices::decision::Decision;
use crate::choices::opt_out::OptOut;
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::formats::document::DocumentProblem;
use crate::formats::format::Scalar;
use crate::formats::mistake::{At, Mistake};
use crate::system::service::{Service, ServiceProblem, Signal};
use crate::system::settings::{KeyProblem, Origin};

/// Where a program keeps a setting, and what its values mean.
///
/// A struct that implements it is also a table of reader files: serde reads and checks its fields.
pub trait Store: Table + fmt::Debug + Send + Sync {
    /// Checks that the fields of the table fit each other. The fields' types check each field.
    fn check(&self) -> Result<(), At> {
        Ok(())
    }

    /// Whether only the reader's `programs` show that the program is installed: the stored setting
    /// may be older than the program, and may outlive it.
    fn needs_programs(&self) -> bool {
        false
    }

    /// The numbers of the user's processes that run with this setting, as far as the store knows.
    fn processes(&self, _snapshot: &Snapshot) -> Vec<i32> {
        Vec::new()
    }

    /// Whether the program is installed in a sandbox, which the reader's `programs` don't show.
    fn is_in_sandbox(&self) -> bool {
        false
    }

    /// Whether the program may be installed in a sandbox.
    fn may_be_in_sandbox(&self) -> bool {
        false
    }

    /// What stands for the value while its service doesn't run but can be started. `None`: the value
    /// is read without starting anything.
    fn at_rest(&self, _now: &Snapshot) -> Option<Answer> {
        None
    }

    /// What the program would read now. `None`: it isn't installed.
    fn read(&self, now: &Snapshot) -> Result<Option<Answer>, Problem>;

    /// The value in each place now, whether it means on, off or neither. Empty if the program isn't
    /// installed, or if the store doesn't keep single values.
    fn stored(&self, _now: &Snapshot) -> Result<Vec<Stored>, Problem> {
        Ok(Vec::new())
    }

    /// The writes that fulfil a request. Empty if it is already fulfilled, or if the program isn't
    /// installed.
    fn plan(&self, now: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem>;

    /// Everything to watch for changes of the answer.
    fn watched(&self) -> Watched;

    /// The dconf keys that a policy sets and locks for a decision. Empty if the program doesn't use
    /// dconf.
    fn policy_keys(&self, _: &Decision) -> Vec<PolicyKey> {
        Vec::new()
    }

    /// What turns the program off for all users, beside its setting. Empty if nothing does.
    fn opt_outs(&self) -> &[OptOut] {
        &[]
    }

    /// The D-Bus service that keeps the setting. It may be slow, and may ask the user for
    /// permission.
    fn service(&self) -> Option<Service> {
        None
    }

    /// The changes of the computer's files that turn the program on or off for all users. Only root
    /// can make them. Empty if the setting is elsewhere.
    fn system_edits(&self, _on: bool) -> Vec<SystemEdit> {
        Vec::new()
    }

    /// Whether a change by one user applies to all users.
    fn is_for_every_user(&self) -> bool {
        self.service()
            .is_some_and(|service| service.is_for_every_user())
    }

    /// Whether the program may send an identifier for the computer.
    fn has_identifier(&self) -> bool {
        false
    }

    /// The identifier that the program sends for this computer. `None`: it isn't installed, or has
    /// none. The call may be slow.
    fn identifier(&self) -> Result<Option<String>, Problem> {
        Ok(None)
    }
}

/// Serializes to the table that it was read from.
pub trait Table {
    /// The table in a reader file. `None` if it can't be serialized.
    fn table(&self) -> Option<toml::Table>;
}

impl<T: Serialize> Table for T {
    fn table(&self) -> Option<toml::Table> {
        toml::Table::try_from(self).ok()
    }
}

/// A change of one place.
pub trait Write: fmt::Debug {
    /// Whether the administrator allows it, as far as that is known in advance.
    fn is_allowed(&self, now: &Snapshot) -> bool;

    /// Makes the change, or starts it.
    fn apply(&self) -> Result<(), Problem>;

    /// Waits until a started change is where programs read it. Only reading it back shows whether
    /// it succeeded.
    fn wait(&self) {}
}

/// A change of one of the computer's files.
#[derive(Clone, Debug)]
pub struct SystemEdit {
    /// The file's absolute name, which is that of a place.
    pub file: &'static str,
    /// The names of the groups and of the value. Empty if only the file's existence matters.
    pub key: Vec<String>,
    /// The value to set. `None`: remove the value. If only the file's existence matters, remove the file.
    pub value: Option<Scalar>,
}

/// What to watch for changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// GSettings keys. A store with keys is in the settings storage.
    pub keys: Vec<SettingKey>,
    /// Signals of the store's service. Its start and end are always watched.
    pub signals: Vec<Signal>,
    /// Folders whose files may appear, disappear or change.
    pub folders: Vec<PathBuf>,
    /// Files in folders in which other files change often.
    pub files: Vec<PathBuf>,
    /// Names on the session bus that a program may begin or cease to own.
    pub owners: Vec<String>,
}

impl Watched {
    /// Signals of a service.
    pub(crate) fn signals<'a>(service: &Service, names: impl Iterator<Item = &'a str>) -> Self {
        Self {
            signals: names.map(|name| service.signal(name)).collect(),
            ..Self::default()
        }
    }
}

/// A key of GSettings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettingKey {
    /// The schema's name.
    pub schema: String,
    /// The path of the schema's keys in the storage.
    pub path: String,
    /// The key.
    pub key: String,
}

impl SettingKey {
    /// The key's name in dconf: the path followed by the key.
    pub fn full_name(&self) -> String {
        format!("{}{}", self.path, self.key)
    }
}

/// What a policy does with a dconf key.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyKey {
    /// The full path of the key.
    pub key: String,
    /// The schema with which programs read the key, if any.
    pub schema: Option<String>,
    /// The value that the policy sets.
    pub value: PolicyValue,
    /// Whether users can't change it.
    pub locked: bool,
}

/// The value that a policy sets.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyValue {
    /// Exactly this value.
    Set(Variant),
    /// A list with some names and without others. Other readers and other databases decide about
    /// the remaining names.
    Names {
        /// The names that the list must have.
        with: Vec<String>,
        /// The names that the list must not have.
        without: Vec<String>,
    },
}

/// Why an installed program can't be read or set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Its keys don't match the reader file.
    #[error(transparent)]
    Key(#[from] KeyProblem),
    /// Its service doesn't answer, or not as the reader file says.
    #[error(transparent)]
    Service(#[from] ServiceProblem),
    /// One of its files isn't of its format, or can't be read.
    #[error(transparent)]
    Document(#[from] DocumentProblem),
    /// The programs are unknown, since the files that describe them can't be read.
    #[error("{0}")]
    Lost(Mistake),
}

/// A requested change of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Allow sending or recording.
    On,
    /// Send and record nothing.
    Off,
    /// Drop the user's decision, so that the default applies.
    Reset,
    /// Send in this mode, for programs that have modes. Whether anything is sent stays unchanged.
    Mode(Mode),
}

/// How a program sends what it may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It asks the user each time.
    Ask,
    /// It doesn't ask.
    Automatic,
}

/// How programs send what they may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModeState {
    /// They ask the user each time.
    Ask,
    /// They don't ask.
    Automatic,
    /// They differ, or the mode is neither.
    Mixed,
}

impl ModeState {
    /// The value in JSON and on the command line. Never translated.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Automatic => "automatic",
            Self::Mixed => "mixed",
        }
    }
}

impl From<Mode> for ModeState {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Ask => Self::Ask,
            Mode::Automatic => Self::Automatic,
        }
    }
}

/// What an installed reader reads.
#[derive(Clone, Debug, PartialEq)]
// Independent facts about the reader.
#[allow(clippy::struct_excessive_bools)]
pub struct Answer {
    /// Whether the program may send or record something. [`State::Mixed`] for a value that means
    /// neither on nor off, and for a list of which only a part is on.
    pub state: State,
    /// Who decided. `None` if that is unknown.
    pub origin: Option<Origin>,
    /// Whether the administrator locked the decision.
    pub locked: bool,
    /// Whether the user's own layer has a value to reset, in force or under a lock.
    pub resettable: bool,
    /// The state after a reset. `None`: that isn't known.
    pub on_reset: Option<State>,
    /// Whether a more general setting keeps the program from sending.
    pub overruled: bool,
    /// Whether a change by one user applies to all users.
    pub for_every_user: bool,
    /// How the program sends while it may. `None` if it has no modes.
    pub mode: Option<ModeState>,
    /// The installed members of a list.
    pub parts: Vec<Part>,
    /// Whether the program obeys the setting in this session.
    pub obeyed: Obeyed,
    /// Whether the program is running and still has an older value.
    pub pending: bool,
}

#[cfg(test)]
impl Answer {
    /// What the user has set, with nothing else to say of it.
    pub(crate) fn of_user(state: State) -> Self {
        Self {
            state,
            origin: Some(Origin::You),
            locked: false,
            resettable: true,
            on_reset: None,
            overruled: false,
            for_every_user: false,
            mode: None,
            parts: Vec::new(),
            obeyed: Obeyed::Yes,
            pending: false,
        }
    }
}

/// Whether a program obeys a setting in this session. A setting may count in some sessions only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obeyed {
    /// It does.
    Yes,
    /// It may, so the setting counts.
    Unknown,
    /// It doesn't. The setting is written for other sessions, and doesn't count in this one.
    No,
}

impl Answer {
    /// Whether the program may obey the setting in this session.
    pub fn may_be_obeyed(&self) -> bool {
        self.obeyed != Obeyed::No
    }
}

/// What is stored in one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The value. `None`: nothing is stored.
    pub value: Option<Variant>,
    /// Who decided. `None` if that is unknown.
    pub origin: Option<Origin>,
    /// Whether the administrator locked it.
    pub locked: bool,
}

/// A part of a reader: an installed member of a list, or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name in the store, such as `org.example.Weather.desktop`.
    pub id: String,
    /// The display name.
    pub name: String,
    /// Whether it may send something.
    pub on: bool,
}
