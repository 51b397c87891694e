// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacyctl history`: show and clear what was recorded, and choose what never is.

mod json;
mod text;

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::thread;

use gio::Cancellable;
use gio::prelude::*;
use glib::MainContext;

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice::ACTIVITY_HISTORY;
use privacy_panel::history::never_record::{self, FILE_KINDS, Rule, RuleError};
use privacy_panel::history::retention::{self, Keep, List, NotKept};
use privacy_panel::history::{self, Found, Outcome, Problem, Span, words};
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::args::{Format, HistoryCommand, NeverRecordCommand, RuleArgs, RuleKind, SpanArgs};
use crate::output::{self, Exit};

/// SIGINT; signal(7).
const INTERRUPT: i32 = 2;

pub(crate) fn run(command: Option<HistoryCommand>, look: Format) -> io::Result<Exit> {
    match command {
        None => show(Span::EVERYTHING, look),
        Some(HistoryCommand::Clear {
            span,
            dry_run,
            yes,
            format,
        }) => {
            let Some(span) = span_of(&span) else {
                output::complain(&gettext("The span of time ends before it begins."));
                return Ok(Exit::BadFile);
            };
            if dry_run {
                show(span, format)
            } else {
                clear(span, yes, format)
            }
        }
        Some(HistoryCommand::Keep { keep, format }) => self::keep(keep, format),
        Some(HistoryCommand::NeverRecord { command }) => never_record(command),
    }
}

fn keep(keep: Option<Keep>, format: Format) -> io::Result<Exit> {
    let catalogue = Catalogue::load_for(ACTIVITY_HISTORY);
    let mut exit = Exit::Done;
    let mut left = Vec::new();
    if let Some(keep) = keep {
        let done = List::ALL.map(|list| retention::set(&catalogue, list, keep));
        left.extend(done.into_iter().filter_map(Result::err));
    }
    let lists = retention::look_at_all(&catalogue);
    // A list that isn't there is no failure if another one is.
    left.retain(|why| *why != NotKept::NotHere);
    if lists.is_empty() {
        left = vec![NotKept::NotHere];
    }
    left.dedup();
    for why in left {
        output::complain(&words::not_kept(why));
        exit = match why {
            NotKept::NotHere => Exit::No,
            NotKept::Locked => Exit::Locked,
            NotKept::NotSaved => Exit::NotSaved,
        };
    }
    match lists.iter().max_by_key(|found| found.keep.longest()) {
        Some(longest) if format.json => output::line(&json::retention(longest, &lists))?,
        Some(longest) if keep.is_none() => output::line(&longest.keep.to_string())?,
        _ => {}
    }
    Ok(exit)
}

fn span_of(args: &SpanArgs) -> Option<Span> {
    match args.last {
        Some(last) => Some(Span::past_from_now(last.into())),
        None if args.all => Some(Span::EVERYTHING),
        None => Span::between(args.since, args.until),
    }
}

fn show(span: Span, format: Format) -> io::Result<Exit> {
    let found = history::look(span, &Cancellable::new());
    output::line(&if format.json {
        json::history(span, &found)
    } else {
        text::places(&found)
    })?;
    Ok(Exit::Done)
}

fn clear(span: Span, yes: bool, format: Format) -> io::Result<Exit> {
    let cancellable = Cancellable::new();
    if !yes {
        if !io::stdin().is_terminal() {
            output::complain(&gettext(
                "Nothing was removed. Add --yes to remove without being asked, or --dry-run to see what would go.",
            ));
            return Ok(Exit::BadFile);
        }
        if !is_wanted(&history::look(span, &cancellable))? {
            return Ok(Exit::No);
        }
    }
    stop_at_interrupt(&cancellable);
    let telling = io::stderr().is_terminal();
    let outcomes = history::clear(span, &cancellable, |progress| {
        if telling {
            let line = text::progress(progress);
            output::write_over(&line, progress.removed == progress.of);
        }
    });
    let exit = exit_of(&outcomes);
    let text = if format.json {
        json::cleared(span, &outcomes)
    } else {
        text::outcomes(&outcomes)
    };
    // The result counts, even if printing fails.
    if let Err(error) = output::line(&text) {
        output::failed(&error);
    }
    Ok(exit)
}

