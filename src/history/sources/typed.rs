// SPDX-License-Identifier: GPL-3.0-or-later

//! What programs keep for themselves: the commands and searches that the user typed, and the
//! documents and media that were opened last.
//!
//! Each program is an entry in [`PROGRAMS`] that cites the program's own source. Three formats are
//! common: a GSettings key, a text file with a line for each entry, and a KDE configuration file.
//! `LibreOffice` and VLC have their own. None of them has dates.
//!
//! According to their sources, these programs keep nothing that the user types: Nautilus, Nemo,
//! Caja, Thunar, Catfish, Dolphin's search, and elementary's applications menu, which reports
//! opened files to Zeitgeist.

pub(crate) mod kde;
pub(crate) mod key;
pub(crate) mod lines;
pub(crate) mod office;
pub(crate) mod vlc;

use std::path::{Path, PathBuf};

use gio::Cancellable;

use crate::history::sandbox::App;
use crate::history::source::{Found, Outcome, Problem, Progress, Source};
use crate::history::{Span, zeitgeist};
use crate::system::i18n::gettext_f;
use crate::system::processes::{Folder, is_running, is_running_or_in};
use kde::Group;
use key::Key;

/// What one program keeps.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Typed {
    id: &'static str,
    /// The program's name, which isn't translated.
    program: &'static str,
    what: What,
    stored: Stored,
    memory: Memory,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum What {
    Commands,
    Searches,
    Documents,
    Media,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stored {
    Key(Key),
    /// Text files, from this and earlier versions of the program. The program forgets the entries
    /// if the file is removed.
    Lines(&'static [(Folder, &'static str)]),
    Kde(&'static [Group]),
    /// `LibreOffice`'s list of documents.
    Office,
    /// VLC's list of media.
    Vlc,
}

