// SPDX-License-Identifier: GPL-3.0-or-later

//! Changes the settings that apply to all users of the computer, in root's files.
//!
//! The system service calls this for a user whom polkit has allowed the change, and `privacyctl`
//! calls it when root runs it. Only readers of packages and of the administrator count. Only files
//! of [`system_file`](crate::choices::places::system_file) change, and either all files of a choice
//! change or none.
//!
//! ```text
//! everyone       plans and makes the changes, as root
//! ├── call       checks what a caller of the system service wants
//! └── client     asks the system service, as a user
//! ```

pub mod call;
pub mod client;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::choices::catalogue::Catalogue;
use crate::choices::choice::Choice;
use crate::choices::lock;
use crate::choices::places::system_file::SystemFile;
use crate::choices::reader::Reader;
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::store::SystemEdit;
use crate::formats::document;
use crate::system::flock;
use crate::system::i18n::noop;
use crate::system::limits;
use crate::system::scratch;
use crate::system::text;
use crate::system::transaction;
use crate::system::transaction::{Change, Fault, Record, Target, Why};

/// The folder with the records of the files' earlier contents.
const STATE: &str = "/var/lib/privacy-panel-system";

/// The name of the lock's file, below [`scratch::RUN`].
const LOCK: &str = "privacy-panel-system.lock";

/// The texts of polkit's dialog, as in `data/net.launchpad.PrivacyPanel.policy`, which polkit translates
/// from the panel's own translations.
pub const DIALOG: [&str; 4] = [
    // Translators: what an administrator may permit
    noop("Turn off sending data for everyone on this computer"),
    // Translators: above a field for an administrator’s password
    noop("Authentication is required to turn off sending data for everyone on this computer"),
    // Translators: what an administrator may permit
    noop("Turn on sending data for everyone on this computer"),
    // Translators: above a field for an administrator’s password
    noop("Authentication is required to turn on sending data for everyone on this computer"),
];

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Reader files can't be read, or another user could change them.
    #[error("{0}")]
    Catalogue(String),
    /// The plan has changed since the caller saw it.
    #[error("the files have changed since the plan was made")]
    Stale,
    /// Another process is changing files.
    #[error("another process is changing these files")]
    Busy,
    /// No reader of the choice that is in root's files has this ID.
    #[error("there is no such reader")]
    NoReader,
    /// A policy locks the choice in another state. The name of the policy's organisation, if it has
    /// one.
    #[error("{} has locked this choice", text::one_line(.0.as_deref().unwrap_or("the administrator")))]
    Locked(Option<String>),
    /// There is nothing to undo.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// There are more files than [`limits::SYSTEM_FILES`].
    #[error("too many files")]
    TooMany,
    /// A file can't change.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A wanted change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The choice.
    pub choice: &'static Choice,
    /// Whether to turn it on.
    pub on: bool,
    /// The ID of the only reader to change. `None`: all of the choice.
    pub reader: Option<&'a str>,
}

/// A file that a plan changes.
#[derive(Debug)]
struct Planned {
    place: &'static SystemFile,
    change: Change,
}

/// What turning a choice on or off changes.
#[derive(Debug)]
pub struct Plan {
    choice: &'static Choice,
    on: bool,
    files: Vec<Planned>,
    /// The IDs of the readers that the plan changes.
    readers: Vec<String>,
    /// The IDs of the readers that can't change, and why.
    left: Vec<(String, Why)>,
}

/// The result of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The token with which it can be undone. Empty if nothing changed.
    pub token: String,
    /// The IDs of the readers that don't have the requested state, and why.
    pub left: Vec<(String, Why)>,
    /// The files, with the hashes of their contents before and after.
    pub files: Vec<(PathBuf, Option<String>, Option<String>)>,
}

/// Loads the catalogue that decides what root changes.
///
/// # Errors
///
/// A layer or a file can't be read, or another user could change it: it might have masked a program.
pub fn catalogue() -> Result<Catalogue, Refusal> {
    let catalogue = Catalogue::load_trusted();
    match catalogue.lost().first() {
        None => Ok(catalogue),
        Some(lost) => Err(Refusal::Catalogue(lost.to_string())),
    }
}

impl Plan {
    /// The changes that turn a choice on or off for all users.
    pub fn new(catalogue: &Catalogue, wanted: Wanted<'_>) -> Result<Self, Refusal> {
        Self::without(catalogue, wanted, &[])
    }

