// SPDX-License-Identifier: GPL-3.0-or-later

//! Writing a choice to every installed reader, and reading every one back.
//!
//! GSettings reports nothing of a write that fails later: its writes are on their way when the
//! call returns. So each change here is written, waited for, and then looked up in a freshly
//! opened storage; only what stands there is called done.
//!
//! A service on a bus may ask the person for a password, and may be told no. So it comes last
//! where a choice is turned off, and first where it is turned on: then nothing is on that the
//! person, by saying no, did not want.

use std::collections::HashMap;
use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use gio::prelude::*;

use crate::choices::catalogue::Catalogue;
use crate::choices::choice::Choice;
use crate::choices::reader::{Problem, Reader, Request, SettingWrite, Write};
use crate::choices::state::State;
use crate::choices::status::{ChoiceStatus, ReaderStatus};
use crate::formats::toml as document;
use crate::formats::toml::DocumentProblem;
use crate::system::home;
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::owner::Owner;
use crate::system::replace::NotReplaced;
use crate::system::service;
use crate::system::service::ServiceProblem;
use crate::system::settings::Storage;
use crate::system::text;

/// Why one reader was not changed as wished.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The administrator locked it.
    #[error("locked by the administrator")]
    Locked,
    /// Another reader is locked off, so that none was turned on.
    #[error("not tried, since another program is locked by the administrator")]
    NotTried,
    /// Another reader could not be turned on, so that none was.
    #[error("not tried, since another program could not be turned on")]
    NotTriedAfter,
    /// The reader's service was not permitted to, by the person or by the administrator's rules.
    #[error("permission was not given: {0}")]
    Refused(String),
    /// The reader's service was not done in time.
    #[error("its service did not answer")]
    Silent,
    /// GSettings has no storage on this computer.
    #[error("settings are kept in memory only")]
    MemoryOnly,
    /// The settings service was not done in time.
    #[error("the settings service did not answer")]
    NoAnswer,
    /// There is no bus to reach the settings service through.
    #[error("there is no session bus")]
    NoBus,
    /// The folder of the storage takes no files.
    #[error("{} cannot be written: {reason}", text::path(.folder))]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// What the system says, in its language.
        reason: String,
    },
    /// A file was left as it is.
    #[error("{} was left as it is: {why}", .file.display())]
    NotReplaced {
        /// The file.
        file: PathBuf,
        /// Why.
        why: NotReplaced,
    },
    /// The settings are another user's, and the caller is root.
    #[error("the settings belong to {0}")]
    Foreign(Owner),
    /// It was written, but a wider setting keeps the program from sending.
    #[error("overruled by another setting of the desktop")]
    Overruled,
    /// The reader cannot be read.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The storage holds something else, and nothing says why.
    #[error("it was not saved{}", .0.as_deref().map(|words| format!(": {words}")).unwrap_or_default())]
    NotSaved(Option<String>),
}

impl Failure {
    /// Whether it follows from what happened to another reader.
    pub const fn is_consequence(&self) -> bool {
        matches!(self, Self::NotTried | Self::NotTriedAfter)
    }
}

impl From<ServiceProblem> for Failure {
    fn from(problem: ServiceProblem) -> Self {
        match problem {
            ServiceProblem::NoAnswer(_) => Self::Silent,
            ServiceProblem::Refused { message, .. } => Self::Refused(message),
            ServiceProblem::Failed { message, .. } => Self::NotSaved(Some(message)),
            other => Self::Problem(other.into()),
        }
    }
}

impl From<DocumentProblem> for Failure {
    fn from(problem: DocumentProblem) -> Self {
        match problem {
            DocumentProblem::NotWritable { folder, reason } => Self::NotWritable { folder, reason },
            DocumentProblem::NotReplaced { file, why } => Self::NotReplaced { file, why },
            other => Self::Problem(other.into()),
        }
    }
}

