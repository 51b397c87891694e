// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacyctl policy`: what an administrator decides for everybody.

use std::io;
use std::path::{Path, PathBuf};

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::opt_out::OptOut;
use privacy_panel::choices::reader::{Reader, Shape};
use privacy_panel::choices::state::State;
use privacy_panel::choices::words;
use privacy_panel::formats::mistake::Mistake;
use privacy_panel::policy;
use privacy_panel::policy::install::read_back;
use privacy_panel::policy::{Alternative, Decision, Lists, Policy, Uncovered};
use privacy_panel::policy::{Applied, Failure, ReaderReport, Report, Target, Unreadable};
use privacy_panel::system::i18n::system_error;
use privacy_panel::system::i18n::{Part, gettext, gettext_f, gettext_parts, ngettext_parts, noop};
use privacy_panel::system::text;
use privacy_panel::system::tree::Tree;

use crate::args::{PolicyCommand, PolicyFile, Root};
use crate::json;
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
    /// Nobody reads what it prints.
    Printing(io::Error),
    /// All has been said.
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
        output::complain(&sentence(&failure));
        if let Failure::NotInForce(report) = &failure {
            for reader in report.readers.iter().filter(|reader| !reader.in_force()) {
                output::complain(&differences(reader).join("; "));
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

/// The policy that is meant: that of a file, or the target's own.
fn meant(file: &PolicyFile, target: &Target) -> Result<(PathBuf, Policy), Stop> {
    Ok(match &file.file {
        Some(file) => (file.clone(), Target::policy_from(file)?),
        None => target.policy()?,
    })
}

/// The readers that a policy is for. One that is not known would be left out of the policy.
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
    policy::compile::compile(&policy, &catalogue, &|_| Vec::new()).map_err(Failure::from)?;
    policy::wanted_opt_outs(&policy, &catalogue).map_err(Failure::from)?;
    output::line(&gettext_f(
        // Translators: a file in which no mistake was found
        "{file}: no mistakes.",
        &[("file", &name.display().to_string())],
    ))?;
    for decision in &policy.decisions {
        output::line(&decided(decision))?;
    }
    for note in notes(&policy, &catalogue) {
        output::line(&note)?;
    }
    for uncovered in policy::uncovered(&policy, &catalogue) {
        output::line(&not_reached(&uncovered))?;
    }
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

/// How a command ends that has changed something. That counts, whether anybody reads of it or not.
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
    for line in applied.said.iter().flat_map(|said| said.lines()) {
        output::complain(&text::one_line(line));
    }
    warn(&applied.report);
    for decision in &policy.decisions {
        output::line(&in_force(decision, &applied.report))?;
    }
    for uncovered in there(target, policy, catalogue) {
        output::line(&not_reached(&uncovered))?;
    }
    if applied.profile_changed && !target.tree().is_image() {
        output::line(&gettext(
            "For people who are logged in it comes into force when they log in again.",
        ))?;
    }
    last_line(applied.changed)
}

fn show_changes(target: &Target, policy: &Policy, catalogue: &Catalogue) -> Result<Exit, Stop> {
    let changes = target.dry_run(policy, catalogue)?;
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
        let database = target.tree().name(Path::new(privacy_panel::app::DATABASE));
        output::line(&gettext_f(
            "The database “{file}” would be compiled anew.",
            &[("file", &database.display().to_string())],
        ))?;
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
        for line in status_lines(&name, &policy, &report) {
            output::line(&line)?;
        }
        for uncovered in &uncovered {
            output::line(&not_reached(uncovered))?;
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

/// `Include online search results: Off, locked`
fn decided(decision: &Decision) -> String {
    let sentence = if decision.locked {
        // Translators: a choice and its state, which people cannot change
        noop("{choice}: {state}, locked")
    } else {
        // Translators: a choice and its state, from which people may turn away
        noop("{choice}: {state}, until people decide otherwise")
    };
    gettext_f(
        sentence,
        &[
            ("choice", &decision.choice.title()),
            ("state", &words::state(decision.state)),
        ],
    )
}

fn in_force(decision: &Decision, report: &Report) -> String {
    let count = report.readers_of(decision.choice).count();
    ngettext_parts(
        // Translators: what was decided, and for how many programs it was read back
        "{decided} (in force for {count} program)",
        "{decided} (in force for {count} programs)",
        count,
        &[
            ("decided", Part::Own(&decided(decision))),
            ("count", Part::Own(&count.to_string())),
        ],
    )
}

/// What an administrator may not expect of a policy.
fn notes(policy: &Policy, catalogue: &Catalogue) -> Vec<String> {
    let mut notes = Vec::new();
    for decision in &policy.decisions {
        let lists = catalogue.readers_of(decision.choice).filter_map(|reader| {
            let Shape::List(shape) = &reader.shape else {
                return None;
            };
            Some((reader, shape.disable_all.is_some()))
        });
        for (reader, can_disable_all) in lists {
            notes.extend(note(decision, reader, can_disable_all));
        }
        for reader in catalogue.readers_of(decision.choice) {
            let opt_outs = policy::opt_outs_of(decision, reader).iter();
            notes.extend(opt_outs.map(|opt_out| turned_off_by(reader, opt_out)));
        }
    }
    notes
}

/// What turns a program off for everybody, which a policy sees to.
fn turned_off_by(reader: &Reader, opt_out: &OptOut) -> String {
    let program = gettext(reader.name.as_str());
    match opt_out {
        OptOut::Value { file, .. } => gettext_f(
            // Translators: a note for administrators about a program; {value} is a line of a file
            "{program}: turned off for everybody by “{value}” in “{file}”.",
            &[
                ("program", &program),
                ("value", &opt_out.to_string()),
                ("file", &file.display().to_string()),
            ],
        ),
        OptOut::Masked { unit } => gettext_f(
            // Translators: a note for administrators about a program; a unit is a service of
            // systemd’s; masked, nothing can start it
            "{program}: turned off for everybody by masking the unit “{unit}”.",
            &[("program", &program), ("unit", unit)],
        ),
    }
}

fn note(decision: &Decision, reader: &Reader, can_disable_all: bool) -> Option<String> {
    let sentence = match (decision.locked, decision.lists) {
        (false, _) if decision.state == State::Off => {
            // Translators: a note for administrators about a program that keeps a list
            noop(
                "{program}: people who have a list of their own keep it, whatever the policy presets.",
            )
        }
        (false, _) => return None,
        (true, Lists::Preset) => {
            // Translators: a note for administrators about a program that keeps a list; “locked”
            // and “all-off” are words of a file’s format
            noop(
                "{program}: its list is preset, not locked, so that it is not certain to be so for everybody. lists = \"locked\" would make it certain.",
            )
        }
        (true, Lists::AllOff) if can_disable_all => {
            // Translators: a note for administrators about a program that keeps a list
            noop("{program}: all that is in its list is off, online or not.")
        }
        (true, Lists::AllOff | Lists::Locked) => {
            // Translators: a note for administrators about a program that keeps a list; “preset”
            // is a word of a file’s format
            noop(
                "{program}: its list is locked as a whole, so that people cannot change what else is in it. lists = \"preset\" would leave it to them, without a guarantee.",
            )
        }
    };
    Some(gettext_f(
        sentence,
        &[("program", &gettext(reader.name.as_str()))],
    ))
}

/// The programs of a target that a policy decides about and does not reach.
fn there<'a>(target: &Target, policy: &'a Policy, catalogue: &'a Catalogue) -> Vec<Uncovered<'a>> {
    let mut uncovered = policy::uncovered(policy, catalogue);
    uncovered.retain(|uncovered| uncovered.is_there(target.tree()));
    uncovered
}

fn not_reached(uncovered: &Uncovered<'_>) -> String {
    let program = gettext(uncovered.reader.name.as_str());
    let state = uncovered.decision.state.as_str();
    match uncovered.alternative {
        Alternative::Set => gettext_f(
            // Translators: a note for administrators about a program
            "{program}: not reached by a policy, neither preset nor locked. “{command}” sets it for everybody on a computer.",
            &[
                ("program", &program),
                (
                    "command",
                    &format!("privacyctl set {} {state}", uncovered.decision.choice.id),
                ),
            ],
        ),
        Alternative::Lock => gettext_f(
            // Translators: a note for administrators about a program; {value} is a line of a file
            "{program}: not reached by a policy that leaves the choice to people. “{value}” would turn it off for everybody.",
            &[("program", &program), ("value", "locked = true")],
        ),
        Alternative::Nothing => gettext_f(
            // Translators: a note for administrators about a program
            "{program}: not reached by a policy, neither preset nor locked. People decide.",
            &[("program", &program)],
        ),
    }
}

fn status_lines(file: &Path, policy: &Policy, report: &Report) -> Vec<String> {
    let mut lines = vec![gettext_f(
        // Translators: the file that an administrator’s policy is in
        "Policy: {file}",
        &[("file", &file.display().to_string())],
    )];
    if let Some(organisation) = &policy.organisation {
        lines.push(words::organisation(organisation));
    }
    for decision in &policy.decisions {
        lines.push(String::new());
        lines.push(decided(decision));
        let rows: Vec<_> = report
            .readers_of(decision.choice)
            .map(|reader| {
                let found = if reader.in_force() {
                    // Translators: about a program that finds what the policy says
                    gettext("in force")
                } else {
                    differences(reader).join("; ")
                };
                [format!("    {}", gettext(reader.name.as_str())), found]
            })
            .collect();
        lines.extend(output::columns(&rows));
    }
    lines.push(String::new());
    lines.push(if report.in_force() {
        gettext("What is in force is what the policy says.")
    } else if !report.in_profile {
        gettext(
            "The policy is not in force: nobody’s programs read it. Run “privacyctl policy apply”.",
        )
    } else {
        gettext("What is in force is not what the policy says. Run “privacyctl policy apply”.")
    });
    lines
}

/// What is not as it should be for a reader, key by key.
fn differences(reader: &ReaderReport) -> Vec<String> {
    if let Some(problem) = reader.problem() {
        return vec![text::one_line(problem)];
    }
    reader
        .keys
        .iter()
        .filter(|key| key.wanted != key.found)
        .map(|key| {
            let shown = |answer: &read_back::Answer| {
                let nothing = || {
                    // Translators: instead of a value that is not there
                    gettext("nothing")
                };
                let value = answer.value.as_deref().map_or_else(nothing, value_text);
                if answer.locked {
                    // Translators: a value that people cannot change
                    gettext_f("{value}, locked", &[("value", &value)])
                } else {
                    value
                }
            };
            gettext_parts(
                // Translators: a setting, what was found in it and what should be there
                "{key} is {found}, and should be {wanted}",
                &[
                    ("key", Part::Foreign(&key.key)),
                    ("found", Part::Own(&shown(&key.found))),
                    ("wanted", Part::Own(&shown(&key.wanted))),
                ],
            )
        })
        .collect()
}

/// How much of a value is shown, in characters: other databases can have lists of any length.
const LONGEST_VALUE: usize = 300;

fn value_text(value: &str) -> String {
    text::one_line(&text::shortened(value, LONGEST_VALUE))
}

/// What makes a policy worth less than it looks.
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

/// Why nothing was done, and what to do.
fn sentence(failure: &Failure) -> String {
    let named =
        |sentence: &str, file: &Path| gettext_f(sentence, &[("file", &file.display().to_string())]);
    match failure {
        Failure::System { file, reason } => gettext_f(
            // Translators: a file, and why it cannot be read or written
            "“{file}”: {reason}.",
            &[("file", &file.display().to_string()), ("reason", reason)],
        ),
        Failure::NotWritable {
            folder,
            reason,
            denied,
        } => {
            let sentence = if *denied {
                noop(
                    "Nothing can be written in “{folder}”: {reason}. The administrator can run this, such as with sudo.",
                )
            } else {
                noop("Nothing can be written in “{folder}”: {reason}.")
            };
            gettext_f(
                sentence,
                &[
                    ("folder", &folder.display().to_string()),
                    ("reason", reason),
                ],
            )
        }
        Failure::InTheWay(file) => named(
            "“{file}” is in the way: it was not made by privacyctl. Move it away and try again.",
            file,
        ),
        Failure::Foreign(file) => named(
            "“{file}” was not put there by privacyctl. Move it to a database of its own, such as /etc/dconf/db/local.d, and try again.",
            file,
        ),
        Failure::ProfileIsLink(file) => named(
            "“{file}” is a link, so that something else takes care of it. Add the line “system-db:privacy_panel” after “user-db:user” there, or replace the link by a file, and try again.",
            file,
        ),
        Failure::LineInLink(file) => named(
            "“{file}” is a link, so that something else takes care of it. Take the line “system-db:privacy_panel” out of it there, and try again.",
            file,
        ),
        Failure::NoUserDatabase(file) => named(
            "“{file}” has no line that begins with “user-db:”, so that it is not known where a policy belongs in it. Add the line “system-db:privacy_panel” below the line of the person’s own settings, and try again.",
            file,
        ),
        Failure::Broken(mistake) => gettext_f(
            // Translators: a file of another program, and what is wrong in it
            "{mistake}. Mend the file, or move it away, and try again.",
            &[("mistake", mistake)],
        ),
        Failure::Conflict(conflict) => gettext_f(
            // Translators: a contradiction between two files
            "{problem}. Mend one of them, or mask it with an empty file of its name in /etc/privacy-panel/readers.d.",
            &[("problem", &conflict.to_string())],
        ),
        Failure::NoDconf => gettext(
            "dconf is not installed here. Install the packages dconf-cli and dconf-gsettings-backend, and try again.",
        ),
        Failure::NotCompiled(said) => gettext_f(
            "The database could not be compiled, and the policy that was in force still is. dconf said: {said}",
            &[("said", &said.replace('\n', "; "))],
        ),
        Failure::Busy => gettext(
            "Another privacyctl is at work on the policy and does not come to an end. Look for it, and try again.",
        ),
        // What follows says which.
        Failure::NotInForce(report) if !report.hidden.is_empty() => {
            gettext("The policy was written, but not everybody’s programs can read it.")
        }
        Failure::NotInForce(_) => gettext(
            "The policy was written, but is not what programs read now. Look in /etc/dconf/profile/user for another database that comes before it or has locks.",
        ),
    }
}
