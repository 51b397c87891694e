// SPDX-License-Identifier: GPL-3.0-or-later

//! Finds out before a change why settings can't be saved where the session's programs read them.
//!
//! GSettings reports no failure of a write. dconf-service saves in its own configuration folder,
//! which may differ from the folder from which this process reads. So this module asks the service to
//! open its database, and whether it sees a file that was just created in our folder.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use gio::{DBusCallFlags, DBusConnection, DBusError, IOErrorEnum};
use glib::prelude::*;
use glib::variant::ObjectPath;

use crate::system::bus::{Bus, DAEMON, Message};
use crate::system::daemon::{Asked, NotAnswered};
use crate::system::dconf::target;
use crate::system::dconf::target::{ProfileProblem, Target};
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::session;
use crate::system::session::Environment;
use crate::system::settings::Storage;
use crate::system::text;

/// The bus name of dconf's service.
pub(crate) const DCONF_SERVICE: &str = "ca.desrt.dconf";

/// The object below which the service has its databases; GNOME/dconf, `service/dconf-service.c`.
const DATABASES: &str = "/ca/desrt/dconf";

/// The variable that chooses where GSettings keeps values.
const BACKEND: &str = "GSETTINGS_BACKEND";

/// The variable that chooses the folder from which GIO loads dconf's module. Without the module,
/// GSettings keeps values in a file of its own.
const MODULES: &str = "GIO_MODULE_DIR";

/// Why nothing can be saved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageFault {
    /// GSettings has no persistent storage on this computer.
    #[error("settings are kept in memory only")]
    MemoryOnly,
    /// The environment chooses a storage that is not persistent.
    #[error("{BACKEND} is “{0}”, which is kept in memory only")]
    MemoryBackend(String),
    /// The environment chooses a storage that the session's programs don't use.
    #[error("{BACKEND} is “{0}”")]
    Backend(String),
    /// The environment hides the storage that the session's programs use.
    #[error("{MODULES} is “{0}”")]
    Modules(String),
    /// dconf's profile can't be used.
    #[error(transparent)]
    Profile(#[from] ProfileProblem),
    /// There is no session bus, so the settings service can't be reached.
    #[error("there is no session bus")]
    NoBus,
    /// The settings service did not answer in time.
    #[error("the settings service did not answer")]
    NoAnswer,
    /// The bus knows no settings service.
    #[error("the settings service is not installed")]
    NoService,
    /// The settings service ends as soon as it is started, or can't be started.
    #[error("the settings service cannot be started: {0}")]
    NotStarted(String),
    /// The settings service can't use its database.
    #[error("the settings service cannot use its database: {0}")]
    Database(String),
    /// The settings service saves in another folder.
    #[error("the settings service does not save in {}", text::path(.ours))]
    Elsewhere {
        /// The folder from which this process reads.
        ours: PathBuf,
        /// The folder in which the service saves, if it is known.
        theirs: Option<PathBuf>,
    },
    /// The folder of the storage isn't writable.
    #[error("{} cannot be written: {reason}", text::path(.folder))]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// The system's error message, translated.
        reason: String,
    },
}

/// Finds out whether a value would be saved where the session's programs read it. Starts the
/// settings service. Blocks for as long as the service takes to answer, at most
/// a little more than [`limits::SETTINGS_START`].
pub(crate) fn before_writing() -> Result<(), StorageFault> {
    if let Some(fault) = of_backend() {
        return Err(fault);
    }
    if !Storage::is_dconf() {
        return try_to_write(&glib::user_config_dir().join("glib-2.0/settings"), None);
    }
    let (kind, name) = match target::target()? {
        Target::User(name) => ("Writer".to_owned(), name),
        Target::Service(place) => match place.split_once('/') {
            Some((kind, name)) => (kind.to_owned(), name.to_owned()),
            None => return Ok(()),
        },
        // Every key is locked, and each reader reports its lock.
        Target::Nowhere => return Ok(()),
    };
    let bus = match Bus::Session.connect(limits::SERVICE_PATIENCE) {
        Ok(Some(bus)) => bus,
        Ok(None) => return Err(StorageFault::NoBus),
        Err(()) => return Err(StorageFault::NoAnswer),
    };
    // dconf can't use another path either.
    let Ok(database) = ObjectPath::try_from(format!("{DATABASES}/{kind}/{name}")) else {
        return Ok(());
    };
    let folder = glib::user_config_dir().join("dconf");
    open_database(&bus, database.as_str())?;
    match kind.as_str() {
        "Writer" => try_to_write(&folder, Some((&bus, ""))),
        "keyfile" => {
            try_to_write(&folder, Some((&bus, ".txt")))?;
            let values = glib::user_runtime_dir().join("dconf-service/keyfile");
            if values.join(&name).exists() {
                Ok(())
            } else {
                Err(StorageFault::Elsewhere {
                    ours: values,
                    theirs: None,
                })
            }
        }
        _ => Ok(()),
    }
}

