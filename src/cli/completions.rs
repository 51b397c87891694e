// SPDX-License-Identifier: GPL-3.0-or-later

//! The completions of shells: what clap makes of the command line, without what is not for people,
//! and with what it leaves out.

use std::fmt::Write as _;

use clap::builder::PossibleValue;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use crate::args::Args;

const PROGRAM: &str = "privacyctl";

/// The script for a shell.
pub(crate) fn script(shell: Shell) -> String {
    let mut command = visible(&Args::command());
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut command, PROGRAM, &mut bytes);
    let mut script = String::from_utf8_lossy(&bytes).into_owned();
    if shell == Shell::Fish {
        script.push_str(&fish_values(&command, &[]));
    }
    script
}

/// The command without the commands that only programs start: clap would offer those, too.
fn visible(command: &Command) -> Command {
    let subcommands = command.get_subcommands();
    let mut copy = Command::new(command.get_name().to_owned())
        .args(command.get_arguments().cloned())
        .subcommands(
            subcommands
                .filter(|below| !below.is_hide_set())
                .map(visible),
        );
    if let Some(about) = command.get_about() {
        copy = copy.about(about.clone());
    }
    if let Some(version) = command.get_version() {
        copy = copy.version(version.to_owned());
    }
    copy
}

/// Lines for fish, which clap gives commands and options only: the words that an argument takes, at
/// the argument's place.
fn fish_values(command: &Command, path: &[&str]) -> String {
    let mut lines = String::new();
    if let Some((name, below)) = path.split_first() {
        let mut condition = format!("__fish_{PROGRAM}_using_subcommand {name}");
        for name in below {
            let _ = write!(condition, "; and __fish_seen_subcommand_from {name}");
        }
        for (place, argument) in command.get_positionals().enumerate() {
            let values = argument.get_possible_values();
            if values.is_empty() {
                continue;
            }
            let names: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
            // The program, the commands and the arguments before it.
            let words = 1 + path.len() + place;
            let _ = writeln!(
                lines,
                "complete -c {PROGRAM} -n \"{condition}; and test (count (commandline -opc)) -eq {words}\" -f -a \"{}\"",
                names.join(" ")
            );
        }
    }
    for below in command.get_subcommands() {
        lines.push_str(&fish_values(below, &[path, &[below.get_name()]].concat()));
    }
    lines
}
