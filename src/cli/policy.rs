// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacyctl policy`: the administrator's decisions for all users.

mod json;
mod text;

use std::io;
use std::path::{Path, PathBuf};

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::formats::mistake::Mistake;
use privacy_panel::policy;
use privacy_panel::policy::install::read_back;
use privacy_panel::policy::{Applied, Beyond, Failure, Place, Policy, Report, Unreadable};
use privacy_panel::system::i18n::{gettext, gettext_f, noop, system_error};
use privacy_panel::system::text::one_line;
use privacy_panel::system::tree::Tree;

use crate::args::{PolicyCommand, PolicyFile, Root};
use crate::output::{self, Exit};

pub(crate) fn run(command: PolicyCommand) -> io::Result<Exit> {
    let result = match command {
        PolicyCommand::Check { file } => check(&file),
        PolicyCommand::Apply {
            file,
            again,
            root,
            dry_run,
        } => apply(&file, again, &root, dry_run),
        PolicyCommand::Status { root, format } => status(&root, format.json),
        PolicyCommand::Remove { root } => remove(&root),
        PolicyCommand::ReadBack => {
            output::exact(&read_back::answer()?)?;
            return Ok(Exit::Done);
        }
    };
    match result {
        Ok(exit) | Err(Stop::Said(exit)) => Ok(exit),
        Err(Stop::Printing(error)) => Err(error),
    }
}

/// Why a command ends early.
enum Stop {
    /// Printing failed.
    Printing(io::Error),
    /// The error was already printed.
    Said(Exit),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Printing(error)
    }
}

impl From<Unreadable> for Stop {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Missing(file) => output::complain(&gettext_f(
                "There is no policy “{file}”. Write one, or name the file.",
                &[("file", &file.display().to_string())],
            )),
            Unreadable::Mistakes(mistakes) => {
                for mistake in mistakes {
                    output::complain(&mistake.to_string());
                }
            }
        }
        Self::Said(Exit::BadFile)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        output::complain(&text::sentence(&failure));
        if let Failure::NotInForce(report) = &failure {
            for reader in report.readers.iter().filter(|reader| !reader.in_force()) {
                output::complain(&text::differences(reader).join("; "));
            }
            warn(report);
        }
        Self::Said(match failure {
            Failure::Conflict(_) => Exit::BadFile,
            _ => Exit::NotSaved,
        })
    }
}

fn place(root: &Root) -> Result<Place, Stop> {
    let Some(folder) = &root.root else {
        return Ok(Place::new(Tree::computer()));
    };
    let tree = Tree::image(folder).map_err(|error| {
        let mistake = Mistake::whole(folder, &system_error(&error));
        output::complain(&mistake.to_string());
        Stop::Said(Exit::BadFile)
    })?;
    Ok(Place::new(tree))
}

/// The policy in a file, or the installed one.
fn meant(file: &PolicyFile, place: &Place) -> Result<(PathBuf, Policy), Stop> {
    Ok(match &file.file {
        Some(file) => (file.clone(), Place::policy_from(file)?),
        None => place.policy()?,
    })
}

/// The readers for a policy. Fails if some can't be read, since the policy would miss them.
fn catalogue(place: &Place) -> Result<Catalogue, Stop> {
    let catalogue = Catalogue::load_system(place.tree());
    output::mistakes(catalogue.mistakes());
    output::lost(&catalogue);
    if catalogue.lost().is_empty() {
        Ok(catalogue)
    } else {
        Err(Stop::Said(Exit::NotSaved))
    }
}

fn check(file: &PolicyFile) -> Result<Exit, Stop> {
    let place = Place::new(Tree::computer());
    let (name, policy) = meant(file, &place)?;
    let catalogue = catalogue(&place)?;
    // This also finds readers that contradict each other. It doesn't need the current content of
    // lists.
    policy::compile::compile(&policy, &catalogue, &|_| Vec::new()).map_err(Failure::from)?;
    policy::wanted_opt_outs(&policy, &catalogue).map_err(Failure::from)?;
    output::line(&gettext_f(
        // Translators: a file in which no mistake was found
        "{file}: no mistakes.",
        &[("file", &name.display().to_string())],
    ))?;
    for decision in &policy.decisions {
        output::line(&text::decided(decision))?;
    }
    for note in text::notes(&policy, &catalogue) {
        output::line(&note)?;
    }
    for beyond in policy::beyond(&policy, &catalogue) {
        output::line(&text::not_reached(&beyond))?;
    }
    Ok(Exit::Done)
}