/// The fault if the session's programs are known to read their settings in another folder than this
/// process. Doesn't start the settings service.
pub fn elsewhere() -> Option<StorageFault> {
    Elsewhere::ask().fault()
}

/// [`elsewhere`], while the session's bus answers.
#[derive(Debug)]
pub struct Elsewhere(Option<Asked>);

impl Elsewhere {
    /// Asks the bus.
    pub fn ask() -> Self {
        let process = |name: &str| ("GetConnectionUnixProcessID", (name,).to_variant());
        let has_manager = ("NameHasOwner", (session::MANAGER,).to_variant());
        let questions = [process(DCONF_SERVICE), process(DAEMON), has_manager];
        Self(Storage::is_dconf().then(|| Asked::send(&questions)))
    }

    /// Waits for the answer.
    pub fn fault(self) -> Option<StorageFault> {
        let theirs = services_folder_now(self.0?)?;
        let ours = glib::user_config_dir().join("dconf");
        if ours == theirs {
            return None;
        }
        let is_same = match (ours.canonicalize(), theirs.canonicalize()) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            // Neither has settings in a folder that doesn't exist.
            (Err(_), Err(_)) => true,
            _ => false,
        };
        (!is_same).then_some(StorageFault::Elsewhere {
            ours,
            theirs: Some(theirs),
        })
    }
}

/// The fault of a storage that isn't the desktop's.
pub fn of_backend() -> Option<StorageFault> {
    if Storage::is_memory_only() {
        return Some(memory_only());
    }
    if Storage::is_dconf() {
        return None;
    }
    let (backend, modules) = (wanted_backend(), variable(MODULES));
    if backend.is_none() && modules.is_none() {
        return None;
    }
    // If the session has the same value, its programs read what is saved.
    let session = session::environment()?;
    let text = |value: OsString| value.to_string_lossy().into_owned();
    let is_ours_alone = |name: &str, value: &OsString| session.get(OsStr::new(name)) != Some(value);
    let backend = backend.filter(|value| is_ours_alone(BACKEND, value));
    let modules = modules.filter(|value| is_ours_alone(MODULES, value));
    backend
        .map(|value| StorageFault::Backend(text(value)))
        .or_else(|| modules.map(|value| StorageFault::Modules(text(value))))
}

/// The faults that can be found without asking the settings service.
pub fn at_once() -> Option<StorageFault> {
    of_backend().or_else(|| {
        let profile = Storage::is_dconf().then(target::target)?;
        profile.err().map(StorageFault::Profile)
    })
}

/// The fault of a storage that is kept in memory only.
pub(crate) fn memory_only() -> StorageFault {
    wanted_backend().map_or(StorageFault::MemoryOnly, |wanted| {
        StorageFault::MemoryBackend(wanted.to_string_lossy().into_owned())
    })
}

