// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacyctl`: the panel for scripts, terminals and computers without a desktop.
//!
//! It parses arguments, calls the library and prints. It must not link GTK.

mod args;
mod choices;
mod completions;
mod history;
mod output;
mod policy;
mod reports;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::{choice, words};
use privacy_panel::system::{home, i18n, log, text};

use crate::args::{Args, Command, HistoryCommand, NeverRecordCommand, PolicyCommand};
use crate::output::Exit;

fn main() -> ExitCode {
    let args = Args::try_parse().unwrap_or_else(|error| bad_usage(&error));
    match run(args) {
        Ok(exit) => exit.into(),
        Err(error) => output::failed(&error).into(),
    }
}

fn run(args: Args) -> io::Result<Exit> {
    let command = args.command.unwrap_or(Command::Status(args.status));
    // Before another thread starts. Commands that print one word or nothing skip this, which saves
    // a third of their time.
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
    log::tell(|complaint| output::complain(&words::complaint(complaint)));
    if changes_something_of_a_user(&command) {
        if let Some(owner) = home::of_another() {
            output::complain(&words::foreign(&owner));
            return Ok(Exit::NotSaved);
        }
    }
    match command {
        Command::Status(format) => choices::status(format),
        Command::Get { choice } => choices::get(choice.choice),
        Command::IsOn { choice } => Ok(choices::is_on(choice.choice)),
        Command::Set {
            choice,
            state,
            scope,
            ..
        } => Ok(choices::change_in(
            scope.into(),
            &all_or(choice),
            state.into(),
        )),
        Command::Mode { choice, mode } => choices::mode(choice.choice, mode),
        Command::Identifier(format) => choices::identifier(format),
        Command::Reset { choice, .. } => Ok(choices::change_all(&all_or(choice), Request::Reset)),
        Command::Watch(format) => choices::watch(format),
        Command::Readers {
            write_index: Some(folder),
            ..
        } => Ok(choices::write_index(&folder)),
        Command::Readers { format, .. } => choices::readers(format),
        Command::Policy { command } => policy::run(command),
        Command::Reports { command, list } => reports::run(command, list),
        Command::History { command, look } => history::run(command, look),
        Command::Completions { shell } => {
            output::line(completions::script(shell).trim_end())?;
            Ok(Exit::Done)
        }
    }
}

/// The choice, or all choices.
fn all_or(choice: Option<&'static Choice>) -> Vec<&'static Choice> {
    choice.map_or_else(|| choice::ALL.iter().collect(), |choice| vec![choice])
}

/// Whether a command writes to a user's home or session. Root must not do that for another user.
const fn changes_something_of_a_user(command: &Command) -> bool {
    match command {
        Command::Set { scope, .. } => !scope.for_everyone,
        Command::Reset { .. } => true,
        Command::Mode { mode, .. } => mode.is_some(),
        Command::History { command, .. } => match command {
            None => false,
            Some(HistoryCommand::Clear { dry_run, .. }) => !*dry_run,
            Some(HistoryCommand::Keep { keep, .. }) => keep.is_some(),
            Some(HistoryCommand::NeverRecord { command }) => {
                !matches!(command, NeverRecordCommand::List(_))
            }
        },
        // Each report has its own owner, so `reports` checks.
        Command::Reports { .. }
        | Command::Status(_)
        | Command::Get { .. }
        | Command::IsOn { .. }
        | Command::Watch(_)
        | Command::Identifier(_)
        | Command::Readers { .. }
        | Command::Policy { .. }
        | Command::Completions { .. } => false,
    }
}

/// Prints an error about the arguments, or the help. An error quotes an argument, which may be a
/// file name.
fn bad_usage(error: &clap::Error) -> ! {
    let quotable = |argument: OsString| !argument.to_string_lossy().contains(text::is_unprintable);
    if std::env::args_os().all(quotable) {
        error.exit();
    }
    let said = text::lines(&error.render().to_string());
    // If the output is closed there is no way to report that.
    let _ = if error.use_stderr() {
        write!(io::stderr(), "{said}")
    } else {
        write!(io::stdout(), "{said}")
    };
    std::process::exit(error.exit_code());
}