/// Cancels when the user presses Ctrl+C, so that the result is still printed. The second time, the
/// process ends.
fn stop_at_interrupt(cancellable: &Cancellable) {
    let cancellable = cancellable.clone();
    let listen = move || {
        let context = MainContext::new();
        let mut times = 0;
        let interrupted =
            glib::unix_signal_source_new(INTERRUPT, None, glib::Priority::DEFAULT, move || {
                times += 1;
                if times > 1 {
                    std::process::exit(128 + INTERRUPT);
                }
                cancellable.cancel();
                glib::ControlFlow::Continue
            });
        interrupted.attach(Some(&context));
        loop {
            context.iteration(true);
        }
    };
    // Without the thread, Ctrl+C ends the process.
    let _ = thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(listen);
}

fn is_wanted(found: &[Found]) -> io::Result<bool> {
    output::line(&text::places(found))?;
    if found.is_empty() {
        return Ok(false);
    }
    // Translators: a question in a terminal
    output::confirm(&gettext("Remove these for good?"))
}

fn exit_of(outcomes: &[Outcome]) -> Exit {
    let problems = || {
        outcomes
            .iter()
            .filter_map(|outcome| outcome.problem.as_ref())
    };
    if problems().any(|problem| matches!(problem, Problem::Locked)) {
        Exit::Locked
    } else if problems().any(Problem::is_failure) {
        Exit::NotSaved
    } else {
        Exit::Done
    }
}

fn never_record(command: NeverRecordCommand) -> io::Result<Exit> {
    let cancellable = Cancellable::new();
    if !never_record::is_here() {
        output::complain(&gettext(
            "Zeitgeist is not on this computer. Nothing else here can be told what never to record.",
        ));
        return Ok(Exit::No);
    }
    let done = match command {
        NeverRecordCommand::List(format) => match never_record::rules(&cancellable) {
            Ok(rules) if format.json => {
                output::line(&json::rules(&rules))?;
                Ok(())
            }
            Ok(rules) => {
                let rows: Vec<_> = rules.iter().map(text::rule).collect();
                if !rows.is_empty() {
                    output::line(&output::columns(&rows).join("\n"))?;
                }
                Ok(())
            }
            Err(problem) => Err(problem),
        },
        NeverRecordCommand::Add(rule) => match rule_of(&rule) {
            Ok(rule) => never_record::add(&rule, &cancellable),
            Err(error) => return Ok(refuse(error)),
        },
        NeverRecordCommand::Remove(rule) => match rule_of(&rule) {
            Ok(rule) => never_record::remove(&rule, &cancellable),
            Err(error) => return Ok(refuse(error)),
        },
    };
    Ok(match done {
        Ok(()) => Exit::Done,
        Err(problem) => {
            output::complain(&words::rule_problem(&problem));
            Exit::NotSaved
        }
    })
}

fn rule_of(args: &RuleArgs) -> Result<Rule, RuleError> {
    let text = args.value.to_str();
    match args.kind {
        RuleKind::Kind => Rule::kind(text.unwrap_or_default()),
        RuleKind::Application => Rule::application(text.ok_or(RuleError::NotUnicode)?),
        RuleKind::Folder => {
            // Relative to the current folder, as users type paths.
            let path = std::path::absolute(&args.value).map_err(|_| RuleError::NotAbsolute)?;
            Rule::folder(Path::new(&path))
        }
    }
}

fn refuse(error: RuleError) -> Exit {
    let mut sentence = words::rule_error(error);
    if error == RuleError::NoSuchKind {
        let kinds: Vec<_> = FILE_KINDS.iter().map(|kind| kind.id).collect();
        sentence = gettext_f(
            "There is no such kind. These are the kinds: {kinds}.",
            &[("kinds", &kinds.join(", "))],
        );
    }
    output::complain(&sentence);
    Exit::BadFile
}

/// The arguments that add and remove a rule. No command takes “everything” and “other”.
pub(crate) fn rule_words(rule: &Rule) -> (&'static str, String) {
    match rule {
        Rule::Everything => ("everything", String::new()),
        Rule::Kind(kind) => ("kind", kind.id.to_owned()),
        Rule::Folder(path) => ("folder", path.display().to_string()),
        Rule::Application(id) => ("application", id.clone()),
        Rule::Other(name) => ("other", name.clone()),
    }
}
