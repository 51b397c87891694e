// SPDX-License-Identifier: GPL-3.0-or-later

//! Why something could not be read or changed, and what to do next.

use std::path::Path;

use rustix::io::Errno;

use crate::choices::change::{Failure, Report};
use crate::choices::everyone::client;
use crate::choices::reader::{Problem, Request};
use crate::formats::document::DocumentProblem;
use crate::system::dconf::target::ProfileProblem;
use crate::system::i18n::{Part, gettext, gettext_f, gettext_parts, ngettext_parts, system_error};
use crate::system::log::Complaint;
use crate::system::owner::Owner;
use crate::system::replace::NotReplaced;
use crate::system::service::ServiceProblem;
use crate::system::settings::KeyProblem;
use crate::system::settings::fault::StorageFault;
use crate::system::text;
use crate::system::transaction::Why;

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

fn locked(program: (&str, &str)) -> String {
    gettext_f("{program} is locked by your administrator.", &[program])
}

/// Why a setting of all users wasn't changed, and what to do.
fn for_everyone(program: (&str, &str), request: &str, problem: &client::Problem) -> String {
    use client::Problem;
    let command = format!("sudo privacyctl set {request} --for-everyone");
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
            // Translators: the file is reached by a link that leads out of the user’s home, or to a
            // file of another user
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
        StorageFault::Modules(folder) => gettext_f(
            // Translators: do not translate GIO_MODULE_DIR, the name of a variable
            "Changes cannot be saved where the apps of this session read them, since GIO_MODULE_DIR is “{folder}”. Unset it and try again.",
            &[("folder", folder)],
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