fn apply(file: &PolicyFile, again: bool, root: &Root, dry_run: bool) -> Result<Exit, Stop> {
    let place = place(root)?;
    let policy = if again {
        match place.applied() {
            Err(Unreadable::Missing(_)) => return Ok(done(last_line(false))),
            found => found?.1,
        }
    } else {
        meant(file, &place)?.1
    };
    let catalogue = catalogue(&place)?;
    if dry_run {
        return show_changes(&place, &policy, &catalogue);
    }
    let applied = place.apply(&policy, &catalogue, wait)?;
    let printed = say_applied(&place, &policy, &catalogue, &applied);
    Ok(done(printed))
}

/// The exit status after a change. The change counts, even if printing fails.
fn done(printed: io::Result<()>) -> Exit {
    if let Err(error) = printed {
        output::failed(&error);
    }
    Exit::Done
}

fn say_applied(
    place: &Place,
    policy: &Policy,
    catalogue: &Catalogue,
    applied: &Applied,
) -> io::Result<()> {
    for line in applied.said.iter().flat_map(|said| said.lines()) {
        output::complain(&one_line(line));
    }
    warn(&applied.report);
    for decision in &policy.decisions {
        output::line(&text::in_force(decision, &applied.report))?;
    }
    for beyond in there(place, policy, catalogue) {
        output::line(&text::not_reached(&beyond))?;
    }
    if applied.profile_changed && !place.tree().is_image() {
        output::line(&gettext(
            "For people who are logged in it comes into force when they log in again.",
        ))?;
    }
    last_line(applied.changed)
}

fn show_changes(place: &Place, policy: &Policy, catalogue: &Catalogue) -> Result<Exit, Stop> {
    let changes = place.dry_run(policy, catalogue)?;
    for change in changes.files.iter().chain(&changes.opt_outs.files) {
        output::line(change.unified().trim_end_matches('\n'))?;
    }
    // Translators: a unit is a service of systemd’s; masked, nothing can start it
    let masked = noop("The unit “{unit}” would be masked.");
    // Translators: a unit is a service of systemd’s; masked, nothing can start it
    let unmasked = noop("The unit “{unit}” would no longer be masked.");
    for (sentence, units) in [
        (masked, &changes.opt_outs.masked),
        (unmasked, &changes.opt_outs.unmasked),
    ] {
        for unit in units {
            output::line(&gettext_f(sentence, &[("unit", unit)]))?;
        }
    }
    if changes.compile {
        let database = place.tree().name(Path::new(privacy_panel::app::DATABASE));
        output::line(&gettext_f(
            "The database “{file}” would be compiled anew.",
            &[("file", &database.display().to_string())],
        ))?;
    }
    last_line(changes.is_change())?;
    Ok(Exit::Done)
}

fn status(root: &Root, as_json: bool) -> Result<Exit, Stop> {
    let place = place(root)?;
    let (name, policy) = match place.policy() {
        Err(Unreadable::Missing(_)) => {
            if as_json {
                output::line(&json::no_policy())?;
            } else {
                // Translators: the answer to whether an administrator’s policy is in force
                output::line(&gettext("There is no policy."))?;
            }
            return Ok(Exit::No);
        }
        found => found?,
    };
    let catalogue = catalogue(&place)?;
    let report = place.status(&policy, &catalogue)?;
    let beyond = there(&place, &policy, &catalogue);
    if as_json {
        output::line(&json::policy(&name, &policy, &report, &beyond))?;
    } else {
        for line in text::status_lines(&name, &policy, &report) {
            output::line(&line)?;
        }
        for beyond in &beyond {
            output::line(&text::not_reached(beyond))?;
        }
        warn(&report);
    }
    Ok(if report.in_force() {
        Exit::Done
    } else {
        Exit::No
    })
}

fn remove(root: &Root) -> Result<Exit, Stop> {
    let removed = place(root)?.remove(wait)?;
    Ok(done(last_line(removed)))
}

fn wait() {
    output::complain(&gettext(
        "Another privacyctl is at work on the policy. Waiting.",
    ));
}

/// The last line, for scripts; it is never translated.
fn last_line(changed: bool) -> io::Result<()> {
    output::line(if changed { "changed" } else { "unchanged" })
}

/// The installed programs that a policy decides about but can't control.
fn there<'a>(place: &Place, policy: &'a Policy, catalogue: &'a Catalogue) -> Vec<Beyond<'a>> {
    let mut beyond = policy::beyond(policy, catalogue);
    beyond.retain(|beyond| beyond.is_there(place.tree()));
    beyond
}

/// Warns about permissions that undo the policy.
fn warn(report: &Report) {
    for file in &report.exposed {
        output::complain(&gettext_f(
            "Others than the administrator can change “{file}”, and undo the policy. Give it to root, and take the right to write from others.",
            &[("file", &file.display().to_string())],
        ));
    }
    for file in &report.hidden {
        output::complain(&gettext_f(
            "People cannot read “{file}”, so their programs do not obey. Give everybody the right to read it.",
            &[("file", &file.display().to_string())],
        ));
    }
}
