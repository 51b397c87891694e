// SPDX-License-Identifier: GPL-3.0-or-later

//! The `dconf` command, run without the user's environment.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::Duration;

use crate::system::child;
use crate::system::child::{Child, Limits, Output, Program};
use crate::system::dconf::scratch_home::{Home, PROFILE};
use crate::system::tree::LARGEST_FOREIGN_FILE;

/// Why dconf failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The program isn't installed.
    #[error("dconf is not installed")]
    NotInstalled,
    /// It failed, or was killed.
    #[error("{0}")]
    Failed(String),
    /// There is no place for its temporary files.
    #[error("no temporary folder: {0}")]
    NoScratch(#[from] io::Error),
}

/// The sources of a database: files with keys, and files with locks, by their names.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) keys: Vec<(OsString, Vec<u8>)>,
    /// `None` if there is no folder of locks.
    pub(crate) locks: Option<Vec<(OsString, Vec<u8>)>>,
}

/// The name of the folder for a separate compilation.
const FOLDER: &str = "database.d";
const LOCKS_FOLDER: &str = "database.d/locks";
const COMPILED: &str = "database";

/// The limits for compiling the administrator's own databases.
const UPDATE: Limits = Limits {
    time: Duration::from_secs(30),
    output: 1024 * 1024,
    memory: None,
};

/// The limits for files of an image: a database of a few KiB may list gigabytes.
const APART: Limits = Limits {
    time: Duration::from_secs(30),
    output: 1024 * 1024,
    memory: Some(256 * 1024 * 1024),
};

/// Compiles all databases of this computer. Returns whether dconf succeeded, and its messages.
pub(crate) fn update() -> Result<(bool, String), Failure> {
    let bus = "DBUS_SYSTEM_BUS_ADDRESS";
    let bus = std::env::var_os(bus).map(|address| (bus, address));
    let environment = std::iter::once(("PATH", child::path())).chain(bus);
    match run(&["update".as_ref()], environment.collect(), UPDATE) {
        Ok(output) => Ok((output.status.success(), messages(&output))),
        Err(child::Failure::NotInstalled) => Err(Failure::NotInstalled),
        // It may have replaced the database before it was killed.
        Err(failure) => Ok((false, failure.to_string())),
    }
}

/// Compiles a database from keyfiles in a temporary folder, since dconf follows any links in the
/// original one.
pub(crate) fn compile(sources: &Sources) -> Result<Vec<u8>, Failure> {
    let home = Home::new()?;
    home.make_folder(FOLDER)?;
    for (name, bytes) in &sources.keys {
        home.write(Path::new(FOLDER).join(name), bytes)?;
    }
    if let Some(locks) = &sources.locks {
        home.make_folder(LOCKS_FOLDER)?;
        for (name, bytes) in locks {
            home.write(Path::new(LOCKS_FOLDER).join(name), bytes)?;
        }
    }
    let [compiled, folder] = [COMPILED, FOLDER].map(|name| home.path().join(name));
    let words = ["compile".as_ref(), compiled.as_os_str(), folder.as_os_str()];
    let output = run(&words, home.environment(&home.profile()), APART)?;
    if !output.status.success() {
        return Err(Failure::Failed(messages(&output)));
    }
    Ok(home.read(COMPILED, LARGEST_FOREIGN_FILE)?)
}

/// The content of a database: its keys and values as a keyfile, and its locks, one a line. `None`
/// if either is longer than `most` bytes, or longer than dconf could list.
pub(crate) fn contents(database: &[u8], most: usize) -> Result<Option<(String, String)>, Failure> {
    let home = Home::new()?;
    let copy = home.path().join(COMPILED);
    let profile = format!("user-db:user\nfile-db:{}\n", copy.display());
    home.write(COMPILED, database)?;
    home.write(PROFILE, profile.as_bytes())?;
    let limits = Limits {
        output: most,
        ..APART
    };
    let listed = |what: &str| {
        let environment = home.environment(&home.profile());
        match run(&[what.as_ref(), "/".as_ref()], environment, limits) {
            Ok(output) if output.status.success() => {
                Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
            }
            // GLib aborts if it gets no memory.
            Ok(output) if output.status.signal().is_some() => Ok(None),
            Err(child::Failure::TooMuch) => Ok(None),
            Ok(output) => Err(Failure::Failed(messages(&output))),
            Err(failure) => Err(failure.into()),
        }
    };
    let Some(keys) = listed("dump")? else {
        return Ok(None);
    };
    Ok(listed("list-locks")?.map(|locks| (keys, locks)))
}

fn run(
    arguments: &[&OsStr],
    environment: Vec<(&'static str, OsString)>,
    limits: Limits,
) -> Result<Output, child::Failure> {
    let program = Program {
        name: Some("dconf".as_ref()),
        arguments,
        environment,
    };
    Child::start(&program, limits)?.finish(b"")
}

impl From<child::Failure> for Failure {
    fn from(failure: child::Failure) -> Self {
        match failure {
            child::Failure::NotInstalled => Self::NotInstalled,
            _ => Self::Failed(failure.to_string()),
        }
    }
}

/// dconf's messages or, after a failure without a message, how it ended.
fn messages(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let text = lines.collect::<Vec<_>>().join("\n");
    if text.is_empty() && !output.status.success() {
        return output.status.to_string();
    }
    text
}