fn wanted_backend() -> Option<OsString> {
    variable(BACKEND)
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Asks the service to open its database, as it does before each change.
fn open_database(bus: &DBusConnection, database: &str) -> Result<(), StorageFault> {
    let mut tries = 0;
    loop {
        let Err(mut error) = call(bus, database, "ca.desrt.dconf.Writer", "Init") else {
            return Ok(());
        };
        if error.matches(IOErrorEnum::TimedOut) {
            return Err(StorageFault::NoAnswer);
        }
        if error.matches(IOErrorEnum::Closed) {
            return Err(StorageFault::NoBus);
        }
        let name = DBusError::remote_error(&error).unwrap_or_default();
        DBusError::strip_remote_error(&mut error);
        let message = limits::cut(error.message(), limits::SERVICE_MESSAGE);
        match name.as_str() {
            "org.freedesktop.DBus.Error.ServiceUnknown"
            | "org.freedesktop.DBus.Error.NameHasNoOwner"
            | "org.freedesktop.systemd1.NoSuchUnit" => return Err(StorageFault::NoService),
            "org.freedesktop.DBus.Error.Timeout" | "org.freedesktop.DBus.Error.TimedOut" => {
                return Err(StorageFault::NoAnswer);
            }
            // The service has no such method. Only the change itself will show a fault.
            "org.freedesktop.DBus.Error.UnknownMethod"
            | "org.freedesktop.DBus.Error.UnknownObject"
            | "org.freedesktop.DBus.Error.UnknownInterface" => return Ok(()),
            // The service has just ended. The bus starts it again.
            "org.freedesktop.DBus.Error.NoReply" if tries < limits::SETTINGS_RETRIES => {
                tries += 1;
                thread::sleep(limits::SETTINGS_PAUSE);
            }
            // An error of the bus, or of the manager that starts the service.
            name if name.is_empty() || name.starts_with("org.freedesktop.") => {
                return Err(StorageFault::NotStarted(message));
            }
            _ => return Err(StorageFault::Database(message)),
        }
    }
}

fn call(
    bus: &DBusConnection,
    path: &str,
    interface: &str,
    method: &str,
) -> Result<glib::Variant, glib::Error> {
    Message {
        name: DCONF_SERVICE,
        path,
        interface,
        method,
        arguments: None,
        reply: None,
        flags: DBusCallFlags::NONE,
        timeout: Some(limits::SETTINGS_START),
        cancellable: None,
    }
    .send(bus)
}

/// Creates a file in the folder, as the storage does to save. With a bus, and the ending of the files
/// that dconf-service lists, also checks whether that service sees it.
fn try_to_write(
    folder: &Path,
    service: Option<(&DBusConnection, &str)>,
) -> Result<(), StorageFault> {
    let made = make(folder).map_err(|error| not_writable(folder, &error))?;
    let result = try_in(folder, service);
    if result.is_err() {
        for folder in made {
            // This fails if another program has put a file into it.
            let _ = std::fs::remove_dir(folder);
        }
    }
    result
}

fn try_in(folder: &Path, service: Option<(&DBusConnection, &str)>) -> Result<(), StorageFault> {
    // The hasher's keys are random. dconf-service lists no names with a dot.
    let name = format!(
        "privacy-panel-{:016x}",
        RandomState::new().build_hasher().finish()
    );
    let ending = service.map_or("", |(_, ending)| ending);
    let probe = folder.join(format!("{name}{ending}"));
    let written =
        File::create_new(&probe).and_then(|mut file| io::Write::write_all(&mut file, b"?"));
    let seen = match service {
        Some((bus, ending)) if written.is_ok() => sees(bus, ending, &name),
        _ => None,
    };
    // On a full disk, an empty file can still be created.
    let removed = std::fs::remove_file(&probe);
    if let Err(error) = written.and(removed) {
        let is_read_only = error.kind() == io::ErrorKind::ReadOnlyFilesystem;
        return match service {
            // The service may have rights that this process lacks.
            Some((bus, _)) if is_read_only && can_write(bus, folder) => Ok(()),
            _ => Err(not_writable(folder, &error)),
        };
    }
    match (seen, service) {
        (Some(false), Some((bus, _))) => Err(StorageFault::Elsewhere {
            ours: folder.to_owned(),
            theirs: services_folder(bus).filter(|theirs| theirs != folder),
        }),
        (None, Some(_)) => elsewhere().map_or(Ok(()), Err),
        _ => Ok(()),
    }
}

fn not_writable(folder: &Path, error: &io::Error) -> StorageFault {
    StorageFault::NotWritable {
        folder: folder.to_owned(),
        reason: system_error(error),
    }
}

/// Creates a folder. Returns the folders that didn't exist, the innermost first.
fn make(folder: &Path) -> io::Result<Vec<PathBuf>> {
    use std::os::unix::fs::DirBuilderExt as _;
    let missing = folder.ancestors().take_while(|folder| !folder.exists());
    let missing: Vec<_> = missing.map(Path::to_owned).collect();
    // The mode that dconf-service gives to its folder.
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)?;
    Ok(missing)
}

