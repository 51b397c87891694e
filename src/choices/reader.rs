// SPDX-License-Identifier: GPL-3.0-or-later

//! A reader: a program that obeys a choice, and where it looks.
//!
//! A reader is data. There are five shapes of it: [`ValueShape`], a key of GSettings with one
//! value for on and one for off; [`ListShape`], keys that hold a set of names; [`PropertyShape`], a
//! property of a service on a bus; [`EntryShape`], an entry that a service keeps by its name; and
//! [`DocumentShape`], a value in files of a person's configuration. Each shape knows how to tell its
//! state and which writes would turn it on, off, or back to the default; none writes.

use std::path::PathBuf;

use gio::SettingsSchema;
use glib::Variant;

pub use crate::choices::condition::{Condition, FilePattern};
pub use crate::choices::shapes::document::DocumentShape;
pub use crate::choices::shapes::entry::EntryShape;
pub(crate) use crate::choices::shapes::entry::has_part;
pub use crate::choices::shapes::list::{ListShape, Part};
pub use crate::choices::shapes::property::{ModeShape, Property, PropertyShape};
pub use crate::choices::shapes::value::ValueShape;

use crate::app::{APP_ID, SCHEMA_PATH};
use crate::choices::choice::Choice;
use crate::choices::opt_out::OptOut;
use crate::choices::state::State;
use crate::formats::mistake::Mistake;
use crate::formats::toml::{DocumentProblem, Scalar};
use crate::system::service::{Call, Service, ServiceProblem, Signal};
use crate::system::settings::{KeyProblem, Origin, Storage};

/// A program, or family of programs, that obeys a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// The name of its file without the ending, such as `unity-dash`.
    pub id: String,
    /// The program's name as its file gives it.
    pub name: String,
    /// The choice that the program obeys.
    pub choice: &'static Choice,
    /// The file that says so; none for the panel's own keys.
    pub file: Option<PathBuf>,
    /// Files of which any shows that a program of this reader is on the computer. `None`: it is
    /// wherever its settings are. Some settings come with every desktop, whether a program looks
    /// at them or not; an empty list is for those of which no program is known.
    pub programs: Option<Vec<FilePattern>>,
    /// Where the program looks.
    pub shape: Shape,
}

/// The forms that the place can have where a program looks.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// One key, one value for on and one for off.
    Value(ValueShape),
    /// Keys that hold a set of names.
    List(ListShape),
    /// A property of a service.
    Property(PropertyShape),
    /// An entry that a service keeps by its name.
    Entry(EntryShape),
    /// A value in files of a person's configuration.
    Document(DocumentShape),
}

/// Why a reader whose program is on this computer cannot be read, or not be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Its keys are not as its file says.
    #[error(transparent)]
    Key(#[from] KeyProblem),
    /// Its service does not answer, or not as its file says.
    #[error(transparent)]
    Service(#[from] ServiceProblem),
    /// One of its files is no TOML, or cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentProblem),
    /// It is not known which programs there are, since files that describe them cannot be read.
    #[error("{0}")]
    Lost(Mistake),
}

/// A wish: what is to become of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Something may be sent, or recorded.
    On,
    /// Nothing may be sent or recorded.
    Off,
    /// The person no longer decides; the default does.
    Reset,
    /// What is sent is sent that way, by the programs that know of ways. Whether anything is sent
    /// stays as it is.
    Mode(Mode),
}

/// How a program sends what it may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It asks the person each time.
    Ask,
    /// It asks nobody.
    Automatic,
}

/// How programs send what they may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModeState {
    /// They ask the person each time.
    Ask,
    /// They ask nobody.
    Automatic,
    /// Some do, or it is neither.
    Mixed,
}

impl ModeState {
    /// The word in JSON and on the command line; it is never translated.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Automatic => "automatic",
            Self::Mixed => "mixed",
        }
    }
}

impl From<Mode> for ModeState {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Ask => Self::Ask,
            Mode::Automatic => Self::Automatic,
        }
    }
}

/// A change that a reader needs.
#[derive(Clone, Debug)]
pub enum Write {
    /// Of a key.
    Setting(SettingWrite),
    /// Of what a service keeps.
    Service(ServiceWrite),
    /// Of a value in a file.
    Document(DocumentWrite),
}

