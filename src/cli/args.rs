// SPDX-License-Identifier: GPL-3.0-or-later

//! The command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use privacy_panel::choices::change::Scope;
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::reader::{Mode, Request};
use privacy_panel::history::retention::Keep;
use privacy_panel::history::{Past, When};

/// Decide what this computer sends about you
#[derive(Parser)]
#[command(
    name = "privacyctl",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "\
Exit status: 0 done; 1 the answer is no; 2 bad usage or a bad file; \
3 locked by the administrator; 4 could not be saved."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) status: Format,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show every choice: its state, who decided, and each program that follows it
    Status(Format),
    /// Print on, off or mixed
    Get {
        #[command(flatten)]
        choice: ChoiceArg,
    },
    /// Turn a choice on or off in every installed program, and verify it
    #[command(allow_missing_positional = true)]
    Set {
        /// The choice to turn on or off
        #[arg(value_parser = choices(), required_unless_present = "all")]
        choice: Option<&'static Choice>,
        /// All of them
        #[arg(long, conflicts_with = "choice")]
        all: bool,
        /// What it is to be
        state: OnOff,
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Tell or decide how what is on is sent: after asking each time, or automatically
    Mode {
        #[command(flatten)]
        choice: ChoiceArg,
        /// How it is to be sent
        mode: Option<Way>,
    },
    /// Go back to the default
    Reset {
        /// The choice to reset
        #[arg(value_parser = choices(), required_unless_present = "all")]
        choice: Option<&'static Choice>,
        /// All of them
        #[arg(long, conflicts_with = "choice")]
        all: bool,
    },
    /// Tell by the exit status: 0 something may be sent or recorded, 1 nothing may
    IsOn {
        #[command(flatten)]
        choice: ChoiceArg,
    },
    /// Print a line for each choice, then one at each change, until interrupted
    Watch(Format),
    /// Print the identifier by which reports of this computer are known
    Identifier(Format),
    /// List the programs that can follow a choice, and the files that say so
    Readers {
        #[command(flatten)]
        format: Format,
        /// Write the index of a folder of reader files, beside it; for packages
        #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath, conflicts_with = "json")]
        write_index: Option<PathBuf>,
    },
    /// Preset or lock choices for everybody on this computer, or in an image
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// See and delete the error reports that are kept on this computer
    #[command(args_conflicts_with_subcommands = true)]
    Reports {
        #[command(subcommand)]
        command: Option<ReportsCommand>,
        #[command(flatten)]
        list: Format,
    },
    /// Show what is remembered here of what you did, clear it, or keep it from being recorded
    #[command(args_conflicts_with_subcommands = true)]
    History {
        #[command(subcommand)]
        command: Option<HistoryCommand>,
        #[command(flatten)]
        look: Format,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(ClapArgs)]
pub(crate) struct ScopeArgs {
    /// Leave programs alone that are set for everyone on this computer
    #[arg(long)]
    only_me: bool,
    /// Change only programs that are set for everyone on this computer
    #[arg(long, conflicts_with = "only_me")]
    pub(crate) for_everyone: bool,
}

impl From<ScopeArgs> for Scope {
    fn from(args: ScopeArgs) -> Self {
        match args {
            ScopeArgs { only_me: true, .. } => Self::OnlyMe,
            ScopeArgs {
                for_everyone: true, ..
            } => Self::Everyone,
            ScopeArgs { .. } => Self::All,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum HistoryCommand {
    /// Remove what was recorded in a span of time, and say how much went from where
    Clear {
        #[command(flatten)]
        span: SpanArgs,
        /// Show how much would go from where, and remove nothing
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Print how long recently used files are listed, or change it
    Keep {
        /// A number of days, or “forever”
        #[arg(value_name = "DAYS")]
        keep: Option<Keep>,
        #[command(flatten)]
        format: Format,
    },
    /// Choose what Zeitgeist never records
    NeverRecord {
        #[command(subcommand)]
        command: NeverRecordCommand,
    },
}

#[derive(Subcommand)]
pub(crate) enum NeverRecordCommand {
    /// List what is never recorded
    List(Format),
    /// Never record this from now on
    Add(RuleArgs),
    /// Record this again
    Remove(RuleArgs),
}

#[derive(ClapArgs)]
pub(crate) struct RuleArgs {
    /// What it is
    pub(crate) kind: RuleKind,
    /// A kind of files, such as “image”; the path of a folder; or the name of an application’s
    /// desktop file
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) value: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum RuleKind {
    /// Files of a kind: document, spreadsheet, presentation, image, audio, video, website, email,
    /// message
    Kind,
    /// Files in a folder and in those below it
    Folder,
    /// What an application does
    Application,
}

#[derive(ClapArgs)]
#[group(required = true, multiple = true)]
pub(crate) struct SpanArgs {
    /// From this date, or date and time, such as 2026-11-24 or 2026-11-24T15:00
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<When>,
    /// To the end of this date, or date and time
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<When>,
    /// What is not older than an hour, a day or a week: hour, day or week
    #[arg(long, hide_possible_values = true, conflicts_with_all = ["since", "until", "all"])]
    pub(crate) last: Option<Last>,
    /// All of them
    #[arg(long, conflicts_with_all = ["since", "until"])]
    pub(crate) all: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Last {
    /// 60 minutes
    Hour,
    /// 24 hours
    Day,
    /// Seven times 24 hours
    Week,
}

impl From<Last> for Past {
    fn from(last: Last) -> Self {
        match last {
            Last::Hour => Self::Hour,
            Last::Day => Self::Day,
            Last::Week => Self::Week,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// Find every mistake in a policy, and touch nothing
    Check {
        #[command(flatten)]
        file: PolicyFile,
    },
    /// Put a policy in force, and read back that it is
    Apply {
        #[command(flatten)]
        file: PolicyFile,
        /// Take the policy that was applied last, as it was then; do nothing where there is none
        #[arg(long, conflicts_with = "file")]
        again: bool,
        #[command(flatten)]
        root: Root,
        /// Show the difference that it would make to each file, and make none
        #[arg(long)]
        dry_run: bool,
    },
    /// Tell whether what is in force is what the policy says
    Status {
        #[command(flatten)]
        root: Root,
        #[command(flatten)]
        format: Format,
    },
    /// Take out all that “apply” put there, and nothing else
    Remove {
        #[command(flatten)]
        root: Root,
    },
    /// Answer what is asked on standard input; the other commands start it
    #[command(hide = true)]
    ReadBack,
}

#[derive(Subcommand)]
pub(crate) enum ReportsCommand {
    /// List what waits to be sent, was sent, or is only kept
    List(Format),
    /// Print what a report holds
    #[command(after_help = "\
Exit status: 0 done; 1 there is no such report or field, or you may not read it.")]
    Show {
        /// The report, as “list” calls it
        #[arg(value_name = "ID")]
        id: String,
        /// Print this field alone, as it is, unpacked
        #[arg(long, value_name = "NAME")]
        field: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Delete reports and their marks; there is no way back
    #[command(after_help = "\
Exit status: 0 deleted; 1 there is no such report, or you said no; 2 nobody can be asked; \
4 something could not be deleted.")]
    Delete {
        /// The reports, as “list” calls them
        #[arg(value_name = "ID", required_unless_present = "all")]
        ids: Vec<String>,
        /// All of them
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(ClapArgs)]
pub(crate) struct PolicyFile {
    /// The policy; without it, /etc/privacy-panel/policy.toml
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,
}

#[derive(ClapArgs)]
pub(crate) struct Root {
    /// Work on the image of a computer in this folder; nothing outside it is read or written
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) root: Option<PathBuf>,
}

#[derive(ClapArgs)]
pub(crate) struct ChoiceArg {
    /// The choice
    #[arg(value_name = "CHOICE", value_parser = choices())]
    pub(crate) choice: &'static Choice,
}

#[derive(ClapArgs, Clone, Copy)]
pub(crate) struct Format {
    /// Print JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum OnOff {
    /// Something may be sent or recorded
    On,
    /// Nothing may be sent or recorded
    Off,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Way {
    /// People are asked before anything is sent
    Ask,
    /// Nobody is asked
    Automatic,
}

impl From<Way> for Request {
    fn from(way: Way) -> Self {
        Self::Mode(match way {
            Way::Ask => Mode::Ask,
            Way::Automatic => Mode::Automatic,
        })
    }
}

impl From<OnOff> for Request {
    fn from(state: OnOff) -> Self {
        match state {
            OnOff::On => Self::On,
            OnOff::Off => Self::Off,
        }
    }
}

/// Parses the name of a choice. Completions and error messages list all names.
fn choices() -> impl clap::builder::TypedValueParser<Value = &'static Choice> {
    use clap::builder::TypedValueParser as _;
    PossibleValuesParser::new(choice::ALL.iter().map(|choice| choice.id)).try_map(|id| {
        // The first parser rejects other names.
        Choice::find(&id).ok_or("unknown choice")
    })
}