/// What a change that is under way tells.
enum Progress {
    /// A service is being told, which may have the person asked for permission.
    Asking,
    /// It is over.
    Done(Vec<(String, Failure)>),
}

/// What became of a wish, reader by reader.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was wished.
    pub request: Request,
    /// The choice as it is now, read back.
    pub status: ChoiceStatus,
    /// The installed readers that are not as wished, by their id, and why.
    pub failures: Vec<(String, Failure)>,
}

impl Report {
    /// The names of the programs that are not as wished, for people, and why.
    pub fn named_failures(&self) -> impl Iterator<Item = (String, &Failure)> {
        self.failures.iter().map(|(id, failure)| {
            let readers = &self.status.readers;
            let reader = readers.iter().find(|reader| reader.id == *id);
            let name = reader.map_or_else(|| id.clone(), ReaderStatus::display_name);
            (name, failure)
        })
    }

    /// Whether every installed reader is as wished.
    pub fn succeeded(&self) -> bool {
        self.failures.is_empty()
    }

    /// Whether a lock is what stood in the way.
    pub fn is_locked(&self) -> bool {
        self.failures
            .iter()
            .any(|(_, failure)| *failure == Failure::Locked)
    }
}

/// Carries a wish out and reads back what became of it.
///
/// Turning off goes on past a reader that fails, so that as little as possible can be sent.
/// Turning on is refused as a whole, with nothing written, when an installed reader is locked
/// off: the administrator's word is not to be half obeyed.
///
/// It waits for the settings service, [`limits::SETTINGS_PATIENCE`] at most; a window calls it from another thread.
/// When the service answers after all, `late` is called, from that thread: what was reported as
/// not saved may stand in the storage by then.
pub fn change(
    catalogue: &Arc<Catalogue>,
    choice: &'static Choice,
    request: Request,
    late: impl FnOnce() + Send + 'static,
) -> Report {
    let (sender, receiver) = mpsc::channel();
    let given_up = Arc::new(AtomicBool::new(false));
    let worker = {
        let catalogue = Arc::clone(catalogue);
        let given_up = Arc::clone(&given_up);
        // The settings service may never answer; then this thread is left behind.
        thread::Builder::new()
            .name("change".to_owned())
            .spawn(move || {
                let context = glib::MainContext::new();
                let asking = || drop(sender.send(Progress::Asking));
                let failures = context.with_thread_default(|| {
                    attempt(&catalogue, choice, request, &given_up, asking)
                });
                let done = failures.map(Progress::Done);
                if done.is_ok_and(|done| sender.send(done).is_err()) {
                    late();
                }
            })
    };
    let failures = worker.ok().and_then(|_| wait(&receiver));
    // Nothing more is written for a wish that was given up, behind the back of a later one. What
    // dconf's service was sent cannot be called back: it does that when it goes on.
    given_up.store(true, Ordering::Relaxed);
    drop(receiver);

    let status = ChoiceStatus::of(catalogue, choice, &Storage::fresh());
    let mut failures = failures.unwrap_or_else(|| {
        status
            .installed()
            .filter(|reader| !is_done(reader, request))
            .map(|reader| (reader.id.clone(), Failure::NoAnswer))
            .collect()
    });
    // Of these nothing is known, so nothing was done.
    failures.retain(|(id, _)| !status.lost().any(|(lost, _)| lost.id == *id));
    failures.extend(
        status
            .lost()
            .map(|(lost, problem)| (lost.id.clone(), problem.clone().into())),
    );
    Report {
        request,
        status,
        failures,
    }
}

/// What became of it, unless it takes too long.
fn wait(receiver: &mpsc::Receiver<Progress>) -> Option<Vec<(String, Failure)>> {
    let mut end = Instant::now() + limits::SETTINGS_PATIENCE;
    loop {
        match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Progress::Asking) => {
                end = Instant::now() + limits::CHANGE_PATIENCE + limits::SETTINGS_PATIENCE;
            }
            Ok(Progress::Done(failures)) => return Some(failures),
            Err(_) => return None,
        }
    }
}