/// A change of a value in a file. No value: what is there is taken out.
#[derive(Clone, Debug)]
pub struct DocumentWrite {
    /// The file.
    pub file: PathBuf,
    /// The tables that the value is in, and its own name.
    pub key: Vec<String>,
    /// The value.
    pub value: Option<Scalar>,
    /// Whether the administrator decided already, so that it would change nothing.
    pub locked: bool,
}

/// A change that a service is told of.
#[derive(Clone, Debug)]
pub struct ServiceWrite {
    /// The service.
    pub service: Service,
    /// What tells it.
    pub call: Call,
    /// Whether the administrator decided already, so that it would change nothing.
    pub locked: bool,
}

/// A change of one key. No value: the person's own value is dropped.
#[derive(Clone, Debug)]
pub struct SettingWrite {
    /// The installed schema.
    pub schema: SettingsSchema,
    /// Where the schema's keys are in the storage.
    pub path: String,
    /// The key.
    pub key: String,
    /// The value, of the key's type and allowed by its schema.
    pub value: Option<Variant>,
}

/// What an installed reader reads.
#[derive(Clone, Debug, PartialEq)]
// Each is a question of its own about the reader; none depends on another.
#[allow(clippy::struct_excessive_bools)]
pub struct Answer {
    /// Whether the program may send or record something. [`State::Mixed`] for a value that is neither the
    /// one for on nor the one for off, and for a list of which only a part is on.
    pub state: State,
    /// Who decided; none where nobody can tell.
    pub origin: Option<Origin>,
    /// Whether the administrator took the decision out of the person's hands.
    pub locked: bool,
    /// Whether the person's own layer holds something to reset, in force or under a lock.
    pub resettable: bool,
    /// Whether a wider setting keeps the program from sending, whatever this one says.
    pub overruled: bool,
    /// Whether what a person sets here is set for everybody who uses the computer.
    pub for_everybody: bool,
    /// How it sends, while it may; none where the program knows of no ways.
    pub mode: Option<ModeState>,
    /// The members of a list that are installed.
    pub parts: Vec<Part>,
}

impl Answer {
    /// What a service has, which has no layers: nobody can tell who set it.
    pub(crate) fn of_service(service: &Service, state: State) -> Self {
        Self {
            state,
            origin: None,
            locked: false,
            resettable: false,
            overruled: false,
            for_everybody: service.is_for_everybody(),
            mode: None,
            parts: Vec::new(),
        }
    }
}

impl Reader {
    /// The panel's own key for a choice: a reader among the others that is always there, for
    /// programs that follow the panel directly.
    pub fn own(choice: &'static Choice) -> Self {
        Self {
            id: crate::app::PACKAGE.to_owned(),
            name: OWN_NAME.to_owned(),
            choice,
            file: None,
            programs: None,
            shape: Shape::Value(ValueShape {
                schema: APP_ID.to_owned(),
                path: SCHEMA_PATH.to_owned(),
                key: choice.id.to_owned(),
                on: true.into(),
                off: false.into(),
            }),
        }
    }

    /// Whether this is the panel's own key rather than a program's.
    pub const fn is_own(&self) -> bool {
        self.file.is_none()
    }

    /// Whether a program of this reader is known to be on the computer. Its settings are read and
    /// written all the same, for one that comes later.
    pub fn has_program(&self) -> bool {
        let programs = self.programs.as_ref();
        programs.is_none_or(|programs| programs.iter().any(FilePattern::exists))
    }

    /// Reads what the program reads. `None`: the program is not installed.
    pub fn ask(&self, storage: &Storage) -> Result<Option<Answer>, Problem> {
        Ok(match &self.shape {
            Shape::Value(shape) => shape.ask(storage)?,
            Shape::List(shape) => shape.ask(storage)?,
            Shape::Property(shape) => shape.ask(storage)?,
            Shape::Entry(shape) => shape.ask(storage)?,
            // A file may be there before the program is, and after it.
            Shape::Document(_) if !self.has_program() => None,
            Shape::Document(shape) => shape.ask()?,
        })
    }