/// Whether the service lists a file. `None` if it can't be asked.
fn sees(bus: &DBusConnection, ending: &str, name: &str) -> Option<bool> {
    let kind = if ending.is_empty() {
        "Writer"
    } else {
        "keyfile"
    };
    let path = format!("{DATABASES}/{kind}");
    let reply = call(
        bus,
        &path,
        "org.freedesktop.DBus.Introspectable",
        "Introspect",
    );
    let (nodes,): (String,) = reply.ok()?.get()?;
    Some(nodes.contains(name))
}

/// Whether the running service can create files in a folder that is read-only for this process.
fn can_write(bus: &DBusConnection, folder: &Path) -> bool {
    let theirs = services_folder(bus).filter(|theirs| theirs == folder);
    let service = session::owner(bus, DCONF_SERVICE);
    let (Some(process), Some(folder)) = (service, theirs) else {
        return false;
    };
    let root = PathBuf::from(format!("/proc/{process}/root"));
    let inner = folder.strip_prefix("/").unwrap_or(&folder);
    try_in(&root.join(inner), None).is_ok()
}

/// [`services_folder`], in most sessions without `GDBus`.
fn services_folder_now(asked: Asked) -> Option<PathBuf> {
    match asked.replies().as_deref() {
        Ok([Some(service), ..]) => return folder_of_service(service.get::<(u32,)>()?.0),
        // The service would be started with the variables of the bus.
        Ok([None, Some(bus), Some(answer)]) if answer.get() == Some((false,)) => {
            let environment = session::process_environment(bus.get::<(u32,)>()?.0, "dbus")?;
            return folder_in(Path::new("/"), &environment);
        }
        Err(NotAnswered::Late) => return None,
        Ok(_) | Err(NotAnswered::Otherwise) => {}
    }
    services_folder(&Bus::Session.connect(limits::SERVICE_PATIENCE).ok()??)
}

/// The folder in which the service saves, or would save if it were started now.
fn services_folder(bus: &DBusConnection) -> Option<PathBuf> {
    match session::owner(bus, DCONF_SERVICE) {
        Some(process) => folder_of_service(process),
        None => folder_in(Path::new("/"), &session::environment()?),
    }
}

/// The folder in which a running service saves.
fn folder_of_service(process: u32) -> Option<PathBuf> {
    let place = std::fs::read_link(format!("/proc/{process}/cwd")).ok()?;
    folder_in(&place, &session::process_environment(process, "dconf")?)
}

fn folder_in(place: &Path, environment: &Environment) -> Option<PathBuf> {
    Some(place.join(config_folder(environment)?).join("dconf"))
}

/// The configuration folder of a process, as in GLib.
fn config_folder(environment: &Environment) -> Option<PathBuf> {
    let variable = |name: &str| {
        let value = environment.get(OsStr::new(name));
        value.filter(|value| !value.is_empty()).map(PathBuf::from)
    };
    match variable("XDG_CONFIG_HOME") {
        Some(folder) => Some(folder),
        None => Some(variable("HOME")?.join(".config")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_folder_is_the_one_of_the_variables() {
        let folder = |variables: &[(&str, &str)]| {
            let pairs = variables.iter();
            let environment: Environment = pairs
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect();
            config_folder(&environment)
        };
        let home = ("HOME", "/home/a");
        assert_eq!(folder(&[home]), Some("/home/a/.config".into()));
        assert_eq!(
            folder(&[home, ("XDG_CONFIG_HOME", "")]),
            Some("/home/a/.config".into())
        );
        assert_eq!(
            folder(&[home, ("XDG_CONFIG_HOME", "/c")]),
            Some("/c".into())
        );
        assert_eq!(folder(&[]), None);
    }

    #[test]
    fn only_new_folders_are_removed_after_a_failure() {
        let place = tempfile::tempdir().unwrap();
        let inner = place.path().join("a/b");
        assert_eq!(
            make(&inner).unwrap(),
            [inner.clone(), place.path().join("a")]
        );
        assert!(make(&inner).unwrap().is_empty());
    }
}
