// SPDX-License-Identifier: GPL-3.0-or-later

//! Writing a choice to every installed reader, and reading every one back.
//!
//! GSettings reports nothing of a write that fails later: writes are still under way when the call
//! returns. So each change is written, waited for, and then read from freshly opened storage. Only
//! what the storage holds is reported as done.
//!
//! A service may ask for a password. So services are written last when turning off and first when
//! turning on: if the user cancels, nothing else has been turned on.

mod attempt;
mod failure;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use crate::choices::catalogue::Catalogue;
use crate::choices::change::attempt::{Attempt, ForEveryone};
use crate::choices::choice::Choice;
use crate::choices::everyone;
use crate::choices::everyone::client;
use crate::choices::reader::{Reader, Request};
use crate::choices::snapshot::Snapshot;
use crate::choices::status::{ChoiceStatus, ReaderStatus};
use crate::system::home;
use crate::system::limits;
use crate::system::settings::fault;
use crate::system::settings::fault::StorageFault;
use crate::system::turn::Turn;

pub use attempt::is_done;
pub use failure::Failure;

/// Whose settings a request changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The user's own, and those that apply to all users.
    #[default]
    All,
    /// Only the user's own.
    OnlyMe,
    /// Only those that apply to all users.
    Everyone,
}

impl Scope {
    fn includes(self, reader: &Reader) -> bool {
        match self {
            Self::All => true,
            Self::OnlyMe => !reader.store.is_for_every_user(),
            Self::Everyone => reader.store.is_for_every_user(),
        }
    }
}

/// A message of a change under way.
enum Progress {
    /// A service is being called, which may ask the user for permission. The value says whether its
    /// setting applies to all users.
    Asking(bool),
    /// The change is over, with these failures.
    Done(Vec<(String, Failure)>),
}

/// A change of a choice that is to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The new state.
    pub request: Request,
    /// The ID of the only reader that changes. `None`: all.
    pub reader: Option<String>,
    /// Whose settings change.
    pub scope: Scope,
}

impl Task {
    /// Changes all readers.
    pub const fn of_all(request: Request) -> Self {
        Self {
            request,
            reader: None,
            scope: Scope::All,
        }
    }

    /// Changes only the settings of a scope.
    #[must_use]
    pub fn in_scope(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// Changes one reader.
    pub fn of_one(request: Request, reader: &str) -> Self {
        Self {
            request,
            reader: Some(reader.to_owned()),
            scope: Scope::All,
        }
    }

    fn is_about(&self, reader: &str) -> bool {
        self.reader.as_deref().is_none_or(|only| only == reader)
    }
}

/// The result of a request for each reader.
#[derive(Clone, Debug)]
pub struct Report {
    /// The wanted change.
    pub request: Request,
    /// The choice, read back.
    pub status: ChoiceStatus,
    /// The IDs of the installed readers that don't have the requested state, and why.
    pub failures: Vec<(String, Failure)>,
}

impl Report {
    /// The display names of the programs that don't have the requested state, and why.
    pub fn named_failures(&self) -> impl Iterator<Item = (String, &Failure)> {
        self.failures.iter().map(|(id, failure)| {
            let readers = &self.status.readers;
            let reader = readers.iter().find(|reader| reader.id == *id);
            let name = reader.map_or_else(|| id.clone(), ReaderStatus::display_name);
            (name, failure)
        })
    }

    /// Whether every installed reader has the requested state.
    pub fn succeeded(&self) -> bool {
        self.failures.is_empty()
    }

