// SPDX-License-Identifier: GPL-3.0-or-later

//! What a kind of store must be able to do. A store is where a program keeps a setting: a key, a
//! property, a value in a file. What a stored value means is in [`crate::choices::rule`].
//!
//! Nothing but a store knows of its kind: everything else asks this trait.

use std::fmt;
use std::path::PathBuf;

use glib::Variant;
use serde::Serialize;

use crate::choices::decision::Decision;
use crate::choices::opt_out::OptOut;
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::formats::mistake::{At, Mistake};
use crate::formats::toml::DocumentProblem;
use crate::system::service::{Service, ServiceProblem, Signal};
use crate::system::settings::{KeyProblem, Origin};

/// Where a program keeps a setting, and what its values mean.
///
/// A struct that implements it is a table of reader files at the same time: its fields are the
/// table's, read and checked by serde.
pub trait Store: Table + fmt::Debug + Send + Sync {
    /// Checks what the fields of the table are to each other. What one field says is checked by its
    /// type.
    fn check(&self) -> Result<(), At> {
        Ok(())
    }

    /// Whether only the reader's `programs` show that the program is there: what is stored may come
    /// before the program, and stay after it.
    fn needs_programs(&self) -> bool {
        false
    }

    /// What the program would read now. `None`: it is not installed.
    fn read(&self, now: &Snapshot) -> Result<Option<Answer>, Problem>;

    /// The writes that make it so; none where it is so already, or where the program is not
    /// installed.
    fn plan(&self, now: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem>;

    /// Everything whose change may change the answer.
    fn watched(&self) -> Watched;

    /// The keys of dconf that a policy sets, and locks, to have it as decided. None: no database of
    /// dconf says anything to the program.
    fn policy_keys(&self, _: &Decision) -> Vec<PolicyKey> {
        Vec::new()
    }

    /// What turns the program off for everybody, beside its setting. Empty: nothing does.
    fn opt_outs(&self) -> &[OptOut] {
        &[]
    }

    /// The service on a bus that keeps it. A service may be slow, and may have the person asked for
    /// permission.
    fn service(&self) -> Option<Service> {
        None
    }

    /// Whether what one person sets is set for everybody who uses the computer.
    fn is_for_everybody(&self) -> bool {
        self.service()
            .is_some_and(|service| service.is_for_everybody())
    }

    /// Whether the program may have an identifier for the computer.
    fn has_identifier(&self) -> bool {
        false
    }

    /// The identifier that the program sends for this computer. `None`: it is not installed, or has
    /// none. It may take a moment.
    fn identifier(&self) -> Result<Option<String>, Problem> {
        Ok(None)
    }
}

/// What can be written as the table that it was read from.
pub trait Table {
    /// The fields and values of the table in a reader file; none where they cannot be written.
    fn table(&self) -> Option<toml::Table>;
}

impl<T: Serialize> Table for T {
    fn table(&self) -> Option<toml::Table> {
        toml::Table::try_from(self).ok()
    }
}

/// A change that a reader needs.
pub trait Write: fmt::Debug {
    /// Whether the administrator lets it through, as far as can be told before it is tried.
    fn is_allowed(&self, now: &Snapshot) -> bool;

    /// Makes the change, or sets out to.
    fn apply(&self) -> Result<(), Problem>;

    /// Waits until a change that was set out to is where programs read it. Whether it is as wished is
    /// found out by reading it.
    fn wait(&self) {}
}

/// What tells of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Keys of GSettings. A store that has some is kept by the settings storage.
    pub keys: Vec<SettingKey>,
    /// Signals of the store's service, besides that it comes and goes.
    pub signals: Vec<Signal>,
    /// Folders in which files come, go and change.
    pub folders: Vec<PathBuf>,
}

/// A key of GSettings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettingKey {
    /// The schema's name.
    pub schema: String,
    /// Where the schema's keys are in the storage.
    pub path: String,
    /// The key.
    pub key: String,
}

impl SettingKey {
    /// The key's name in dconf: the path and the key in one.
    pub fn full_name(&self) -> String {
        format!("{}{}", self.path, self.key)
    }
}

/// What a policy does with a key of dconf.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyKey {
    /// The key, by its whole path.
    pub key: String,
    /// The schema by which programs read it, where one describes it.
    pub schema: Option<String>,
    /// What it is to hold.
    pub value: PolicyValue,
    /// Whether people cannot change it.
    pub locked: bool,
}

/// What a key of dconf is to hold by a policy.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyValue {
    /// This value.
    Set(Variant),
    /// A list with some names and without some others. What else is in it is up to other readers,
    /// and to other databases.
    Names {
        /// The names that are to be in the list.
        with: Vec<String>,
        /// The names that are not.
        without: Vec<String>,
    },
}

/// Why a reader whose program is on this computer cannot be read, or not be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Its keys are not as its file says.
    #[error(transparent)]
    Key(#[from] KeyProblem),
    /// Its service does not answer, or not as its file says.
    #[error(transparent)]
    Service(#[from] ServiceProblem),
    /// One of its files is no TOML, or cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentProblem),
    /// It is not known which programs there are, since files that describe them cannot be read.
    #[error("{0}")]
    Lost(Mistake),
}

/// A wish: what is to become of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Something may be sent, or recorded.
    On,
    /// Nothing may be sent or recorded.
    Off,
    /// The person no longer decides; the default does.
    Reset,
    /// What is sent is sent that way, by the programs that know of ways. Whether anything is sent
    /// stays as it is.
    Mode(Mode),
}

/// How a program sends what it may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It asks the person each time.
    Ask,
    /// It asks nobody.
    Automatic,
}

/// How programs send what they may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModeState {
    /// They ask the person each time.
    Ask,
    /// They ask nobody.
    Automatic,
    /// Some do, or it is neither.
    Mixed,
}

impl ModeState {
    /// The word in JSON and on the command line; it is never translated.
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
// Each is a question of its own about the reader; none depends on another.
#[allow(clippy::struct_excessive_bools)]
pub struct Answer {
    /// Whether the program may send or record something. [`State::Mixed`] for a value that is neither the
    /// one for on nor the one for off, and for a list of which only a part is on.
    pub state: State,
    /// Who decided; none where nobody can tell.
    pub origin: Option<Origin>,
    /// Whether the administrator took the decision out of the person's hands.
    pub locked: bool,
    /// Whether the person's own layer holds something to reset, in force or under a lock.
    pub resettable: bool,
    /// Whether a wider setting keeps the program from sending, whatever this one says.
    pub overruled: bool,
    /// Whether what a person sets here is set for everybody who uses the computer.
    pub for_everybody: bool,
    /// How it sends, while it may; none where the program knows of no ways.
    pub mode: Option<ModeState>,
    /// The members of a list that are installed.
    pub parts: Vec<Part>,
}

/// A part of a reader: a listed name that is installed, or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name in the store, such as `org.example.Weather.desktop`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whether it may send something.
    pub on: bool,
}
