// SPDX-License-Identifier: GPL-3.0-or-later

//! The sentences that the panel and the command line share, translated.
//!
//! They say what happens and what to do next. They never name keys.

use std::path::Path;

use rustix::io::Errno;

use crate::choices::change::{Failure, Report};
use crate::choices::choice::{Act, Choice};
use crate::choices::everyone::client;
use crate::choices::organisation::Organisation;
use crate::choices::reader::{Answer, ModeState, Problem, Request};
use crate::choices::state::State;
use crate::choices::status::{ChoiceStatus, ReaderStatus};
use crate::formats::document::DocumentProblem;
use crate::system::dconf::target::ProfileProblem;
use crate::system::i18n::{
    Part, gettext, gettext_f, gettext_parts, ngettext_f, ngettext_parts, noop, system_error,
};
use crate::system::log::Complaint;
use crate::system::owner::Owner;
use crate::system::replace::NotReplaced;
use crate::system::service::ServiceProblem;
use crate::system::settings::fault::StorageFault;
use crate::system::settings::{KeyProblem, Origin};
use crate::system::text;
use crate::system::transaction::Why;

/// The panel's name. [`gettext`] translates it.
// Translators: the name of the panel among other programs
pub(crate) const NAME: &str = noop("Privacy");

/// A state in one word.
pub fn state(state: State) -> String {
    match state {
        // Translators: the state of a choice, or of a program: something may be sent, or recorded
        State::On => gettext("On"),
        // Translators: the state of a choice, or of a program: nothing may be sent or recorded
        State::Off => gettext("Off"),
        // Translators: the state of a choice that some programs follow as on and others as off
        State::Mixed => gettext("Mixed"),
    }
}

/// How programs send what they may send.
pub fn mode(mode: ModeState) -> String {
    match mode {
        // Translators: how programs send reports: people are asked before each
        ModeState::Ask => gettext("Ask each time"),
        // Translators: how programs send reports: nobody is asked
        ModeState::Automatic => gettext("Send automatically"),
        // Translators: how programs send reports
        ModeState::Mixed => gettext("Some programs ask each time"),
    }
}

/// The state of a choice in one word, or that it isn't known.
pub fn choice_word(status: &ChoiceStatus) -> String {
    if status.is_unknown() {
        return not_known();
    }
    state(status.state)
}

/// A choice and its state: `Include online search results: Off`.
pub fn choice_state(status: &ChoiceStatus) -> String {
    gettext_f(
        // Translators: the name of a choice and its state, such as “Send error reports: Off”
        "{choice}: {state}",
        &[
            ("choice", &status.choice.title()),
            ("state", &choice_word(status)),
        ],
    )
}

/// What is true of a choice now, in a sentence or two: the apps that follow it and what they do, or
/// that no app does. The closed row, `privacyctl status` and the desktop's search say it.
pub fn summary(status: &ChoiceStatus) -> String {
    let mut sentences = unknown(status);
    let known = status.followers().filter(|reader| reader.answer.is_ok());
    let apps: Vec<_> = known.filter(|reader| !reader.own).collect();
    if !apps.is_empty() {
        sentences.push(match status.known() {
            Some(State::Mixed) | None => differing(status),
            Some(state) => followed(status, state, &names(&apps)),
        });
    } else if status.has_no_reader() {
        sentences.push(status.choice.empty_hint());
    }
    sentences.join(" ")
}

/// What the apps do that follow a choice as on, or as off.
fn followed(status: &ChoiceStatus, state: State, programs: &str) -> String {
    let parts = [("programs", Part::Own(programs))];
    match (status.choice.act, state.may_send()) {
        // Translators: {programs} are the apps that send what the choice is about, such as
        // “Unity Dash and GNOME Shell Search”
        (Act::Send, true) => gettext_parts("Sent by {programs}.", &parts),
        // Translators: {programs} are the apps that record what people do
        (Act::Record, true) => gettext_parts("Recorded in {programs}.", &parts),
        (Act::Send, false) if status.pending => gettext_parts(
            // Translators: while a new policy is known to no app that is open
            "From your next login on, nothing is sent by {programs}.",
            &parts,
        ),
        (Act::Record, false) if status.pending => gettext_parts(
            // Translators: while a new policy is known to no app that is open
            "From your next login on, nothing is recorded in {programs}.",
            &parts,
        ),
        // Translators: {programs} are the apps that follow the choice, which is off
        (Act::Send, false) => gettext_parts("Nothing is sent by {programs}.", &parts),
        // Translators: {programs} are the apps that follow the choice, which is off
        (Act::Record, false) => gettext_parts("Nothing is recorded in {programs}.", &parts),
    }
}

