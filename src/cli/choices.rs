// SPDX-License-Identifier: GPL-3.0-or-later

//! The commands about choices and the programs that follow them.

mod agent;
pub(crate) mod json;
mod text;

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use privacy_panel::choices::catalogue::{Catalogue, index};
use privacy_panel::choices::change;
use privacy_panel::choices::change::{Report, Scope, Task};
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::desktop::Desktops;
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::state::State;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::watch::Watch;
use privacy_panel::choices::words;
use privacy_panel::system::i18n::{gettext, gettext_f, system_error};
use privacy_panel::system::settings::fault;
use privacy_panel::system::settings::fault::{Elsewhere, StorageFault};
use privacy_panel::system::text::{one_line, path};

use crate::args::{Format, Way};
use crate::choices::agent::Agent;
use crate::output::{self, Exit};

/// Loads the catalogue, and reports the files that it leaves out.
fn load() -> (Catalogue, Option<Desktops>) {
    loaded(Catalogue::load())
}

fn loaded(catalogue: Catalogue) -> (Catalogue, Option<Desktops>) {
    let desktops = Desktops::adopt(&catalogue);
    output::mistakes(catalogue.mistakes());
    output::lost(&catalogue);
    (catalogue, desktops)
}

/// Whether the settings come from where the session's programs have theirs. The bus answers while
/// the caller reads other things.
struct Origin {
    backend: Option<StorageFault>,
    elsewhere: Option<Elsewhere>,
}

impl Origin {
    fn ask() -> Self {
        let backend = fault::of_backend();
        let elsewhere = backend.is_none().then(Elsewhere::ask);
        Self { backend, elsewhere }
    }

    /// Says where the settings come from, if that is elsewhere.
    fn complain(self) {
        let elsewhere = self.elsewhere.and_then(Elsewhere::fault);
        if let Some(fault) = self.backend.or(elsewhere) {
            output::complain(&words::storage(&fault));
        }
    }
}

/// Says for which desktop the answers about these choices are, if other desktops have others.
fn say_which_desktop(
    desktops: Option<&Desktops>,
    choices: impl IntoIterator<Item = &'static Choice>,
) {
    let Some(desktops) = desktops else {
        return;
    };
    let now = Snapshot::fresh();
    for choice in choices {
        let others = desktops.others(choice, &now);
        if !others.is_empty() {
            output::complain(&words::other_desktops(choice, &desktops.own(), others));
        }
    }
}

fn read(
    (catalogue, desktops): &(Catalogue, Option<Desktops>),
    choice: &'static Choice,
    origin: Origin,
) -> ChoiceStatus {
    origin.complain();
    say_which_desktop(desktops.as_ref(), [choice]);
    ChoiceStatus::of(catalogue, choice, &Snapshot::fresh())
}

/// The state of a choice, and the exit status of a command that only prints it.
fn state(choice: &'static Choice) -> (State, Exit) {
    let origin = Origin::ask();
    let loaded = loaded(Catalogue::load_for(choice));
    let state = read(&loaded, choice, origin).state;
    (state, output::by(&loaded.0, Exit::Done))
}

pub(crate) fn get(choice: &'static Choice) -> io::Result<Exit> {
    let (state, exit) = state(choice);
    output::line(state.as_str())?;
    Ok(exit)
}

/// An unknown state counts as on, so that there is always an answer.
pub(crate) fn is_on(choice: &'static Choice) -> Exit {
    if state(choice).0.may_send() {
        Exit::Done
    } else {
        Exit::No
    }
}

pub(crate) fn status(format: Format) -> io::Result<Exit> {
    let origin = Origin::ask();
    let (catalogue, desktops) = load();
    let choices = ChoiceStatus::all(&catalogue);
    origin.complain();
    say_which_desktop(desktops.as_ref(), choice::ALL);
    output::line(&if format.json {
        json::status(&choices, desktops.as_ref())
    } else {
        text::status(&choices)
    })?;
    Ok(output::by(&catalogue, Exit::Done))
}

pub(crate) fn mode(choice: &'static Choice, wanted: Option<Way>) -> io::Result<Exit> {
    let origin = Origin::ask();
    let loaded = load();
    let catalogue = &loaded.0;
    let Some(found) = read(&loaded, choice, origin).mode() else {
        output::complain(&gettext_f(
            // Translators: {choice} is a name such as “Send error reports”
            "No program here can be told how to send, for “{choice}”.",
            &[("choice", &choice.title())],
        ));
        return Ok(output::by(catalogue, Exit::No));
    };
    if let Some(wanted) = wanted {
        return Ok(change_all(&[choice], wanted.into()));
    }
    output::line(found.as_str())?;
    Ok(output::by(catalogue, Exit::Done))
}