/// Whether a running program holds the entries in memory, and writes them all with the next entry.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Memory {
    /// It reads them each time, or notices changes.
    None,
    /// While a name is owned on the session bus.
    Bus(&'static str),
    /// While a process with this name runs. It is part of the desktop.
    Desktop(&'static str, Folder),
    /// While a process with this name runs. The user can close it.
    Program(&'static str, Folder),
    /// The same, for a program that may be in a sandbox, with its configuration.
    App(&'static str, App),
}

/// Every known program, with its source.
pub(crate) static PROGRAMS: [Typed; 12] = [
    // GNOME/gnome-shell, js/misc/history.js and js/ui/runDialog.js: up to 512 strings. A running
    // shell follows changes.
    Typed {
        id: "commands",
        program: "GNOME Shell",
        what: What::Commands,
        stored: Stored::Key(Key::list("org.gnome.shell", "command-history")),
        memory: Memory::None,
    },
    // lp:unity-lens-applications, class CommandsScope: ten strings, read once by the process that
    // owns the scope's name on the bus.
    Typed {
        id: "unity-commands",
        program: "Unity",
        what: What::Commands,
        stored: Stored::Key(Key::list("com.canonical.Unity.Runner", "history")),
        memory: Memory::Bus("com.canonical.Unity.Scope.Applications"),
    },
    // GNOME/gnome-panel eb581676, modules/action-button/panel-run-dialog.c: read whenever a command
    // is run.
    Typed {
        id: "flashback-commands",
        program: "GNOME Flashback",
        what: What::Commands,
        stored: Stored::Key(Key::list("org.gnome.gnome-panel.run-dialog", "history")),
        memory: Memory::None,
    },
    // mate-desktop/mate-panel 1b527834, mate-panel/panel-run-dialog.c: read when the dialog opens.
    Typed {
        id: "mate-commands",
        program: "MATE",
        what: What::Commands,
        stored: Stored::Key(Key::list("org.mate.panel", "history-mate-run")),
        memory: Memory::None,
    },
    // linuxmint/cinnamon d29b0006, js/misc/history.js and js/ui/runDialog.js: as GNOME Shell's.
    Typed {
        id: "cinnamon-commands",
        program: "Cinnamon",
        what: What::Commands,
        stored: Stored::Key(Key::list("org.cinnamon", "command-history")),
        memory: Memory::None,
    },
    // xfce-mirror/xfce4-appfinder 712f49b, src/appfinder-model.c: a running one forgets the entries
    // if the file is removed, but not if it is replaced. The second file is from before 4.18.
    Typed {
        id: "xfce-commands",
        program: "Xfce",
        what: What::Commands,
        stored: Stored::Lines(&[
            (Folder::Cache, "xfce4/appfinder/history"),
            (Folder::Cache, "xfce4/xfce4-appfinder/history"),
        ]),
        memory: Memory::Program("xfce4-appfinder", Folder::Cache),
    },
    // KDE/krunner d1c5769, src/runnermanager.cpp: 50 strings for each activity. The other groups
    // are from Plasma 5: KDE/krunner v5.103.0, and krunner/view.cpp before KDE/plasma-workspace
    // 19badfab.
    Typed {
        id: "krunner-searches",
        program: "KRunner",
        what: What::Searches,
        stored: Stored::Kde(&[
            Group::all(
                Folder::Data,
                "krunnerstaterc",
                &["PlasmaRunnerManager", "History"],
            ),
            Group::all(
                Folder::Config,
                "krunnerrc",
                &["PlasmaRunnerManager", "History"],
            ),
            Group::keys(Folder::Config, "krunnerrc", &["General"], &["history"]),
        ]),
        memory: Memory::Desktop("krunner", Folder::Data),
    },
    // KDE/plasma-workspace 0eb6cbac, applets/kicker/runnermatchesmodel.cpp: searches in the
    // application launcher, kept the same way.
    Typed {
        id: "plasma-searches",
        program: "Plasma",
        what: What::Searches,
        stored: Stored::Kde(&[
            Group::all(
                Folder::State,
                "plasmashellstaterc",
                &["KickerRunnerManager", "History"],
            ),
            // Where KConfig kept it before 6.1: KDE/kconfig v6.0.0, src/core/ksharedconfig.cpp.
            Group::all(
                Folder::Data,
                "plasmashell/plasmashellstaterc",
                &["KickerRunnerManager", "History"],
            ),
        ]),
        memory: Memory::Desktop("plasmashell", Folder::Data),
    },
    // KDE/kfind 18700707, src/kftabdlg.cpp: read when it starts. Each search writes the whole list,
    // the most recent search first.
    Typed {
        id: "kfind-searches",
        program: "KFind",
        what: What::Searches,
        stored: Stored::Kde(&[Group::keys(
            Folder::Config,
            "kfindrc",
            &["History"],
            &["Patterns", "Directories"],
        )]),
        memory: Memory::Program("kfind", Folder::Config),
    },
    // mate-desktop/mate-utils f760c0fe, gsearchtool/libmateui-deprecated/gsearchtool-entry.c: lists
    // of up to ten strings. Read when it starts; each search writes its whole list.
    Typed {
        id: "mate-searches",
        program: "MATE Search Tool",
        what: What::Searches,
        stored: Stored::Key(Key::lists("org.mate.search-tool", "search-history")),
        memory: Memory::Program("mate-search-tool", Folder::Config),
    },
    // See `office`. It reads its settings when it starts, and writes the whole file when one changes.
    Typed {
        id: "libreoffice-documents",
        program: "LibreOffice",
        what: What::Documents,
        stored: Stored::Office,
        memory: Memory::App("soffice.bin", office::APP),
    },
    // See `vlc`. It reads the lists when it starts, and writes them whenever it plays something.
    Typed {
        id: "vlc-media",
        program: "VLC",
        what: What::Media,
        stored: Stored::Vlc,
        memory: Memory::App("vlc", vlc::APP),
    },
];

/// See [`crate::history::without_entries`], for the group in which `KRunner` keeps its searches.
pub(crate) fn without_searches(bytes: &[u8]) -> Result<(usize, Vec<u8>), String> {
    const GROUP: Group = Group::all(
        Folder::Data,
        "krunnerstaterc",
        &["PlasmaRunnerManager", "History"],
    );
    GROUP.without(bytes).map_err(|mistake| mistake.1)
}

impl Source for Typed {
    fn id(&self) -> &'static str {
        self.id
    }

    fn title(&self) -> String {
        let name = [("program", self.program)];
        match self.what {
            // Translators: what was typed to be run, as one program keeps it, such as “MATE”
            What::Commands => gettext_f("Commands run ({program})", &name),
            // Translators: what was typed to be looked for, as one program keeps it, such as
            // “KRunner”
            What::Searches => gettext_f("Searches ({program})", &name),
            // Translators: the documents that were opened last, as one program keeps them, such as
            // “LibreOffice”
            What::Documents => gettext_f("Recent documents ({program})", &name),
            // Translators: the videos and music that were played last, as one program keeps them,
            // such as “VLC”
            What::Media => gettext_f("Recent media ({program})", &name),
        }
    }

    fn program(&self) -> String {
        self.program.to_owned()
    }

    fn is_here(&self) -> bool {
        self.count().is_some()
    }

    fn look(&'static self, span: Span, _: &Cancellable) -> Option<Found> {
        let mut found = Found::new(self, self.count()?);
        if let Ok(count) = &mut found.count {
            found.obstacle = self.obstacle(span);
            if matches!(found.obstacle, Some(Problem::Undated)) {
                *count = 0;
            }
        }
        Some(found)
    }

    fn clear(
        &'static self,
        span: Span,
        _: &Cancellable,
        _: &mut dyn FnMut(Progress),
    ) -> Option<Outcome> {
        let count = self.count()?;
        Some(match self.obstacle(span) {
            // Even if one of several files can't be read.
            None => self.remove(),
            Some(obstacle) => Outcome::new(self, count.and(Err(obstacle))),
        })
    }
}

impl Typed {
    /// `None`: there are no entries.
    fn count(&self) -> Option<Result<usize, Problem>> {
        let count = match &self.stored {
            Stored::Key(key) => key.count(),
            Stored::Lines(files) => sum(files.iter().map(lines::count)),
            Stored::Kde(groups) => sum(groups.iter().map(Group::count)),
            Stored::Office => sum(each(office::files(), office::count)),
            Stored::Vlc => sum(each(vlc::files(), vlc::count)),
        };
        count.filter(|count| !matches!(count, Ok(0)))
    }

    fn obstacle(&self, span: Span) -> Option<Problem> {
        if !span.is_everything() {
            return Some(Problem::Undated);
        }
        let may_be_remembered = match &self.stored {
            Stored::Key(key) if key.is_locked() => return Some(Problem::Locked),
            Stored::Kde(groups) if groups.iter().any(Group::is_locked) => {
                return Some(Problem::Locked);
            }
            Stored::Lines(files) => files.iter().any(lines::is_link),
            Stored::Key(_) | Stored::Kde(_) | Stored::Office | Stored::Vlc => true,
        };
        may_be_remembered.then(|| self.memory.obstacle(self.program))?
    }

    /// Removes as many entries as possible, and reports how many.
    fn remove(&'static self) -> Outcome {
        let steps: Vec<Result<usize, Problem>> = match &self.stored {
            Stored::Key(key) => vec![key.clear()],
            Stored::Lines(files) => files.iter().filter_map(lines::clear).collect(),
            Stored::Kde(groups) => groups.iter().filter_map(Group::clear).collect(),
            Stored::Office => each(office::files(), office::clear).flatten().collect(),
            Stored::Vlc => each(vlc::files(), vlc::clear).flatten().collect(),
        };
        let mut outcome = Outcome::new(self, Ok(0));
        for step in steps {
            match step {
                Ok(removed) => outcome.removed += removed,
                Err(Problem::NothingKept) => {}
                Err(problem) => outcome.problem = outcome.problem.or(Some(problem)),
            }
        }
        if outcome.problem.is_none() && self.count().is_some() {
            outcome.problem = Some(Problem::StillThere);
        }
        outcome
    }
}

impl Memory {
    fn obstacle(&self, program: &'static str) -> Option<Problem> {
        match self {
            Self::None => None,
            Self::Bus(name) => {
                zeitgeist::is_running(name).then_some(Problem::DesktopRunning(program))
            }
            Self::Desktop(process, folder) => {
                is_running(process, *folder).then_some(Problem::DesktopRunning(program))
            }
            Self::Program(process, folder) => {
                is_running(process, *folder).then_some(Problem::ProgramRunning(program))
            }
            Self::App(process, app) => is_running_or_in(process, Folder::Config, &app.folders())
                .then_some(Problem::ProgramRunning(program)),
        }
    }
}

/// The result for each file.
fn each(
    files: Vec<Result<PathBuf, Problem>>,
    result: fn(&Path) -> Option<Result<usize, Problem>>,
) -> impl Iterator<Item = Option<Result<usize, Problem>>> {
    files.into_iter().map(move |file| match file {
        Ok(path) => result(&path),
        Err(problem) => Some(Err(problem)),
    })
}

/// The sum, or the first error. `None`: there is nothing to count.
fn sum(
    counts: impl Iterator<Item = Option<Result<usize, Problem>>>,
) -> Option<Result<usize, Problem>> {
    let kept = counts.flatten();
    let kept = kept.filter(|count| !matches!(count, Err(Problem::NothingKept)));
    kept.reduce(|sum, count| Ok(sum? + count?))
}
