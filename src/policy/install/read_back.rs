// SPDX-License-Identifier: GPL-3.0-or-later

//! What a program that starts now finds in everybody's profile: asked of a process of its own,
//! since dconf reads the profile once, and since the administrator who runs this program has
//! settings of their own, which are nobody else's.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::system::child::{Child, Limits, Program};
use crate::system::dconf::DATABASES;
use crate::system::dconf::profile;
use crate::system::dconf::scratch_home::{Home, PROFILE};
use crate::system::settings::{KeyProblem, Origin, Storage};
use crate::system::tree::Tree;

/// What the process may take: an image's databases may hold anything.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    output: 4 * 1024 * 1024,
    memory: Some(256 * 1024 * 1024),
};

/// How much of an image's databases is copied, in bytes: the copies are kept in memory.
const LARGEST_DATABASES: u64 = 16 * 1024 * 1024;

/// A key to look up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Question {
    /// The key by its whole path.
    pub key: String,
    /// The name of the schema that a program reads the key with, if that is known.
    pub schema: Option<String>,
}

impl Question {
    /// About a key of which nothing is known but its path.
    pub(crate) fn plain(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            schema: None,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The value in the system databases as GVariant text, with its type.
    pub value: Option<String>,
    /// Whether people may not change it.
    pub locked: bool,
    /// Why the program does not take it, in English.
    pub problem: Option<String>,
}

/// Why nothing was found out.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// GSettings has no module for dconf here.
    #[error("GSettings has no storage module for dconf")]
    NoDconf,
    /// Temporary files cannot be made.
    #[error("{0}")]
    NoScratch(io::Error),
    /// The process could not be run, or did not understand.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// What the process prints.
#[derive(Serialize, Deserialize)]
enum Reply {
    NoDconf,
    Answers(Vec<Answer>),
}

/// A fresh process that waits for its questions: it looks at no profile before they have come.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    home: Home,
    /// Whether its profile is one that is written for it, rather than everybody's.
    translated: bool,
}

impl Process {
    /// Starts it; that takes longer than its answers do. `translated`: it reads by the profile that
    /// it will be asked with, instead of this computer's own.
    pub(crate) fn start(translated: bool) -> io::Result<Self> {
        let home = Home::new()?;
        let profile = if translated {
            home.profile()
        } else {
            PathBuf::from(profile::FILE)
        };
        let program = Program {
            name: None,
            arguments: &["policy".as_ref(), "read-back".as_ref()],
            environment: home.environment(&profile),
        };
        let child = Child::start(&program, LIMITS)?;
        Ok(Self {
            child,
            home,
            translated,
        })
    }

    /// Asks it about keys. `profile` is what it reads by, of the computer or image.
    pub(crate) fn ask(
        self,
        tree: &Tree,
        profile: &[u8],
        questions: &[Question],
    ) -> Result<Vec<Answer>, Failure> {
        if self.translated {
            let text = translated(tree, profile, &self.home)?;
            let written = self.home.write(PROFILE, &text);
            written.map_err(Failure::NoScratch)?;
        }
        let asked = serde_json::to_vec(questions).map_err(io::Error::from)?;
        let output = self.child.finish(&asked).map_err(io::Error::from)?;
        if !output.status.success() {
            return Err(io::Error::other(output.status.to_string()).into());
        }
        match serde_json::from_slice(&output.stdout).map_err(io::Error::from)? {
            Reply::NoDconf => Err(Failure::NoDconf),
            Reply::Answers(answers) if answers.len() == questions.len() => Ok(answers),
            Reply::Answers(_) => Err(io::Error::other("an incomplete answer").into()),
        }
    }
}

/// A profile of files only, each a copy in a folder of ours where it belongs to an image: what an
/// image calls a system database is not this computer's.
fn translated(tree: &Tree, profile: &[u8], home: &Home) -> Result<Vec<u8>, Failure> {
    use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
    let mut out = b"user-db:user\n".to_vec();
    let mut copies: Vec<PathBuf> = Vec::new();
    let mut room = LARGEST_DATABASES;
    for entry in profile::entries(profile) {
        let database = if let Some(name) = entry.strip_prefix(b"system-db:") {
            Path::new(DATABASES).join(OsStr::from_bytes(name))
        } else if let Some(name) = entry.strip_prefix(b"file-db:") {
            PathBuf::from(OsStr::from_bytes(name))
        } else {
            continue;
        };
        let file = if tree.is_image() {
            let known = copies.iter().position(|copy| *copy == database);
            let number = known.unwrap_or(copies.len());
            let name = format!("database-{number}");
            if known.is_none() {
                // An image is not to fill this computer's disk.
                let Some(bytes) = tree.read(&database, room)? else {
                    continue;
                };
                room -= bytes.len() as u64;
                home.write(&name, &bytes).map_err(Failure::NoScratch)?;
                copies.push(database);
            }
            home.path().join(name)
        } else {
            database
        };
        out.extend_from_slice(b"file-db:");
        out.extend_from_slice(&file.into_os_string().into_vec());
        out.push(b'\n');
    }
    Ok(out)
}

/// The fresh process: answers what it is asked on its standard input. Its text is not for people.
pub fn answer() -> io::Result<String> {
    let mut asked = Vec::new();
    io::stdin().lock().read_to_end(&mut asked)?;
    let questions: Vec<Question> = serde_json::from_slice(&asked)?;
    let reply = if Storage::is_dconf() {
        let storage = Storage::fresh();
        Reply::Answers(
            questions
                .iter()
                .map(|question| look_up(&storage, question))
                .collect(),
        )
    } else {
        Reply::NoDconf
    };
    Ok(serde_json::to_string(&reply)?)
}

fn look_up(storage: &Storage, question: &Question) -> Answer {
    let value = storage.administrators(&question.key);
    let (path, key) = question.key.rsplit_once('/').unwrap_or_default();
    let path = format!("{path}/");
    let problem = || {
        let (schema, value) = (question.schema.as_ref()?, value.as_ref()?);
        let schema = match storage.schema(schema, &path) {
            Ok(schema) => schema?,
            // It is between its unpacking and its compilation, like a program's that is being
            // installed: what it will read is in place.
            Err(KeyProblem::OwnSchemaMissing(_)) => return None,
            Err(problem) => return Some(problem.to_string()),
        };
        match storage.read(&schema, &path, key, value.type_()) {
            Err(problem) => Some(problem.to_string()),
            Ok(reading) if reading.below_origin != Origin::Administrator => Some(format!(
                "the schema “{}” does not allow the value {}",
                schema.id(),
                value.print(false)
            )),
            Ok(_) => None,
        }
    };
    Answer {
        problem: problem(),
        locked: storage.is_locked(&question.key),
        value: value.map(|value| value.print(true).into()),
    }
}