pub(crate) fn identifier(format: Format) -> io::Result<Exit> {
    let (catalogue, _) = load();
    let mut found = Vec::new();
    for reader in catalogue.readers() {
        match reader.store.identifier() {
            Ok(identifier) => found.extend(identifier.map(|identifier| (reader, identifier))),
            Err(problem) => output::complain(&one_line(&problem.to_string())),
        }
    }
    if format.json {
        output::line(&json::identifiers(&found))?;
    } else {
        let mut said = Vec::new();
        for (_, identifier) in &found {
            if !said.contains(&identifier) {
                output::line(&one_line(identifier))?;
                said.push(identifier);
            }
        }
        if found.is_empty() {
            output::complain(&gettext(
                "No program here has an identifier for this computer.",
            ));
        }
    }
    let exit = if found.is_empty() {
        Exit::No
    } else {
        Exit::Done
    };
    Ok(output::by(&catalogue, exit))
}

pub(crate) fn change_all(choices: &[&'static Choice], request: Request) -> Exit {
    change_in(Scope::All, choices, request)
}

pub(crate) fn change_in(scope: Scope, choices: &[&'static Choice], request: Request) -> Exit {
    // The failures of each change include parts that can't be read.
    let catalogue = Arc::new(match choices {
        [choice] => Catalogue::load_of(choice),
        _ => Catalogue::load(),
    });
    // A reset shows defaults.
    Desktops::adopt(&catalogue);
    output::mistakes(catalogue.mistakes());
    let needs_permission = |choice: &&'static Choice| {
        let mut readers = catalogue.readers_of(choice);
        readers.any(|reader| reader.is_in_system_files() && reader.has_program())
    };
    let asks = scope != Scope::OnlyMe && matches!(request, Request::On | Request::Off);
    let _agent = (asks && choices.iter().any(needs_permission)).then(Agent::start);
    let mut exit = Exit::Done;
    let mut read_back = Vec::new();
    for choice in choices {
        let report = change::carry_out(
            &catalogue,
            choice,
            &Task::of_all(request).in_scope(scope),
            || (),
            || (),
        );
        read_back.push(text::report(&report));
        for sentence in text::failures(&report) {
            output::complain(&sentence);
        }
        // If several choices fail, a lock is the best explanation.
        exit = match (exit, exit_of(&report)) {
            (Exit::Locked, _) | (_, Exit::Locked) => Exit::Locked,
            (Exit::Done, other) => other,
            (worse, _) => worse,
        };
    }
    // The change counts, even if printing fails.
    if let Err(error) = output::line(&read_back.join("\n")) {
        output::failed(&error);
    }
    exit
}

fn exit_of(report: &Report) -> Exit {
    if report.succeeded() {
        Exit::Done
    } else if report.is_locked() {
        Exit::Locked
    } else {
        Exit::NotSaved
    }
}

pub(crate) fn watch(format: Format) -> io::Result<Exit> {
    let origin = Origin::ask();
    let (catalogue, desktops) = load();
    let catalogue = Rc::new(catalogue);
    origin.complain();
    say_which_desktop(desktops.as_ref(), choice::ALL);
    let main_loop = glib::MainLoop::new(None, false);
    let failure = Rc::new(RefCell::new(None));
    // Empty at first, so that the first round prints every choice.
    let known: RefCell<Vec<ChoiceStatus>> = RefCell::default();
    let look: Rc<dyn Fn()> = Rc::new({
        let (catalogue, main_loop, failure) = (
            Rc::clone(&catalogue),
            main_loop.clone(),
            Rc::clone(&failure),
        );
        move || {
            let now = ChoiceStatus::all(&catalogue);
            let before = known.replace(now.clone());
            let line = |status: &ChoiceStatus| {
                if format.json {
                    json::choice(status, desktops.as_ref())
                } else {
                    text::change(status)
                }
            };
            for (index, status) in now.iter().enumerate() {
                let before = before.get(index);
                if before == Some(status) {
                    continue;
                }
                // A change of a setting that doesn't count isn't in the text.
                let text = line(status);
                if before.is_some_and(|before| line(before) == text) {
                    continue;
                }
                if let Err(error) = output::line(&text) {
                    failure.replace(Some(error));
                    main_loop.quit();
                    return;
                }
            }
        }
    });
    let _watch = Watch::new(&catalogue, {
        let look = Rc::clone(&look);
        move || look()
    });
    // After the watch has started, so that no change is missed in between.
    look();
    main_loop.run();
    match failure.take() {
        Some(error) => Err(error),
        None => Ok(Exit::Done),
    }
}

/// Writes the index of a folder of reader files.
pub(crate) fn write_index(folder: &Path) -> Exit {
    match index::write(folder) {
        Ok(_) => Exit::Done,
        Err(error) => {
            output::complain(&gettext_f(
                // Translators: {folder} is a folder, {reason} the system's words
                "The index of {folder} was not written: {reason}",
                &[("folder", &path(folder)), ("reason", &system_error(&error))],
            ));
            Exit::NotSaved
        }
    }
}

pub(crate) fn readers(format: Format) -> io::Result<Exit> {
    let catalogue = Catalogue::load();
    let now = Snapshot::fresh();
    output::line(&if format.json {
        json::readers(&catalogue, &now)
    } else {
        text::readers(&catalogue, &now)
    })?;
    output::mistakes(catalogue.mistakes());
    output::lost(&catalogue);
    let exit = if catalogue.mistakes().is_empty() {
        Exit::Done
    } else {
        Exit::BadFile
    };
    Ok(output::by(&catalogue, exit))
}