    /// The changes that a wish needs; empty where all is as wished already.
    pub fn plan(&self, storage: &Storage, request: Request) -> Result<Vec<Write>, Problem> {
        let settings = |writes: Vec<_>| writes.into_iter().map(Write::Setting).collect();
        Ok(match &self.shape {
            Shape::Value(_) | Shape::List(_) | Shape::Document(_)
                if matches!(request, Request::Mode(_)) =>
            {
                Vec::new()
            }
            Shape::Value(shape) => settings(shape.plan(storage, request)?),
            Shape::List(shape) => settings(shape.plan(storage, request)?),
            Shape::Property(shape) => shape.plan(storage, request)?,
            Shape::Entry(shape) => shape.plan(storage, request)?,
            Shape::Document(_) if !self.has_program() => Vec::new(),
            Shape::Document(shape) => {
                let writes = shape.plan(request)?.into_iter();
                writes.map(Write::Document).collect()
            }
        })
    }

    /// The keys that the reader depends on, each with its schema and the schema's path.
    pub fn keys(&self) -> Vec<(&str, &str, &str)> {
        match &self.shape {
            Shape::Value(shape) => vec![(&shape.schema, &shape.path, &shape.key)],
            Shape::List(shape) => shape.keys(),
            Shape::Property(_) | Shape::Entry(_) | Shape::Document(_) => Vec::new(),
        }
    }

    /// What turns the program off for everybody, beside its settings; nothing where nothing does.
    pub fn disable_all(&self) -> &[OptOut] {
        match &self.shape {
            Shape::Value(_) | Shape::List(_) | Shape::Entry(_) => &[],
            Shape::Property(shape) => &shape.disable_all,
            Shape::Document(shape) => &shape.disable_all,
        }
    }

    /// Whether the program may have an identifier for the computer.
    pub const fn has_identifier(&self) -> bool {
        matches!(&self.shape, Shape::Property(shape) if shape.identifier.is_some())
    }

    /// Asks the program for its identifier of the computer. `None`: it is not installed, or has
    /// none. It may take a moment.
    pub fn identify(&self) -> Result<Option<String>, Problem> {
        Ok(match &self.shape {
            Shape::Property(shape) => shape.identify()?,
            Shape::Value(_) | Shape::List(_) | Shape::Entry(_) | Shape::Document(_) => None,
        })
    }

    /// The folders with files that an installed reader depends on.
    pub fn folders(&self) -> Vec<PathBuf> {
        match &self.shape {
            Shape::Document(shape) if self.has_program() => shape.folders(),
            Shape::Property(shape) => shape.folders(),
            _ => Vec::new(),
        }
    }

    /// The service that the reader depends on. It may take a while to answer.
    pub const fn service(&self) -> Option<&Service> {
        match &self.shape {
            Shape::Property(PropertyShape { service, .. })
            | Shape::Entry(EntryShape { service, .. }) => Some(service),
            Shape::Value(_) | Shape::List(_) | Shape::Document(_) => None,
        }
    }

    /// The signals by which its service tells of changes, besides that it comes and goes.
    pub fn signals(&self) -> Vec<Signal> {
        match &self.shape {
            Shape::Property(shape) => vec![shape.service.properties_changed()],
            Shape::Entry(shape) => shape.signals(),
            Shape::Value(_) | Shape::List(_) | Shape::Document(_) => Vec::new(),
        }
    }
}

/// The name of the reader that is the panel's own keys.
// Translators: in the list of programs that follow a choice: those that were made to follow this
// panel, rather than a setting of their own
const OWN_NAME: &str = crate::system::i18n::noop("Programs that follow this panel");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::choices::catalogue::{Catalogue, SHIPPED};

    #[test]
    fn every_shipped_reader_is_valid_has_a_translated_name_and_cites_its_source() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/readers.d");
        let catalogue = Catalogue::load_layers(&[folder]);
        assert_eq!(catalogue.mistakes(), []);
        let shipped: Vec<_> = catalogue.readers().iter().filter(|r| !r.is_own()).collect();
        assert_eq!(shipped.len(), SHIPPED.len());
        let template = include_str!("../../po/privacy-panel.pot");
        for reader in shipped {
            let file = reader.file.as_deref().unwrap();
            let text = std::fs::read_to_string(file).unwrap();
            let comment = text.lines().take_while(|line| line.starts_with('#'));
            let cited = comment.filter(|line| line.contains("Source") || line.contains("sources"));
            assert!(cited.count() > 0, "{} cites nothing", file.display());
            let message = format!("msgid \"{}\"\n", reader.name);
            assert!(
                template.contains(&message),
                "{} is not translated",
                reader.name
            );
        }
    }
}