    /// Whether a lock prevented the change.
    pub fn is_locked(&self) -> bool {
        self.failures
            .iter()
            .any(|(_, failure)| *failure == Failure::Locked)
    }
}

/// Carries out a request and reads the result back.
///
/// Turning off continues after a reader fails, so that as little as possible can be sent. Turning
/// on is refused as a whole, with nothing written, if an installed reader is locked off: a policy
/// must not be half obeyed.
///
/// Blocks until another program's change is over, for at most [`limits::TURN_PATIENCE`], and then until
/// the settings service has answered, for at most [`limits::SETTINGS_PATIENCE`]: don't call it on the
/// UI thread. If the service answers later, `late` is called from another thread,
/// since a change that was reported as not saved may have been saved by then.
pub fn change(
    catalogue: &Arc<Catalogue>,
    choice: &'static Choice,
    request: Request,
    late: impl FnOnce() + Send + 'static,
) -> Report {
    carry_out(catalogue, choice, &Task::of_all(request), || (), late)
}

/// Like [`change`], but may be limited to some of the settings, or to a single reader. All other
/// readers stay as they are, and a lock of any of them still refuses on.
///
/// Calls `asking` before it calls a service whose setting applies to all users: the service may ask
/// the user for an administrator's password.
pub fn carry_out(
    catalogue: &Arc<Catalogue>,
    choice: &'static Choice,
    task: &Task,
    asking: impl Fn(),
    late: impl FnOnce() + Send + 'static,
) -> Report {
    let turn = Turn::wait();
    let (sender, receiver) = mpsc::channel();
    let given_up = Arc::new(AtomicBool::new(false));
    let worker = {
        let catalogue = Arc::clone(catalogue);
        let given_up = Arc::clone(&given_up);
        let task = task.clone();
        // The settings service may never answer. In that case this thread leaks.
        thread::Builder::new()
            .name("change".to_owned())
            .spawn(move || {
                let context = glib::MainContext::new();
                let asking = |for_every_user| drop(sender.send(Progress::Asking(for_every_user)));
                let readers = catalogue.readers_of(choice);
                let attempt = Attempt {
                    choice,
                    readers: readers
                        .filter(|reader| task.scope.includes(reader))
                        .collect(),
                    request: task.request,
                    reader: task.reader.as_deref(),
                    for_everyone: for_everyone(),
                    storage: &fault::before_writing,
                    // Settings for all users are in no home.
                    foreign: home::of_another().filter(|_| task.scope != Scope::Everyone),
                    pause: limits::SETTINGS_PAUSE,
                    given_up: &given_up,
                    asking: &asking,
                };
                let failures = context.with_thread_default(|| attempt.carry_out());
                let done = failures.map(Progress::Done);
                if done.is_ok_and(|done| sender.send(done).is_err()) {
                    late();
                }
            })
    };
    let failures = worker.ok().and_then(|_| wait(&receiver, asking));
    // After this, the request's thread writes nothing more, so that it can't overwrite a later
    // request. But it can't take back a write that dconf-service has received: the service makes it
    // when it continues.
    given_up.store(true, Ordering::Relaxed);
    drop(receiver);

    let status = ChoiceStatus::of(catalogue, choice, &Snapshot::fresh());
    drop(turn);
    let mut failures = failures.unwrap_or_else(|| {
        status
            .installed()
            .filter(|reader| task.is_about(&reader.id) && !is_done(reader, task.request))
            .map(|reader| (reader.id.clone(), StorageFault::NoAnswer.into()))
            .collect()
    });
    // Only the readers in the scope had to change.
    failures.retain(|(id, _)| {
        let mut readers = catalogue.readers_of(choice);
        readers.any(|reader| reader.id == *id && task.scope.includes(reader))
    });
    // These programs are unknown, so nothing was changed.
    failures.retain(|(id, _)| !status.lost().any(|(lost, _)| lost.id == *id));
    failures.extend(
        status
            .lost()
            .filter(|(lost, _)| task.is_about(&lost.id))
            .map(|(lost, problem)| (lost.id.clone(), problem.clone().into())),
    );
    Report {
        request: task.request,
        status,
        failures,
    }
}

/// How this process changes root's files: root does it itself, with or without the service.
fn for_everyone() -> ForEveryone {
    if rustix::process::geteuid().is_root() {
        |wanted| {
            let catalogue = everyone::catalogue()?;
            Ok(everyone::set(&catalogue, wanted, None)?.left)
        }
    } else {
        client::set
    }
}

/// The failures, or `None` after the timeout.
fn wait(receiver: &mpsc::Receiver<Progress>, asking: impl Fn()) -> Option<Vec<(String, Failure)>> {
    let mut end = Instant::now() + limits::SETTINGS_PATIENCE;
    loop {
        match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Progress::Asking(for_every_user)) => {
                if for_every_user {
                    asking();
                }
                end = Instant::now() + limits::CHANGE_PATIENCE + limits::SETTINGS_PATIENCE;
            }
            Ok(Progress::Done(failures)) => return Some(failures),
            Err(_) => return None,
        }
    }
}
