// SPDX-License-Identifier: GPL-3.0-or-later

//! Reads settings as a new user's program would. This takes a new process: dconf reads the profile
//! once per process, and the administrator's own settings must not count.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::system::child::{Child, Limits, Program};
use crate::system::dconf::profile;
use crate::system::dconf::scratch_home::{Home, PROFILE};
use crate::system::settings::{KeyProblem, Origin, Storage};
use crate::system::tree::Tree;

/// The limits of the process, since an image's databases may hold anything.
const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    output: 4 * 1024 * 1024,
    memory: Some(256 * 1024 * 1024),
};

/// How much of an image's databases is copied, in bytes. The copies are kept in memory.
const LARGEST_DATABASES: u64 = 16 * 1024 * 1024;

/// The content of databases, by their files.
pub(crate) type Databases = BTreeMap<PathBuf, Vec<u8>>;

/// A key to look up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Question {
    /// The full path of the key.
    pub key: String,
    /// The schema that the program reads the key with, if known.
    pub schema: Option<String>,
}

impl Question {
    /// A question about a key whose schema is not known.
    pub(crate) fn plain(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            schema: None,
        }
    }
}

/// The value of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The value in the system databases as GVariant text, with its type.
    pub value: Option<String>,
    /// Whether users cannot change it.
    pub locked: bool,
    /// Why the program rejects it, in English.
    pub problem: Option<String>,
}

/// Why settings could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// GSettings has no module for dconf here.
    #[error("GSettings has no storage module for dconf")]
    NoDconf,
    /// Temporary files cannot be created.
    #[error("{0}")]
    NoScratch(io::Error),
    /// The process failed to run, or its answer is invalid.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The output of the process.
#[derive(Serialize, Deserialize)]
enum Reply {
    NoDconf,
    Answers(Vec<Answer>),
}

/// A new process that waits for its questions. It reads no profile before it has them.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    home: Home,
    /// Whether it reads a profile that is written for it, rather than the system's.
    translated: bool,
}

impl Process {
    /// Starts the process, which takes longer than answering. `translated`: it reads the profile that
    /// comes with the questions, instead of this computer's.
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

    /// Asks it about keys. `profile` is the content of the profile of the computer or image.
    /// In a translated profile, `instead` replaces the content of databases.
    pub(crate) fn ask(
        self,
        tree: &Tree,
        profile: &[u8],
        instead: &Databases,
        questions: &[Question],
    ) -> Result<Vec<Answer>, Failure> {
        if self.translated {
            let text = translated(tree, profile, instead, &self.home)?;
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

/// A profile that names files only, since an image's system databases are not this computer's. Each
/// file of an image is a copy in a temporary folder.
fn translated(
    tree: &Tree,
    profile: &[u8],
    instead: &Databases,
    home: &Home,
) -> Result<Vec<u8>, Failure> {
    use std::os::unix::ffi::OsStringExt as _;
    let mut out = b"user-db:user\n".to_vec();
    let mut copies: Vec<PathBuf> = Vec::new();
    let mut room = LARGEST_DATABASES;
    for database in profile::databases(profile) {
        let compiled = instead.get(&database);
        let file = if tree.is_image() || compiled.is_some() {
            let known = copies.iter().position(|copy| *copy == database);
            let number = known.unwrap_or(copies.len());
            let name = format!("database-{number}");
            if known.is_none() {
                // An image must not fill this computer's disk.
                let bytes = match compiled {
                    Some(compiled) => compiled.clone(),
                    None => match tree.read(&database, room)? {
                        Some(bytes) => bytes,
                        None => continue,
                    },
                };
                let size = bytes.len() as u64;
                room = room.checked_sub(size).ok_or_else(too_large)?;
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

fn too_large() -> io::Error {
    io::ErrorKind::FileTooLarge.into()
}

/// Runs in the new process: answers the questions on its standard input, in a format for programs.
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
            // The schema is unpacked, but not compiled yet, as during the installation of a
            // program. The program will read the value that is in place.
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