fn attempt(
    catalogue: &Catalogue,
    choice: &'static Choice,
    request: Request,
    given_up: &AtomicBool,
    asking: impl Fn(),
) -> Vec<(String, Failure)> {
    let storage = Storage::fresh();
    let before = ChoiceStatus::of(catalogue, choice, &storage);
    let installed: Vec<&str> = before
        .installed()
        .map(|reader| reader.id.as_str())
        .collect();
    if let Some(owner) = home::of_another() {
        let foreign = |id: &&str| ((*id).to_owned(), Failure::Foreign(owner.clone()));
        return installed.iter().map(foreign).collect();
    }

    let readers: Vec<_> = catalogue
        .readers_of(choice)
        .filter(|reader| installed.contains(&reader.id.as_str()))
        .collect();
    if let Some(refused) = refuse(&before, &readers, &storage, request) {
        return refused;
    }
    let (services, settings): (Vec<_>, Vec<_>) = readers
        .into_iter()
        .partition(|reader| reader.service().is_some());
    if let Request::Mode(_) = request {
        return tell_services(&services, request, given_up, asking);
    }
    if Storage::is_memory_only() {
        // What needs no storage can still be turned off.
        let (forgotten, others): (Vec<_>, Vec<_>) = settings
            .into_iter()
            .partition(|reader| request != Request::Off || !reader.keys().is_empty());
        let mut failures = change_settings(&others, request, given_up);
        if request == Request::Off {
            failures.extend(tell_services(&services, request, given_up, asking));
        }
        let forgotten = forgotten.iter();
        failures.extend(forgotten.map(|reader| (reader.id.clone(), Failure::MemoryOnly)));
        return failures;
    }
    if request == Request::On {
        let failures = tell_services(&services, request, given_up, asking);
        if !failures.is_empty() {
            return left_alone(&settings, failures);
        }
        return change_settings(&settings, request, given_up);
    }
    let mut failures = change_settings(&settings, request, given_up);
    if !given_up.load(Ordering::Relaxed) {
        failures.extend(tell_services(&services, request, given_up, asking));
    }
    failures
}

/// Tells each service what it is to be, once, and looks at it again.
fn tell_services(
    readers: &[&Reader],
    request: Request,
    given_up: &AtomicBool,
    asking: impl Fn(),
) -> Vec<(String, Failure)> {
    let mut refusals: HashMap<&str, Failure> = HashMap::new();
    let storage = Storage::fresh();
    for reader in readers {
        for write in reader.plan(&storage, request).into_iter().flatten() {
            let Write::Service(write) = write else {
                continue;
            };
            if write.locked {
                refusals.insert(&reader.id, Failure::Locked);
                break;
            }
            if given_up.load(Ordering::Relaxed) {
                refusals.insert(&reader.id, Failure::Silent);
                break;
            }
            asking();
            if let Err(problem) = service::tell(&write.service, &write.call) {
                refusals.insert(&reader.id, problem.into());
                break;
            }
        }
    }
    // Whatever was said, what counts is what is there now.
    let storage = Storage::fresh();
    readers
        .iter()
        .filter_map(|reader| {
            let said = refusals.remove(reader.id.as_str());
            let status = ReaderStatus::of(reader, &storage);
            let failure = match &status.answer {
                Ok(_) if is_done(&status, request) => return None,
                // Gone, and with it what it would have sent.
                Ok(None) => said?,
                Ok(Some(_)) => said.unwrap_or(Failure::NotSaved(None)),
                Err(Problem::Service(problem)) => said.unwrap_or_else(|| problem.clone().into()),
                Err(problem) => problem.clone().into(),
            };
            Some((reader.id.clone(), failure))
        })
        .collect()
}

