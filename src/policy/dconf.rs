// SPDX-License-Identifier: GPL-3.0-or-later

//! The program `dconf`, run with nothing of a person's.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Output};

use super::failure::{Failure, no_scratch};
use super::home::Home;
use super::{DATABASE_NAME, sources};
use crate::i18n::system_error;

/// Has all databases of this computer compiled. Says whether dconf was content, and what it said.
pub(super) fn update() -> Result<(bool, String), Failure> {
    let bus = "DBUS_SYSTEM_BUS_ADDRESS";
    let passed_on = ["PATH", bus].map(|name| Some((name, std::env::var_os(name)?.into())));
    let output = run(&["update".as_ref()], passed_on.into_iter().flatten())?;
    Ok((output.status.success(), said(&output)))
}

/// The database that comes of sources, compiled in a folder of ours: dconf follows whatever links
/// there are.
pub(super) fn compile(keys: &[u8], locks: &[u8]) -> Result<Vec<u8>, Failure> {
    let home = Home::new().map_err(no_scratch())?;
    let folder = home.path().join(sources::FOLDER);
    fs::create_dir_all(folder.join(sources::LOCKS))
        .and_then(|()| fs::write(folder.join(sources::KEY_FILE), keys))
        .and_then(|()| fs::write(folder.join(sources::LOCKS_FILE), locks))
        .map_err(no_scratch())?;
    let compiled = home.path().join(DATABASE_NAME);
    let words = ["compile".as_ref(), compiled.as_os_str(), folder.as_os_str()];
    at_home(&home, &words)?;
    fs::read(&compiled).map_err(no_scratch())
}

/// What is in a database: its keys and values as a key file, and its locks, a line each.
pub(super) fn contents(database: &[u8]) -> Result<(String, String), Failure> {
    let home = Home::new().map_err(no_scratch())?;
    let copy = home.path().join(DATABASE_NAME);
    let profile = format!("user-db:user\nfile-db:{}\n", copy.display());
    fs::write(&copy, database)
        .and_then(|()| fs::write(home.profile(), profile))
        .map_err(no_scratch())?;
    let listed = |what: &str| {
        let output = at_home(&home, &[what.as_ref(), "/".as_ref()])?;
        Ok::<_, Failure>(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    Ok((listed("dump")?, listed("list-locks")?))
}

/// Runs it in a home of nobody's, by the profile that is there, and expects success.
fn at_home(home: &Home, arguments: &[&OsStr]) -> Result<Output, Failure> {
    let output = run(arguments, home.environment(&home.profile()))?;
    if output.status.success() {
        Ok(output)
    } else {
        Err(Failure::NotCompiled(said(&output)))
    }
}

fn run(
    arguments: &[&OsStr],
    environment: impl IntoIterator<Item = (&'static str, PathBuf)>,
) -> Result<Output, Failure> {
    let output = Command::new("dconf")
        .args(arguments)
        .env_clear()
        .envs(environment)
        .current_dir("/")
        .output();
    output.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::NoDconf,
        _ => Failure::NotCompiled(system_error(&error)),
    })
}

/// What dconf had to say; or how it ended, where it said nothing of its failure.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let text = lines.collect::<Vec<_>>().join("\n");
    if text.is_empty() && !output.status.success() {
        return output.status.to_string();
    }
    text
}