    /// Like [`Self::new`], without changes of the `overruled` files: other files decide instead of
    /// them.
    fn without(
        catalogue: &Catalogue,
        wanted: Wanted<'_>,
        overruled: &[PathBuf],
    ) -> Result<Self, Refusal> {
        let Wanted { choice, on, reader } = wanted;
        let mut known = catalogue.readers_of(choice);
        let is_it = |other: &Reader| reader.is_none_or(|id| id == other.id);
        check_lock(choice, Some(State::from(on)))?;
        if reader.is_some() && !known.any(|other| other.is_in_system_files() && is_it(other)) {
            return Err(Refusal::NoReader);
        }
        let mut plan = Self {
            choice,
            on,
            files: Vec::new(),
            readers: Vec::new(),
            left: Vec::new(),
        };
        for reader in to_change(catalogue, choice, on).filter(|other| is_it(other)) {
            let edits = reader.store.system_edits(on);
            let is_overruled = edits.first().is_some_and(|edit| {
                let file = Path::new(edit.file);
                overruled.iter().any(|other| other == file)
            });
            let added = if is_overruled {
                Err(Why::Overruled)
            } else if reader.held().is_some_and(|held| held != State::from(on)) {
                Err(Why::Locked)
            } else if reader.read(&Snapshot::fresh()).is_err() {
                // The state would stay unknown, whatever this wrote.
                Err(Why::NotUnderstood)
            } else {
                plan.add(&edits)
            };
            match added {
                Ok(()) => plan.readers.push(reader.id.clone()),
                Err(why) => plan.left.push((reader.id.clone(), why)),
            }
        }
        if plan.files.len() > limits::SYSTEM_FILES {
            return Err(Refusal::TooMany);
        }
        // Turning on changes all readers or none.
        if on && !plan.left.is_empty() {
            plan.files.clear();
            let consequences = plan.readers.drain(..).map(|id| (id, Why::NotTried));
            plan.left.extend(consequences);
        }
        Ok(plan)
    }

    /// Adds the changes of one reader: all of them, or none.
    fn add(&mut self, edits: &[SystemEdit]) -> Result<(), Why> {
        for edit in edits {
            let at = self
                .files
                .iter()
                .position(|known| known.place.file == edit.file);
            let at = if let Some(at) = at {
                at
            } else {
                let place = SystemFile::find(edit.file).ok_or(Why::Missing)?;
                let target = Target::open(Path::new(edit.file), place.makes_folder);
                let target = target.map_err(|fault| fault.why)?;
                let new = target.bytes().map(<[u8]>::to_vec);
                self.files.push(Planned {
                    place,
                    change: Change { target, new },
                });
                self.files.len() - 1
            };
            match edited(edit, self.files[at].change.new.as_deref()) {
                Ok(new) => self.files[at].change.new = new,
                Err(why) => {
                    // No other reader of this choice has this file.
                    self.files.remove(at);
                    return Err(why);
                }
            }
        }
        Ok(())
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The readers that can't change, and why.
    pub fn left(&self) -> &[(String, Why)] {
        &self.left
    }

    /// The files to change.
    pub fn files(&self) -> impl Iterator<Item = &'static str> {
        self.files.iter().map(|planned| planned.place.file)
    }

    /// The IDs of the readers to change.
    pub fn readers(&self) -> &[String] {
        &self.readers
    }

    /// Identifies the plan. The token reveals nothing that only root may read.
    pub fn token(&self) -> String {
        let head = format!("{} {}", self.choice.id, self.on);
        let files = self.files.iter();
        let files = files.map(|Planned { place, change }| {
            format!("{} {}", place.file, change.target.identity())
        });
        let readers = self.readers.iter().cloned();
        let lines: Vec<_> = std::iter::once(head).chain(files).chain(readers).collect();
        let text = lines.join("\n");
        transaction::hash(text.as_bytes())
    }

    /// Makes the changes, and reads them back.
    fn carry_out(self, catalogue: &Catalogue) -> Result<Done, Refusal> {
        let left = self.left;
        if self.files.is_empty() {
            return Ok(Done {
                token: String::new(),
                left,
                files: Vec::new(),
            });
        }
        let files = self.files.into_iter();
        let changes = files.map(|planned| planned.change).collect();
        let state = State::from(self.on);
        let label = (self.choice.id, state.as_str());
        let is_done = || {
            let readers = catalogue.readers_of(self.choice);
            let mut readers = readers.filter(|reader| self.readers.contains(&reader.id));
            match readers.find(|reader| !has(reader, state)) {
                None => Ok(()),
                Some(reader) => Err(overruled(reader)),
            }
        };
        let record = transaction::replace_all(STATE.as_ref(), label, changes, is_done)?;
        Ok(Done {
            token: record.token(),
            left,
            files: named(&record),
        })
    }
}