/// The failures, and that of the readers that were not tried because of them.
fn left_alone(readers: &[&Reader], mut failures: Vec<(String, Failure)>) -> Vec<(String, Failure)> {
    let storage = Storage::fresh();
    let others = readers
        .iter()
        .filter(|reader| !is_done(&ReaderStatus::of(reader, &storage), Request::On))
        .map(|reader| (reader.id.clone(), Failure::NotTriedAfter));
    failures.extend(others);
    failures
}

/// Writes the settings of the readers until they are there, or it is of no use.
fn change_settings(
    readers: &[&Reader],
    request: Request,
    given_up: &AtomicBool,
) -> Vec<(String, Failure)> {
    let mut failures = Vec::new();
    for retry in 0..=limits::SETTINGS_RETRIES {
        if retry > 0 {
            thread::sleep(limits::SETTINGS_PAUSE);
        }
        if given_up.load(Ordering::Relaxed) {
            break;
        }
        forget_complaint();
        let mut refusals = write_all(readers, request, given_up);
        failures = verify(readers, request);
        for (id, failure) in &mut failures {
            if let Some(refusal) = refusals.remove(id) {
                *failure = refusal;
            }
        }
        let unexplained = |(_, failure): &(_, Failure)| matches!(failure, Failure::NotSaved(_));
        if !failures.iter().any(unexplained) {
            break;
        }
    }
    failures
}

/// Why nothing is tried at all, where the administrator's word would be half obeyed: a program
/// that is locked off refuses on for all, and a choice that is locked is not reset.
fn refuse(
    before: &ChoiceStatus,
    readers: &[&Reader],
    storage: &Storage,
    request: Request,
) -> Option<Vec<(String, Failure)>> {
    let locked: Vec<_> = match request {
        Request::On => readers
            .iter()
            .filter(|reader| {
                let left = reader.plan(storage, request);
                left.is_ok_and(|left| left.iter().any(|write| !storage.is_writable(write)))
            })
            .map(|reader| reader.id.as_str())
            .collect(),
        Request::Reset if before.locked => before
            .installed()
            .filter(|reader| !is_done(reader, request))
            .map(|reader| reader.id.as_str())
            .collect(),
        Request::Off | Request::Reset | Request::Mode(_) => return None,
    };
    let undone = |reader: &&ReaderStatus| !is_done(reader, request);
    let in_the_way = |reader: &ReaderStatus| locked.contains(&reader.id.as_str());
    if !before.installed().filter(undone).any(in_the_way) {
        return None;
    }
    Some(
        before
            .installed()
            .filter(undone)
            .map(|reader| {
                let failure = if in_the_way(reader) {
                    Failure::Locked
                } else {
                    Failure::NotTried
                };
                (reader.id.clone(), failure)
            })
            .collect(),
    )
}

/// Writes what each reader needs, as far as it can be, and waits until the service has it. What
/// comes back is why files could not be written, by the readers' ids.
fn write_all(
    readers: &[&Reader],
    request: Request,
    given_up: &AtomicBool,
) -> HashMap<String, Failure> {
    let storage = Storage::fresh();
    let mut settings: HashMap<(String, String), gio::Settings> = HashMap::new();
    let mut refusals = HashMap::new();
    let writes = readers.iter().flat_map(|reader| {
        let writes = reader.plan(&storage, request).unwrap_or_default();
        writes.into_iter().map(|write| (&reader.id, write))
    });
    for (reader, write) in writes {
        if given_up.load(Ordering::Relaxed) {
            break;
        }
        let SettingWrite {
            schema,
            path,
            key,
            value,
        } = match write {
            Write::Setting(write) => write,
            Write::Document(write) if !write.locked => {
                let written = document::write(&write.file, &write.key, write.value.as_ref());
                if let Err(problem) = written {
                    refusals.insert(reader.clone(), problem.into());
                }
                continue;
            }
            Write::Document(_) | Write::Service(_) => continue,
        };
        let settings = settings
            .entry((schema.id().into(), path.clone()))
            .or_insert_with(|| {
                gio::Settings::new_full(&schema, None::<&gio::SettingsBackend>, Some(&path))
            });
        match value {
            // A write that is refused here is found when it is read back.
            Some(value) => drop(settings.set_value(&key, &value)),
            None => settings.reset(&key),
        }
    }
    if !settings.is_empty() {
        gio::Settings::sync();
    }
    refusals
}

