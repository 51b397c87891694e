// SPDX-License-Identifier: GPL-3.0-or-later

//! A reader: a program that obeys a choice, and where it looks.
//!
//! A reader is data. Where its program keeps the setting, and what is stored there means, is its
//! [`Store`]'s to know.

use std::path::PathBuf;
use std::sync::Arc;

pub use crate::choices::condition::FilePattern;
pub use crate::choices::store::{Answer, Mode, ModeState, Part, Problem, Request};

use crate::choices::catalogue::names::List;
use crate::choices::choice::Choice;
use crate::choices::snapshot::Snapshot;
use crate::choices::store::{Store, Watched, Write};
use crate::choices::stores::gsettings::Gsettings;

/// A program, or family of programs, that obeys a choice.
#[derive(Clone, Debug)]
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
    pub programs: Option<List<FilePattern>>,
    /// Where the program looks.
    pub store: Arc<dyn Store>,
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
            store: Arc::new(Gsettings::own(choice)),
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

    /// Whether nothing shows that the program is there, where its store does not show it.
    fn is_absent(&self) -> bool {
        self.store.needs_programs() && !self.has_program()
    }

    /// Reads what the program reads. `None`: the program is not installed.
    ///
    /// # Errors
    ///
    /// Where the program is there, and what it reads is not known.
    pub fn read(&self, now: &Snapshot) -> Result<Option<Answer>, Problem> {
        if self.is_absent() {
            return Ok(None);
        }
        self.store.read(now)
    }

    /// The changes that a wish needs; empty where all is as wished already.
    ///
    /// # Errors
    ///
    /// Where the program is there, and it is not known what it needs.
    pub fn plan(&self, now: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        if self.is_absent() {
            return Ok(Vec::new());
        }
        self.store.plan(now, request)
    }

    /// Everything whose change may change what the reader reads.
    pub fn watched(&self) -> Watched {
        if self.is_absent() {
            return Watched::default();
        }
        self.store.watched()
    }

    /// Whether the settings storage keeps it.
    pub fn is_in_settings(&self) -> bool {
        !self.store.watched().keys.is_empty()
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