/// Refuses a change by which a choice leaves the state that a policy locks. `state`: the state
/// after the change. `None`: the state is unknown.
fn check_lock(choice: &Choice, state: Option<State>) -> Result<(), Refusal> {
    let lock = lock::of(choice).map_err(|error| Fault {
        file: PathBuf::from(crate::system::dconf::DATABASES),
        why: error.into(),
    })?;
    match lock {
        Some(lock) if state != Some(lock.state) => {
            let organisation = lock.organisation;
            Err(Refusal::Locked(organisation.map(|known| known.name)))
        }
        _ => Ok(()),
    }
}

/// The installed readers of root's files that don't have the requested state.
fn to_change<'a>(
    catalogue: &'a Catalogue,
    choice: &'static Choice,
    on: bool,
) -> impl Iterator<Item = &'a Reader> {
    let readers = catalogue.readers_of(choice);
    let readers = readers.filter(|reader| reader.is_in_system_files() && reader.has_program());
    readers.filter(move |reader| !has(reader, State::from(on)))
}

/// Whether a reader has the state. A service is never asked.
fn has(reader: &Reader, state: State) -> bool {
    let answer = reader.read(&Snapshot::fresh());
    answer.is_ok_and(|answer| answer.is_none_or(|answer| answer.state == state))
}

fn overruled(reader: &Reader) -> Fault {
    let edits = reader.store.system_edits(false);
    let file = edits.first().map_or("", |edit| edit.file);
    Fault {
        file: PathBuf::from(file),
        why: Why::Overruled,
    }
}

fn named(record: &Record) -> Vec<(PathBuf, Option<String>, Option<String>)> {
    let files = record.files();
    let owned = files.map(|(file, before, after)| {
        let after = after.map(str::to_owned);
        (file.to_owned(), before, after)
    });
    owned.collect()
}

/// The content of a file after a change. `None`: no file.
pub fn edited(edit: &SystemEdit, old: Option<&[u8]>) -> Result<Option<Vec<u8>>, Why> {
    let place = SystemFile::find(edit.file).ok_or(Why::Missing)?;
    let Some(format) = place.format() else {
        return Ok(edit.value.as_ref().map(|_| Vec::new()));
    };
    let set = |bytes: &[u8]| {
        let (file, value) = (Path::new(place.file), edit.value.as_ref());
        document::edited(format, file, bytes, &edit.key, value).map_err(|_| Why::NotUnderstood)
    };
    match (place.head(), old) {
        // Another program's file is never created.
        (None, None) => Err(Why::Missing),
        (None, Some(old)) => set(old).map(Some),
        (Some(_), _) if edit.value.is_none() => Ok(None),
        // The panel's own file: what root added to it stays, unless it can't be understood.
        (Some(head), Some(old)) => set(old).or_else(|_| set(head.as_bytes())).map(Some),
        (Some(head), None) => set(head.as_bytes()).map(Some),
    }
}

/// Turns a choice on or off for all users. Only root can.
///
/// # Errors
///
/// Nothing was changed, or everything was put back.
pub fn set(
    catalogue: &Catalogue,
    wanted: Wanted<'_>,
    token: Option<&str>,
) -> Result<Done, Refusal> {
    let _lock = lock()?;
    let plan = Plan::new(catalogue, wanted)?;
    if token.is_some_and(|token| token != plan.token()) {
        return Err(Refusal::Stale);
    }
    let mut done = plan.carry_out(catalogue);
    let mut overruled = Vec::new();
    // Turning off continues with the other programs.
    while let Err(Refusal::Fault(Fault {
        file,
        why: Why::Overruled,
    })) = &done
    {
        if overruled.contains(file) {
            break;
        }
        overruled.push(file.clone());
        done = Plan::without(catalogue, wanted, &overruled)?.carry_out(catalogue);
    }
    done
}

/// Restores the files from before the last change of a choice, if no other program has changed them
/// since. Only root can.
pub fn undo(choice: &'static Choice, token: &str) -> Result<Done, Refusal> {
    let _lock = lock()?;
    let record = undoable(choice, token)?;
    transaction::undo(STATE.as_ref(), &record, || Ok(()))?;
    let files = named(&record).into_iter();
    Ok(Done {
        token: String::new(),
        left: Vec::new(),
        files: files
            .map(|(file, before, after)| (file, after, before))
            .collect(),
    })
}