/// Looks every reader up in a freshly opened storage.
fn verify(readers: &[&Reader], request: Request) -> Vec<(String, Failure)> {
    let storage = Storage::fresh();
    let mut unexplained: Option<Failure> = None;
    readers
        .iter()
        .filter_map(|reader| {
            let status = ReaderStatus::of(reader, &storage);
            let failure = match reader.plan(&storage, request) {
                Err(problem) => Failure::Problem(problem),
                Ok(left) => {
                    // A decision that equals the default is there only once it is written.
                    let kept = left.iter().all(|write| !storage.is_writable(write));
                    match (is_done(&status, request), kept) {
                        (true, true) => return None,
                        (false, true) if left.is_empty() => Failure::Overruled,
                        (false, true) => Failure::Locked,
                        // Nothing of it is in the storage.
                        (_, false) if reader.keys().is_empty() => Failure::NotSaved(None),
                        (_, false) => unexplained.get_or_insert_with(explain).clone(),
                    }
                }
            };
            Some((reader.id.clone(), failure))
        })
        .collect()
}

/// Whether a reader is as wished.
fn is_done(reader: &ReaderStatus, request: Request) -> bool {
    reader.reading().is_some_and(|answer| match request {
        Request::On => answer.state == State::On,
        Request::Off => answer.state == State::Off,
        Request::Reset => !answer.resettable,
        Request::Mode(mode) => answer.mode.is_none_or(|found| found == mode.into()),
    })
}

/// Why a value did not reach the storage, as far as can be found out.
fn explain() -> Failure {
    if !Storage::is_dconf() {
        return Failure::NotSaved(None);
    }
    if gio::bus_get_sync(gio::BusType::Session, gio::Cancellable::NONE).is_err() {
        return Failure::NoBus;
    }
    let folder = glib::user_config_dir().join("dconf");
    match try_to_write(&folder) {
        Err(error) => Failure::NotWritable {
            folder,
            reason: system_error(&error),
        },
        Ok(()) => Failure::NotSaved(complaint()),
    }
}

/// Tries what the settings service does to save: to put a new file into the folder.
fn try_to_write(folder: &std::path::Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let probe = folder.join(format!(".privacy-panel-{}", std::process::id()));
    let written = std::fs::File::create_new(&probe)
        .and_then(|mut file| io::Write::write_all(&mut file, b"?"));
    // On a full disk there is a file, and nothing in it.
    let removed = std::fs::remove_file(probe);
    written.and(removed)
}

/// What dconf logged last. It is the only place where it says why a write failed.
static COMPLAINT: Mutex<Option<String>> = Mutex::new(None);

/// Keeps what dconf logs, for [`Failure::NotSaved`], instead of printing it. Called once, and not
/// where the person asked GLib for all there is to know.
pub fn collect_complaints() {
    if env::var_os("G_MESSAGES_DEBUG").is_some() {
        return;
    }
    glib::log_set_writer_func(|level, fields| {
        let field = |name| {
            let field = fields.iter().find(|field| field.key() == name)?;
            field.value_str()
        };
        if level == glib::LogLevel::Warning && field("GLIB_DOMAIN") == Some("dconf") {
            if let Ok(mut complaint) = COMPLAINT.lock() {
                *complaint = field("MESSAGE").map(str::to_owned);
            }
            return glib::LogWriterOutput::Handled;
        }
        glib::log_writer_default(level, fields)
    });
}

fn forget_complaint() {
    if let Ok(mut complaint) = COMPLAINT.lock() {
        complaint.take();
    }
}

fn complaint() -> Option<String> {
    COMPLAINT.lock().ok()?.clone()
}
