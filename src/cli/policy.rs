// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacyctl policy`: the administrator's decisions for all users.

mod json;
mod text;

use std::io;
use std::path::PathBuf;

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::formats::mistake::Mistake;
use privacy_panel::policy;
use privacy_panel::policy::compile::Below;
use privacy_panel::policy::install::read_back;
use privacy_panel::policy::{
    Applied, Failure, LeftOut, Policy, Report, Target, Uncovered, Unreadable,
};
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

fn target(root: &Root) -> Result<Target, Stop> {
    let Some(folder) = &root.root else {
        return Ok(Target::new(Tree::computer()));
    };
    let tree = Tree::image(folder).map_err(|error| {
        let mistake = Mistake::whole(folder, &system_error(&error));
        output::complain(&mistake.to_string());
        Stop::Said(Exit::BadFile)
    })?;
    Ok(Target::new(tree))
}

/// The policy of the given file, or the target's own.
fn meant(file: &PolicyFile, target: &Target) -> Result<(PathBuf, Policy), Stop> {
    Ok(match &file.file {
        Some(file) => (file.clone(), Target::policy_from(file)?),
        None => target.policy()?,
    })
}

/// The readers that a policy applies to. The policy would leave out an unknown reader.
fn catalogue(target: &Target) -> Result<Catalogue, Stop> {
    let catalogue = Catalogue::load_system(target.tree());
    output::mistakes(catalogue.mistakes());
    output::lost(&catalogue);
    if catalogue.lost().is_empty() {
        Ok(catalogue)
    } else {
        Err(Stop::Said(Exit::NotSaved))
    }
}

fn check(file: &PolicyFile) -> Result<Exit, Stop> {
    let target = Target::new(Tree::computer());
    let (name, policy) = meant(file, &target)?;
    let catalogue = catalogue(&target)?;
    // Readers that contradict each other are found here, too; what lists hold is not asked.
    policy::compile::compile(&policy, &catalogue, &Below::new()).map_err(Failure::from)?;
    policy::wanted_measures(&policy, &catalogue).map_err(Failure::from)?;
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
    for uncovered in policy::uncovered(&policy, &catalogue) {
        output::line(&text::not_reached(&uncovered))?;
    }
    if let Some(nothing) = text::nothing_decided(&policy) {
        output::line(&nothing)?;
    }
    warn_of(&target.left_out(policy.profiles));
    Ok(Exit::Done)
}

fn apply(file: &PolicyFile, again: bool, root: &Root, dry_run: bool) -> Result<Exit, Stop> {
    let target = target(root)?;
    let policy = if again {
        match target.applied() {
            Err(Unreadable::Missing(_)) => return Ok(done(last_line(false))),
            found => found?.1,
        }
    } else {
        meant(file, &target)?.1
    };
    let catalogue = catalogue(&target)?;
    if dry_run {
        return show_changes(&target, &policy, &catalogue);
    }
    let applied = target.apply(&policy, &catalogue, wait)?;
    let printed = say_applied(&target, &policy, &catalogue, &applied);
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
    target: &Target,
    policy: &Policy,
    catalogue: &Catalogue,
    applied: &Applied,
) -> io::Result<()> {
    complain_of(applied.said.as_deref());
    warn(&applied.report);
    for decision in &policy.decisions {
        output::line(&text::in_force(decision, &applied.report))?;
    }
    for uncovered in there(target, policy, catalogue) {
        output::line(&text::not_reached(&uncovered))?;
    }
    if let Some(nothing) = text::nothing_decided(policy) {
        output::line(&nothing)?;
    }
    if applied.profile_changed && !target.tree().is_image() {
        output::line(&gettext(
            "For people who are logged in it comes into force when they log in again.",
        ))?;
    }
    last_line(applied.changed)
}

/// Passes on the messages of another program.
fn complain_of(said: Option<&str>) {
    for line in said.into_iter().flat_map(str::lines) {
        output::complain(&one_line(line));
    }
}

fn show_changes(target: &Target, policy: &Policy, catalogue: &Catalogue) -> Result<Exit, Stop> {
    let changes = target.dry_run(policy, catalogue)?;
    complain_of(changes.said.as_deref());
    for change in changes.files.iter().chain(&changes.measures.files) {
        output::line(change.unified().trim_end_matches('\n'))?;
    }
    // Translators: a unit is a service of systemd’s; masked, nothing can start it
    let masked = noop("The unit “{unit}” would be masked.");
    // Translators: a unit is a service of systemd’s; masked, nothing can start it
    let unmasked = noop("The unit “{unit}” would no longer be masked.");
    for (sentence, units) in [
        (masked, &changes.measures.masked),
        (unmasked, &changes.measures.unmasked),
    ] {
        for unit in units {
            output::line(&gettext_f(sentence, &[("unit", unit)]))?;
        }
    }
    for database in &changes.compile {
        output::line(&gettext_f(
            "The database “{file}” would be compiled anew.",
            &[("file", &database.display().to_string())],
        ))?;
    }
    if let Some(nothing) = text::nothing_decided(policy) {
        output::line(&nothing)?;
    }
    last_line(changes.is_change())?;
    Ok(Exit::Done)
}

fn status(root: &Root, as_json: bool) -> Result<Exit, Stop> {
    let target = target(root)?;
    let (name, policy) = match target.policy() {
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
    let catalogue = catalogue(&target)?;
    let report = target.status(&policy, &catalogue)?;
    let uncovered = there(&target, &policy, &catalogue);
    if as_json {
        output::line(&json::policy(&name, &policy, &report, &uncovered))?;
    } else {
        for line in text::status_lines(&name, &policy, &report) {
            output::line(&line)?;
        }
        for uncovered in &uncovered {
            output::line(&text::not_reached(uncovered))?;
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
    let removed = target(root)?.remove(wait)?;
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

/// The programs of a place that a policy decides about and does not reach.
fn there<'a>(target: &Target, policy: &'a Policy, catalogue: &'a Catalogue) -> Vec<Uncovered<'a>> {
    let mut uncovered = policy::uncovered(policy, catalogue);
    uncovered.retain(|uncovered| uncovered.is_there(target.tree()));
    uncovered
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
    warn_of(&report.left_out);
}

/// Warns about profiles that leave the policy out.
fn warn_of(profiles: &[LeftOut]) {
    for profile in profiles {
        output::complain(&text::left_out(profile));
    }
}
