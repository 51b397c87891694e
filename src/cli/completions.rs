// SPDX-License-Identifier: GPL-3.0-or-later

//! Shell completions: those of clap, without hidden commands, and with the values that clap leaves
//! out for fish.

use std::fmt::Write as _;

use clap::builder::PossibleValue;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use crate::args::Args;

const PROGRAM: &str = "privacyctl";

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

/// A command without hidden subcommands, which clap would offer, too.
fn visible(command: &Command) -> Command {
    let subcommands = command.get_subcommands();
    let mut copy = Command::new(command.get_name().to_owned())
        .allow_missing_positional(command.is_allow_missing_positional_set())
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

/// Lines that offer an argument's values in fish. Clap only offers commands and options there.
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
            // The program, the commands, and the previous arguments.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_fault_in_the_commands_and_their_completions() {
        Args::command().debug_assert();
        for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
            assert!(script(shell).contains("online-search"), "{shell}");
        }
    }
}