/// Sentences about the apps whose settings could not be read.
pub(crate) fn unknown(status: &ChoiceStatus) -> Vec<String> {
    let (mut sentences, mut silent, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for (reader, why) in status.unread() {
        match why {
            _ if reader.is_silent() => silent.push(reader),
            Problem::Lost(_) => sentences.push(problem(why)),
            _ if reader.own => sentences.push(problem(why)),
            _ => unread.push(reader),
        }
    }
    sentences.dedup();
    for (readers, sentence) in [
        (silent, silence as fn(Act, usize, &str) -> String),
        (unread, unreadable),
    ] {
        if !readers.is_empty() {
            sentences.push(sentence(status.choice.act, readers.len(), &names(&readers)));
        }
    }
    sentences
}

fn silence(act: Act, count: usize, programs: &str) -> String {
    let parts = [("programs", Part::Own(programs))];
    match act {
        Act::Send => ngettext_parts(
            // Translators: {programs} is an app whose service is too slow, or hangs
            "{programs} did not answer, so something may be sent.",
            "{programs} did not answer, so something may be sent.",
            count,
            &parts,
        ),
        Act::Record => ngettext_parts(
            // Translators: {programs} is an app whose service is too slow, or hangs
            "{programs} did not answer, so something may be recorded.",
            "{programs} did not answer, so something may be recorded.",
            count,
            &parts,
        ),
    }
}

fn unreadable(act: Act, count: usize, programs: &str) -> String {
    let parts = [("programs", Part::Own(programs))];
    match act {
        Act::Send => ngettext_parts(
            // Translators: {programs} is an app whose setting could not be read
            "{programs} could not be read, so something may be sent.",
            "{programs} could not be read, so something may be sent.",
            count,
            &parts,
        ),
        Act::Record => ngettext_parts(
            // Translators: {programs} is an app whose setting could not be read
            "{programs} could not be read, so something may be recorded.",
            "{programs} could not be read, so something may be recorded.",
            count,
            &parts,
        ),
    }
}

/// What a choice is about: what happens, or would happen, while it is on.
pub fn explanation(status: &ChoiceStatus) -> String {
    let description = status.choice.description();
    if status.state == State::On && !status.has_no_reader() {
        return description;
    }
    gettext_parts(
        // Translators: what would happen if a choice were on; it is off
        "While it is on: {description}",
        &[("description", Part::Own(&description))],
    )
}

/// What people lose while a choice is off.
pub fn loss(choice: &Choice) -> String {
    gettext_parts(
        // Translators: what people lose while a choice is off
        "While it is off: {loss}",
        &[("loss", Part::Own(&choice.loss()))],
    )
}

fn not_known() -> String {
    // Translators: the state of a program whose setting could not be read
    gettext("Not known")
}

/// The state of one reader in one word, or that it can't be read.
pub fn reader_state(reader: &ReaderStatus) -> String {
    reader
        .reading()
        .map_or_else(not_known, |answer| state(answer.state))
}

/// Who decided, as a short sentence. `organisation`: the organisation of the administrator.
pub fn origin(origin: Origin, locked: bool, organisation: Option<&Organisation>) -> String {
    let named = |sentence: &str, name: &str| gettext_f(sentence, &[("organisation", name)]);
    match (origin, organisation) {
        (_, Some(Organisation { name, .. })) if locked => {
            // Translators: who decided whether something is on or off; people cannot change it
            named("Locked by {organisation}", name)
        }
        _ if locked => gettext("Locked by your administrator"),
        // Translators: who decided whether something is on or off
        (Origin::Default, _) => gettext("Set by default"),
        (Origin::Administrator, Some(Organisation { name, .. })) => {
            // Translators: who decided whether something is on or off
            named("Set by {organisation}", name)
        }
        // Translators: who decided whether something is on or off
        (Origin::Administrator, None) => gettext("Set by your administrator"),
        // Translators: who decided whether something is on or off
        (Origin::You, _) => gettext("Set by you"),
    }
}

/// Who decided about a choice, as a short sentence.
pub fn who(status: &ChoiceStatus) -> String {
    origin(status.origin, status.locked, status.organisation.as_ref())
}

/// The organisation and its contact: `Example University, https://it.example.edu/privacy`.
pub fn organisation(organisation: &Organisation) -> String {
    match &organisation.contact {
        None => text::one_line(&organisation.name),
        Some(contact) => gettext_f(
            // Translators: an organisation and its web or mail address
            "{organisation}, {contact}",
            &[
                ("organisation", &organisation.name),
                ("contact", contact_address(contact)),
            ],
        ),
    }
}

/// A contact as people write it: a mail address without its scheme.
pub fn contact_address(contact: &str) -> &str {
    contact.strip_prefix("mailto:").unwrap_or(contact)
}

/// The sentence for running programs that may not know of a policy yet.
pub fn pending() -> String {
    gettext("Apps that are open follow when you log in again.")
}

/// Details of one reader beside its state. Leaves out who decided if that is the same for the whole
/// choice.
pub fn reader(reader: &ReaderStatus, choice: &ChoiceStatus, said: bool) -> String {
    let answer = match &reader.answer {
        // Translators: about a program that is not on this computer
        Ok(None) => return gettext("Not installed"),
        Err(reason) => return problem(reason),
        Ok(Some(answer)) => answer,
    };
    let mut sentences = Vec::new();
    if answer.overruled {
        sentences.push(gettext(
            "Search results from all apps are turned off in the desktop’s settings",
        ));
    } else {
        sentences.extend(parts(answer));
    }
    if answer.pending {
        // Translators: about an app that has to be started again to follow a change
        sentences.push(gettext(
            "Close the app and open it again: it is open with the old setting",
        ));
    }
    if answer.for_everybody {
        // Translators: about a program whose setting is not one person's alone
        sentences.push(gettext("Set for everybody who uses this computer"));
    }
    if let Some(found) = answer.origin {
        let decided = origin(found, answer.locked, choice.organisation.as_ref());
        if !said || who(choice) != decided {
            sentences.push(decided);
        }
    }
    // Translators: between short sentences on one line
    sentences.join(&gettext(" · "))
}

/// The members of a list with their states, `Weather: On, Software: Off`.
fn parts(answer: &Answer) -> Option<String> {
    let parts: Vec<_> = answer
        .parts
        .iter()
        .map(|part| {
            gettext_f(
                // Translators: a program and its state, such as “Weather: On”
                "{program}: {state}",
                &[("program", &part.name), ("state", &state(part.on.into()))],
            )
        })
        .collect();
    (!parts.is_empty()).then(|| list(parts))
}

/// The programs by state, for a choice that is mixed: `On: Unity Dash. Off: GNOME Shell Search.`
fn differing(status: &ChoiceStatus) -> String {
    let sentence = |sentence: &str, wanted: State| {
        let readers: Vec<_> = status
            .followers()
            .filter(|reader| reader.reading().map(|answer| answer.state) == Some(wanted))
            .collect();
        (!readers.is_empty())
            .then(|| gettext_parts(sentence, &[("programs", Part::Own(&names(&readers)))]))
    };
    [
        // Translators: the programs in which a choice is on
        sentence(noop("On: {programs}."), State::On),
        // Translators: the programs in which a choice is on for a part of what they do
        sentence(noop("Partly on: {programs}."), State::Mixed),
        // Translators: the programs in which a choice is off
        sentence(noop("Off: {programs}."), State::Off),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" ")
}

/// How many programs a sentence names.
const MOST_NAMES: usize = 3;

/// The names of programs within a sentence, as the user's language sorts them: a few, then a
/// number. `Unity Dash and Zeitgeist`
pub(crate) fn names(readers: &[&ReaderStatus]) -> String {
    let mut names: Vec<_> = readers.iter().map(|reader| reader.display_name()).collect();
    names.sort_by_cached_key(|name| glib::CollationKey::from(name));
    let others = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    text::isolated_names(&mut names);
    let last = if others > 0 {
        ngettext_f(
            // Translators: the end of a list of apps within a sentence, as in “Unity Dash,
            // Zeitgeist, Whoopsie and 4 others”
            "{count} other",
            "{count} others",
            others,
            &[("count", &others.to_string())],
        )
    } else {
        names.pop().unwrap_or_default()
    };
    if names.is_empty() {
        return last;
    }
    // Translators: between the names in a list
    let names = names.join(&gettext(", "));
    gettext_parts(
        // Translators: the end of a list of apps within a sentence, as in “Unity Dash, Zeitgeist
        // and Whoopsie”; {names} are those before the last one
        "{names} and {last}",
        &[("names", Part::Own(&names)), ("last", Part::Own(&last))],
    )
}

/// How many names of a list are shown. A reader file can have thousands.
const LONGEST_LIST: usize = 24;

/// Names, or our sentences about names, in a row.
fn list(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(LONGEST_LIST);
    names.truncate(LONGEST_LIST);
    text::isolated_names(&mut names);
    if more > 0 {
        names.push(ngettext_f(
            // Translators: at the end of a list of names that is too long to be shown as a whole
            "and {count} more",
            "and {count} more",
            more,
            &[("count", &more.to_string())],
        ));
    }
    // Translators: between the names in a list
    names.join(&gettext(", "))
}

/// Why a reader can't be read, and what to do.
pub fn problem(problem: &Problem) -> String {
    match problem {
        Problem::Key(problem) => key_problem(problem),
        Problem::Service(problem) => service_problem(problem),
        Problem::Document(DocumentProblem::Broken(_)) => gettext(
            "The program’s file has a mistake in it, so it is not known what the program does. Fix the file, or remove it.",
        ),
        Problem::Lost(_) => gettext(
            // Translators: reader files describe the apps that follow the panel
            "It is not known which apps there are, since not all reader files could be read. Restore access to them and try again.",
        ),
        Problem::Document(_) => gettext(
            "The program’s file could not be read, so it is not known what the program does.",
        ),
    }
}

fn service_problem(problem: &ServiceProblem) -> String {
    match problem {
        ServiceProblem::NoAnswer(_) => {
            gettext("The program’s service did not answer, so it is not known what it does.")
        }
        ServiceProblem::Refused { .. } => {
            gettext("The program’s service does not tell what it does.")
        }
        ServiceProblem::Failed { .. } => {
            gettext("The program’s service does not work, so it is not known what it does.")
        }
        ServiceProblem::NoProperty { .. } | ServiceProblem::NoMethod { .. } => no_such_setting(),
        ServiceProblem::WrongType { .. } | ServiceProblem::WrongAnswer { .. } => other_form(),
    }
}

fn no_such_setting() -> String {
    gettext(
        "This version of the program does not have the setting, so it is not known what it does.",
    )
}

fn other_form() -> String {
    gettext(
        "This version of the program keeps the setting in another form, so it is not known what it does.",
    )
}

fn key_problem(problem: &KeyProblem) -> String {
    match problem {
        KeyProblem::OwnSchemaMissing(_) => {
            gettext("This panel is not completely installed. Install it again.")
        }
        KeyProblem::NoKey { .. } => no_such_setting(),
        KeyProblem::WrongType { .. }
        | KeyProblem::WrongPath { .. }
        | KeyProblem::OutOfRange { .. } => other_form(),
    }
}

/// Why one program wasn't changed, and what to do.
pub fn failure(program: &str, failure: &Failure) -> String {
    let program = ("program", program);
    match failure {
        Failure::Locked => locked(program),
        Failure::NotTried => gettext_f(
            "{program} was left as it is, since your administrator locked another program.",
            &[program],
        ),
        Failure::Storage(fault) => storage(fault),
        Failure::NotReplaced { file, why } => not_replaced(file, why),
        Failure::Foreign(owner) => foreign(owner),
        Failure::Overruled => gettext_f(
            "{program} stays off: search results from all apps are turned off in the desktop’s settings. Turn them on there first.",
            &[program],
        ),
        Failure::Refused(_) => gettext_f(
            // Translators: about a program whose setting asks for permission, as with a password
            "{program} was not changed: permission was not given.",
            &[program],
        ),
        Failure::Silent => gettext_f(
            "{program} was not changed: its service did not answer in time. Try again later.",
            &[program],
        ),
        Failure::NotTriedAfter => gettext_f(
            "{program} was left as it is, since another program could not be turned on.",
            &[program],
        ),
        Failure::Problem(reason) => gettext_parts(
            // Translators: a program, and what is wrong with its settings
            "{program}: {problem}",
            &[
                ("program", Part::Foreign(program.1)),
                ("problem", Part::Own(&problem(reason))),
            ],
        ),
        Failure::Everyone {
            choice,
            state,
            problem,
        } => for_everyone(program, &format!("{choice} {}", state.as_str()), problem),
        Failure::NotSaved(Some(_)) => gettext_f(
            // Translators: why is said after it, if it is known
            "{program} did not keep the change.",
            &[program],
        ),
        Failure::NotSaved(None) => gettext_f(
            "{program} did not keep the change. Something else may set it at the same time; try again.",
            &[program],
        ),
    }
}

/// Why a setting of all users wasn't changed, and what to do.
fn locked(program: (&str, &str)) -> String {
    gettext_f("{program} is locked by your administrator.", &[program])
}

fn for_everyone(program: (&str, &str), wish: &str, problem: &client::Problem) -> String {
    use client::Problem;
    let command = format!("sudo privacyctl set {wish} --for-everyone");
    let command = ("command", command.as_str());
    match problem {
        Problem::NoAgent => gettext_f(
            // Translators: {program} is an app; {command} is a command to type on a terminal
            "{program} is set for everyone on this computer, and nothing here can ask for an administrator’s password. Run “{command}”.",
            &[program, command],
        ),
        Problem::NoService => gettext_f(
            // Translators: {program} is an app; {command} is a command to type on a terminal
            "{program} is set for everyone on this computer. Run “{command}”.",
            &[program, command],
        ),
        Problem::NotAllowed => gettext_f(
            // Translators: about a program whose setting asks for permission, as with a password
            "{program} was not changed: permission was not given.",
            &[program],
        ),
        Problem::Silent => gettext_f(
            "{program} was not changed: its service did not answer in time. Try again later.",
            &[program],
        ),
        Problem::Busy | Problem::Stale => gettext_f(
            "{program} was not changed, since another change is under way. Try again later.",
            &[program],
        ),
        Problem::Locked(_) | Problem::File(Why::Locked) => locked(program),
        Problem::File(Why::NotTried) => gettext_f(
            "{program} was left as it is, since another program could not be turned on.",
            &[program],
        ),
        Problem::File(Why::NoSpace) => gettext_f(
            "{program} was not changed, since the disk is full. Make room and try again.",
            &[program],
        ),
        Problem::File(Why::ReadOnly) => gettext_f(
            "{program} was not changed, since the system’s files are read-only.",
            &[program],
        ),
        Problem::File(_) | Problem::Other(_) => gettext_f(
            // Translators: it is a file that all users of the computer share
            "{program} was not changed: its file could not be changed safely. Ask your administrator.",
            &[program],
        ),
    }
}

/// Why a file wasn't changed, and what to do.
pub fn not_replaced(file: &Path, why: &NotReplaced) -> String {
    let file = ("file", &*file.display().to_string());
    match why {
        NotReplaced::ReadOnly | NotReplaced::System(Errno::ROFS) => gettext_f(
            "“{file}” is read-only, so it was left as it is. Allow writing to it and try again.",
            &[file],
        ),
        NotReplaced::OtherLink => gettext_f(
            // Translators: a hard link is another name of the same file
            "“{file}” has another hard link, so it was left as it is. Remove that and try again.",
            &[file],
        ),
        NotReplaced::Elsewhere(place) => gettext_f(
            // Translators: the file is reached by a link that leads to a file of another user
            "“{file}” is managed elsewhere, in “{place}”, so it was left as it is. Change it there.",
            &[file, ("place", &place.display().to_string())],
        ),
        NotReplaced::Foreign(owner) => foreign(owner),
        NotReplaced::Rights(error) => gettext_f(
            // Translators: the owner, the permissions and the like of a file; the reason is what the
            // system says, such as “Operation not permitted”
            "“{file}” was left as it is, since its permissions cannot be kept: {reason}.",
            &[file, ("reason", &system_error(&(*error).into()))],
        ),
        NotReplaced::Changing => gettext_f(
            "Other programs kept changing “{file}”. Close them and try again.",
            &[file],
        ),
        NotReplaced::InUse => gettext_f(
            "An app that is open would overwrite “{file}”. Close the app and try again.",
            &[file],
        ),
        NotReplaced::System(error) => gettext_f(
            // Translators: the reason is what the system says, such as “No space left on device”
            "“{file}” could not be saved: {reason}.",
            &[file, ("reason", &system_error(&(*error).into()))],
        ),
    }
}

/// The sentence for root in another user's home or session.
pub fn foreign(owner: &Owner) -> String {
    gettext_f(
        // Translators: said to the administrator; {user} is the name of another user, and the
        // command is typed as it is
        "This home or session belongs to {user}, not to root. Run the command as that user: sudo -u {user} privacyctl …",
        &[("user", &owner.to_string())],
    )
}

/// Why settings can't be saved, and what to do.
pub fn storage(fault: &StorageFault) -> String {
    let folder = |folder: &Path| text::path(folder);
    match fault {
        StorageFault::MemoryOnly => gettext(
            "Changes cannot be saved: this computer keeps settings in memory only. Install dconf’s settings storage and log in again.",
        ),
        StorageFault::MemoryBackend(backend) => gettext_f(
            // Translators: do not translate GSETTINGS_BACKEND, the name of a variable
            "Changes cannot be saved: GSETTINGS_BACKEND={backend} keeps settings in memory only. Unset it and try again.",
            &[("backend", backend)],
        ),
        StorageFault::Backend(backend) => gettext_f(
            // Translators: do not translate GSETTINGS_BACKEND, the name of a variable
            "Changes cannot be saved where the apps of this session read them, since GSETTINGS_BACKEND is “{backend}”. Unset it and try again.",
            &[("backend", backend)],
        ),
        StorageFault::Profile(problem) => profile(problem),
        StorageFault::NoBus => gettext(
            "The settings service cannot be reached from here. Log in to a desktop session and try again.",
        ),
        StorageFault::NoAnswer => gettext(
            "The settings service did not answer in time. Try again, or log out and log in.",
        ),
        StorageFault::NoService => gettext(
            // Translators: “dconf-service” is the name of a package
            "The settings service is not installed for this session. Install dconf-service and log in again.",
        ),
        StorageFault::NotStarted(said) => gettext_f(
            // Translators: {message} is what the system says, usually in English
            "The settings service does not work: {message}. Log out and log in, or install dconf-service again.",
            &[("message", said)],
        ),
        StorageFault::Database(said) => gettext_f(
            // Translators: {message} is what the service says, with the name of a file, usually in
            // English
            "The settings service cannot use its database: {message}. Restore access to that file, or move it away.",
            &[("message", said)],
        ),
        StorageFault::Elsewhere {
            ours,
            theirs: Some(theirs),
        } => gettext_f(
            // Translators: XDG_CONFIG_HOME and HOME are names of variables
            "The apps of this session keep their settings in “{theirs}”, not in “{ours}”. Set XDG_CONFIG_HOME and HOME as in the session.",
            &[("theirs", &folder(theirs)), ("ours", &folder(ours))],
        ),
        StorageFault::Elsewhere { ours, theirs: None } => gettext_f(
            // Translators: XDG_CONFIG_HOME, XDG_RUNTIME_DIR and HOME are names of variables
            "The apps of this session do not keep their settings in “{ours}”. Set XDG_CONFIG_HOME, XDG_RUNTIME_DIR and HOME as in the session.",
            &[("ours", &folder(ours))],
        ),
        StorageFault::NotWritable {
            folder: place,
            reason,
        } => gettext_f(
            // Translators: the reason is what the system says, such as “No space left on device”
            "Nothing can be saved in “{folder}”: {reason}. Allow writing there, or free some space, and try again.",
            &[("folder", &folder(place)), ("reason", reason)],
        ),
    }
}

/// For which desktop an answer is true, if the apps of others may follow another default. `own`: the
/// desktop, or nothing.
pub fn other_desktops(choice: &Choice, own: &str, others: Vec<String>) -> String {
    let (title, others) = (choice.title(), list(others));
    let parts = [
        ("choice", Part::Own(&title)),
        ("others", Part::Own(&others)),
        ("desktop", Part::Foreign(own)),
    ];
    if own.is_empty() {
        gettext_parts(
            // Translators: {others} are names of desktops, such as “GNOME, KDE”; do not translate
            // XDG_CURRENT_DESKTOP, the name of a variable
            "The default of “{choice}” depends on the desktop, and no desktop session was found. It may be another one in: {others}. Set XDG_CURRENT_DESKTOP to ask for one of them.",
            &parts[..2],
        )
    } else {
        gettext_parts(
            // Translators: {desktop} and {others} are names of desktops, such as “GNOME”
            "The default of “{choice}” depends on the desktop. This answer is for {desktop}. It may be another one in: {others}.",
            &parts,
        )
    }
}

/// What GLib or dconf complains about, and what to do.
pub fn complaint(complaint: &Complaint) -> String {
    match complaint {
        Complaint::Storage(fault) => storage(fault),
        Complaint::RuntimeFolder(folder) => gettext_f(
            // Translators: “root” is the user with all rights
            "“{folder}” cannot be used, so settings are read more slowly. If it belongs to another user, remove it as root.",
            &[("folder", &text::path(folder))],
        ),
        Complaint::Other { library, message } => gettext_f(
            // Translators: {library} is a name such as “dconf”; {message} is what it says, in
            // English
            "{library} reports a problem: {message}",
            &[("library", library), ("message", message)],
        ),
    }
}

/// Why dconf's profile can't be used, and what to do.
fn profile(problem: &ProfileProblem) -> String {
    let name = |file: &Path| text::path(file);
    match problem {
        ProfileProblem::Missing(file) => gettext_f(
            // Translators: dconf and DCONF_PROFILE are names; a profile is a file
            "The dconf profile “{profile}” does not exist, so settings can be neither read nor saved. Correct or unset DCONF_PROFILE.",
            &[("profile", &name(file))],
        ),
        ProfileProblem::Unreadable { file, reason } => gettext_f(
            // Translators: dconf is a name; a profile is a file; the reason is what the system says
            "The dconf profile “{profile}” cannot be read ({reason}), so settings can be neither read nor saved. Restore access to it.",
            &[("profile", &name(file)), ("reason", reason)],
        ),
        ProfileProblem::Empty(file) => gettext_f(
            // Translators: dconf is a name; a profile is a file; do not translate “user-db:user”
            "The dconf profile “{profile}” names no database, so settings can be neither read nor saved. Add the line “user-db:user” to it.",
            &[("profile", &name(file))],
        ),
    }
}

/// The result of a change that failed for some or all readers, in one or two sentences.
pub fn report(report: &Report) -> Option<String> {
    // The cause comes before its consequences.
    let (name, first) = report
        .named_failures()
        .min_by_key(|(_, failure)| failure.is_consequence())?;
    let sentence = failure(&name, first);
    // A cause that affects the whole computer names no program.
    let about_one = match first {
        Failure::Storage(_) | Failure::Foreign(_) | Failure::NotTried | Failure::NotTriedAfter => {
            false
        }
        // When turning on, no program was changed.
        Failure::Locked | Failure::Refused(_) | Failure::Silent => report.request == Request::Off,
        Failure::NotReplaced { .. }
        | Failure::Overruled
        | Failure::Problem(_)
        | Failure::Everyone { .. }
        | Failure::NotSaved(_) => true,
    };
    Some(match report.failures.len() - 1 {
        others if others == 0 || !about_one => sentence,
        others => ngettext_parts(
            // Translators: after a sentence about a program that did not follow
            "{sentence} {count} other program did not follow either.",
            "{sentence} {count} other programs did not follow either.",
            others,
            &[
                ("sentence", Part::Own(&sentence)),
                ("count", Part::Own(&others.to_string())),
            ],
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::choice;
    use crate::choices::reader::{Effect, Obeyed};

    fn reader(name: &str, answer: Result<State, Problem>) -> ReaderStatus {
        ReaderStatus {
            id: name.to_owned(),
            name: name.to_owned(),
            own: false,
            has_program: true,
            has_identifier: false,
            effect: Effect::Now,
            after: Vec::new(),
            answer: answer.map(|state| {
                Some(Answer {
                    state,
                    origin: Some(Origin::You),
                    locked: false,
                    resettable: true,
                    on_reset: None,
                    pending: false,
                    overruled: false,
                    for_everybody: false,
                    mode: None,
                    parts: Vec::new(),
                    obeyed: Obeyed::Yes,
                })
            }),
        }
    }

    fn own(state: State) -> ReaderStatus {
        ReaderStatus {
            own: true,
            ..reader("Own", Ok(state))
        }
    }

    fn status(readers: Vec<ReaderStatus>) -> ChoiceStatus {
        ChoiceStatus::from_readers(&choice::ALL[0], readers)
    }

    fn silent() -> Problem {
        ServiceProblem::NoAnswer("org.example".to_owned()).into()
    }

    fn unreadable() -> Problem {
        ServiceProblem::NoProperty {
            service: "org.example".to_owned(),
            property: "x".to_owned(),
        }
        .into()
    }

    #[test]
    fn three_apps_are_named_and_the_others_counted() {
        let said = |names: &[&str]| {
            let readers = names.iter().map(|name| reader(name, Ok(State::Off)));
            summary(&status(readers.collect()))
        };
        assert_eq!(said(&["A"]), "Nothing is sent by A.");
        assert_eq!(said(&["B", "A"]), "Nothing is sent by A and B.");
        assert_eq!(said(&["C", "B", "A"]), "Nothing is sent by A, B and C.");
        let four = said(&["D", "C", "B", "A"]);
        assert_eq!(four, "Nothing is sent by A, B, C and 1 other.");
        let seven = said(&["G", "F", "E", "D", "C", "B", "A"]);
        assert_eq!(seven, "Nothing is sent by A, B, C and 4 others.");
    }

    #[test]
    fn the_panels_own_key_is_named_only_where_it_differs() {
        let said = |state| summary(&status(vec![reader("A", Ok(State::On)), own(state)]));
        assert_eq!(said(State::On), "Sent by A.");
        assert_eq!(said(State::Off), "On: A. Off: Own.");
        let unfollowed = status(vec![own(State::On)]);
        assert_eq!(summary(&unfollowed), unfollowed.choice.empty_hint());
    }

    #[test]
    fn what_is_not_known_is_said_first_and_differs_from_nothing() {
        let found = status(vec![
            reader("A", Err(silent())),
            reader("B", Ok(State::Off)),
        ]);
        assert_eq!(choice_word(&found), "Not known");
        assert_eq!(
            summary(&found),
            "A did not answer, so something may be sent. Nothing is sent by B."
        );
        let found = status(vec![
            reader("A", Err(unreadable())),
            reader("B", Ok(State::On)),
        ]);
        assert_eq!(choice_word(&found), "Mixed");
        assert_eq!(
            summary(&found),
            "A could not be read, so something may be sent. Sent by B."
        );
    }

    #[test]
    fn before_the_next_login_nothing_is_called_off_already() {
        let found = ChoiceStatus {
            pending: true,
            ..status(vec![reader("A", Ok(State::Off))])
        };
        assert_eq!(
            summary(&found),
            "From your next login on, nothing is sent by A."
        );
    }

    #[test]
    fn the_explanation_claims_that_something_is_sent_only_where_it_is() {
        let on = status(vec![reader("A", Ok(State::On))]);
        assert_eq!(explanation(&on), on.choice.description());
        for readers in [
            vec![reader("A", Ok(State::Off))],
            vec![reader("A", Err(silent()))],
            vec![own(State::On)],
        ] {
            assert!(explanation(&status(readers)).starts_with("While it is on: "));
        }
    }
}
