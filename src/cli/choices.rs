// SPDX-License-Identifier: GPL-3.0-or-later

//! What each command does.

pub(crate) mod text;

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::change;
use privacy_panel::choices::change::Report;
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::watch::Watch;
use privacy_panel::choices::words;
use privacy_panel::system::home;
use privacy_panel::system::i18n;
use privacy_panel::system::i18n::{gettext, gettext_f};
use privacy_panel::system::settings::Storage;
use privacy_panel::system::text::one_line;

use crate::args::{Args, Command, Format, HistoryCommand, NeverRecordCommand, PolicyCommand, Way};
use crate::output::{self, Exit};
use crate::{completions, history, json, policy, reports};

pub(crate) fn run(args: Args) -> io::Result<Exit> {
    let command = args.command.unwrap_or(Command::Status(args.status));
    // Before there is another thread. What answers in one word, or says nothing, saves a third of
    // its time.
    if !matches!(
        command,
        Command::Get { .. }
            | Command::IsOn { .. }
            | Command::Policy {
                command: PolicyCommand::ReadBack
            }
    ) {
        i18n::init();
    }
    if changes_something_of_a_user(&command) {
        if let Some(owner) = home::of_another() {
            output::complain(&words::foreign(&owner));
            return Ok(Exit::NotSaved);
        }
    }
    match command {
        Command::Status(format) => status(format),
        Command::Get { choice } => {
            let catalogue = load();
            output::line(ask(&catalogue, choice.choice).state.as_str())?;
            Ok(output::by(&catalogue, Exit::Done))
        }
        // What is not known counts as on, so there is an answer in any case.
        Command::IsOn { choice } => Ok(if ask(&load(), choice.choice).state.may_send() {
            Exit::Done
        } else {
            Exit::No
        }),
        Command::Set { choice, state } => Ok(change_all(&[choice.choice], state.into())),
        Command::Mode { choice, mode } => self::mode(choice.choice, mode),
        Command::Identifier(format) => identifier(format),
        Command::Reset { choice, .. } => Ok(match choice {
            Some(choice) => change_all(&[choice], Request::Reset),
            None => change_all(&choice::ALL.iter().collect::<Vec<_>>(), Request::Reset),
        }),
        Command::Watch(format) => watch(format),
        Command::Readers(format) => readers(format),
        Command::Policy { command } => policy::run(command),
        Command::Reports { command, list } => reports::run(command, list),
        Command::History { command, look } => history::run(command, look),
        Command::Completions { shell } => {
            output::line(completions::script(shell).trim_end())?;
            Ok(Exit::Done)
        }
    }
}

/// Whether a command writes in a home or through a session: root must not do that in another
/// user's.
const fn changes_something_of_a_user(command: &Command) -> bool {
    match command {
        Command::Set { .. } | Command::Reset { .. } => true,
        Command::Mode { mode, .. } => mode.is_some(),
        Command::History { command, .. } => match command {
            None => false,
            Some(HistoryCommand::Clear { dry_run, .. }) => !*dry_run,
            Some(HistoryCommand::NeverRecord { command }) => {
                !matches!(command, NeverRecordCommand::List(_))
            }
        },
        // Each report says whose it is.
        Command::Reports { .. }
        | Command::Status(_)
        | Command::Get { .. }
        | Command::IsOn { .. }
        | Command::Watch(_)
        | Command::Identifier(_)
        | Command::Readers(_)
        | Command::Policy { .. }
        | Command::Completions { .. } => false,
    }
}

/// The catalogue, and a word about the files that it had to leave out.
fn load() -> Catalogue {
    let catalogue = Catalogue::load();
    output::mistakes(catalogue.mistakes());
    output::lost(&catalogue);
    catalogue
}

fn ask(catalogue: &Catalogue, choice: &'static Choice) -> ChoiceStatus {
    ChoiceStatus::of(catalogue, choice, &Snapshot::fresh())
}

fn status(format: Format) -> io::Result<Exit> {
    let catalogue = load();
    let choices = ChoiceStatus::all(&catalogue);
    if Storage::is_memory_only() {
        output::complain(&words::memory_only());
    }
    output::line(&if format.json {
        json::status(&choices)
    } else {
        text::status(&choices)
    })?;
    Ok(output::by(&catalogue, Exit::Done))
}

fn mode(choice: &'static Choice, wanted: Option<Way>) -> io::Result<Exit> {
    let catalogue = load();
    let Some(found) = ask(&catalogue, choice).mode() else {
        output::complain(&gettext_f(
            // Translators: {choice} is a name such as “Send error reports”
            "No program here can be told how to send, for “{choice}”.",
            &[("choice", &choice.title())],
        ));
        return Ok(output::by(&catalogue, Exit::No));
    };
    if let Some(wanted) = wanted {
        return Ok(change_all(&[choice], wanted.into()));
    }
    output::line(found.as_str())?;
    Ok(output::by(&catalogue, Exit::Done))
}

fn identifier(format: Format) -> io::Result<Exit> {
    let catalogue = load();
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

fn change_all(choices: &[&'static Choice], request: Request) -> Exit {
    change::collect_complaints();
    // What is lost of it is among the failures of each change.
    let catalogue = Arc::new(Catalogue::load());
    output::mistakes(catalogue.mistakes());
    let mut exit = Exit::Done;
    let mut read_back = Vec::new();
    for choice in choices {
        let report = change::change(&catalogue, choice, request, || ());
        read_back.push(text::report(&report));
        for sentence in text::failures(&report) {
            output::complain(&sentence);
        }
        // A lock is the better explanation of the two.
        exit = match (exit, exit_of(&report)) {
            (Exit::Locked, _) | (_, Exit::Locked) => Exit::Locked,
            (Exit::Done, other) => other,
            (worse, _) => worse,
        };
    }
    // What was done counts, whether anybody reads of it or not.
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

fn watch(format: Format) -> io::Result<Exit> {
    let catalogue = Rc::new(load());
    let main_loop = glib::MainLoop::new(None, false);
    let failure = Rc::new(RefCell::new(None));
    // Nothing at first, so that the first look prints every choice.
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
            for (index, status) in now.iter().enumerate() {
                if before.get(index) == Some(status) {
                    continue;
                }
                let text = if format.json {
                    json::choice(status)
                } else {
                    text::change(status)
                };
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
    // Once changes are told, so that none falls between this and them.
    look();
    main_loop.run();
    match failure.take() {
        Some(error) => Err(error),
        None => Ok(Exit::Done),
    }
}

fn readers(format: Format) -> io::Result<Exit> {
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