/// Whether undoing the last change of a choice may let something be sent.
pub fn undo_turns_on(choice: &'static Choice, token: &str) -> Result<bool, Refusal> {
    let record = undoable(choice, token)?;
    Ok(record.act != State::On.as_str())
}

fn undoable(choice: &'static Choice, token: &str) -> Result<Record, Refusal> {
    check_lock(choice, None)?;
    let record = Record::load(STATE.as_ref(), choice.id)?;
    let record = record.filter(|record| record.label == choice.id && record.act != "undo");
    let record = record.ok_or(Refusal::NothingToUndo)?;
    if record.token() == token {
        Ok(record)
    } else {
        Err(Refusal::Stale)
    }
}

/// Waits until no other process changes root's files, and undoes the unfinished change of a killed
/// process. Dropping the result releases the lock.
fn lock() -> Result<File, Refusal> {
    let path = Path::new(scratch::RUN).join(LOCK);
    let failed = |error: io::Error| Fault {
        file: path.clone(),
        why: error.into(),
    };
    let run = scratch::open_trusted(scratch::RUN.as_ref()).map_err(failed)?;
    let file = match flock::acquire(&run, LOCK, limits::SYSTEM_LOCK) {
        Ok(file) => file,
        Err(Errno::WOULDBLOCK) => return Err(Refusal::Busy),
        Err(error) => return Err(failed(error.into()).into()),
    };
    transaction::recover(STATE.as_ref())?;
    Ok(file)
}

/// Undoes the unfinished change of a killed process. Only root can.
pub fn recover() -> Result<(), Refusal> {
    lock().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format::Scalar;

    fn edit(file: &str, key: &[&str], value: Option<Scalar>) -> SystemEdit {
        SystemEdit {
            file: SystemFile::find(file).unwrap().file,
            key: key.iter().map(ToString::to_string).collect(),
            value,
        }
    }

    #[test]
    fn the_texts_of_the_dialog_are_those_that_translators_see() {
        let policy = include_str!("../../data/net.launchpad.PrivacyPanel.policy");
        for text in DIALOG {
            assert!(policy.contains(&format!(">{text}<")), "{text}");
        }
        let domain = format!("gettext-domain=\"{}\"", crate::app::PACKAGE);
        assert_eq!(policy.matches(&domain).count(), DIALOG.len());
    }

    #[test]
    fn an_own_file_is_made_whole_and_goes_with_its_value_and_others_files_keep_the_rest() {
        let popcon = "/etc/popularity-contest.d/zz-privacy-panel.conf";
        let no = || Some(Scalar::Text("no".to_owned()));
        let off = edit(popcon, &["PARTICIPATE"], no());
        let made = edited(&off, None).unwrap().unwrap();
        let head = SystemFile::find(off.file).unwrap().head().unwrap();
        assert_eq!(
            String::from_utf8(made.clone()).unwrap(),
            format!("{head}PARTICIPATE=\"no\"\n")
        );
        assert_eq!(
            edited(&off, Some(b"if true; then\n")).unwrap().as_ref(),
            Some(&made)
        );
        assert_eq!(edited(&off, Some(&made)).unwrap().as_ref(), Some(&made));
        let gone = edit(popcon, &["PARTICIPATE"], None);
        assert_eq!(edited(&gone, Some(&made)), Ok(None));

        let news = edit(
            "/etc/default/motd-news",
            &["ENABLED"],
            Some(Scalar::Text("0".into())),
        );
        assert_eq!(edited(&news, None), Err(Why::Missing));
        assert_eq!(edited(&news, Some(b"`id`\n")), Err(Why::NotUnderstood));
        let new = edited(&news, Some(b"# a\nENABLED=1\nWAIT=5\n"))
            .unwrap()
            .unwrap();
        assert_eq!(new, b"# a\nENABLED=\"0\"\nWAIT=5\n");

        let mark = "/etc/netdata/.opt-out-from-anonymous-statistics";
        let set = edit(mark, &[], Some(Scalar::Boolean(true)));
        assert_eq!(edited(&set, None), Ok(Some(Vec::new())));
        assert_eq!(edited(&edit(mark, &[], None), Some(b"x")), Ok(None));
    }
}
