// SPDX-License-Identifier: GPL-3.0-or-later

//! What Zeitgeist never records: file types, folders, applications.
//!
//! Zeitgeist stores each rule as a named event template, and drops every event that matches a
//! template. The names and templates here are those of Ubuntu's activity-log-manager 0.9.7
//! (src/files-widget.vala, src/applications-widget.vala) and of elementary's settings
//! (src/BlackList.vala), so that each program shows the rules of the others. Rules with other names
//! belong to other programs: they are shown and kept. The rule that drops every event is the choice
//! `activity-history`, which Zeitgeist follows as a reader (`data/readers.d/zeitgeist.toml`).
//!
//! Source for the interface: zeitgeist 1.0.4, extensions/blacklist.vala.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use gio::Cancellable;
use gio::prelude::*;
use glib::Variant;

use super::Problem;
use super::zeitgeist::{Event, NAME, ask, bus, is_worth_asking};
use crate::choices::watch;
use crate::system::home;
use crate::system::i18n::{gettext, noop};
use crate::system::text::is_unprintable;
use crate::system::{limits, service};

const PATH: &str = "/org/gnome/zeitgeist/blacklist";
const INTERFACE: &str = "org.gnome.zeitgeist.Blacklist";

/// The rule that drops every event. It exists while the choice is off.
const EVERYTHING: &str = "block-all";

/// The start of the URI of an application, which Zeitgeist uses as the subject or the actor of an
/// event.
const APPLICATION: &str = "application://";

/// A file type that Zeitgeist distinguishes.
#[derive(Debug, PartialEq, Eq)]
pub struct FileKind {
    /// The identifier on the command line; it is never translated.
    pub id: &'static str,
    title: &'static str,
    /// Zeitgeist's interpretation, from the ontologies of semanticdesktop.org.
    interpretation: &'static str,
}

/// Every file type, in display order.
pub const FILE_KINDS: [FileKind; 9] = [
    FileKind {
        id: "document",
        // Translators: a kind of files
        title: noop("Documents"),
        interpretation: "http://www.semanticdesktop.org/ontologies/2007/03/22/nfo#Document",
    },
    FileKind {
        id: "spreadsheet",
        // Translators: a kind of files
        title: noop("Spreadsheets"),
        interpretation: "http://www.semanticdesktop.org/ontologies/2007/03/22/nfo#Spreadsheet",
    },
    FileKind {
        id: "presentation",
        // Translators: a kind of files
        title: noop("Presentations"),
        interpretation: "http://www.semanticdesktop.org/ontologies/2007/03/22/nfo#Presentation",
    },
    FileKind {
        id: "image",
        // Translators: a kind of files
        title: noop("Pictures"),
        interpretation: "http://www.semanticdesktop.org/ontologies/2007/03/22/nfo#Image",
    },
    FileKind {
        id: "audio",
        // Translators: a kind of files
        title: noop("Music and Sounds"),
        interpretation: "http://www.semanticdesktop.org/ontologies/2007/03/22/nfo#Audio",
    },
    FileKind {
        id: "video",
        // Translators: a kind of files
        title: noop("Videos"),
        interpretation: "http://www.semanticdesktop.org/ontologies/2007/03/22/nfo#Video",
    },
    FileKind {
        id: "website",
        // Translators: among kinds of files: pages of the web that were visited
        title: noop("Websites"),
        interpretation: "http://www.semanticdesktop.org/ontologies/2007/03/22/nfo#Website",
    },
    FileKind {
        id: "email",
        // Translators: among kinds of files
        title: noop("Emails"),
        interpretation: "http://www.semanticdesktop.org/ontologies/2007/03/22/nmo#Email",
    },
    FileKind {
        id: "message",
        // Translators: among kinds of files: chats
        title: noop("Instant Messages"),
        interpretation: "http://www.semanticdesktop.org/ontologies/2007/03/22/nmo#IMMessage",
    },
];

impl FileKind {
    /// The file type with an identifier.
    pub fn find(id: &str) -> Option<&'static Self> {
        FILE_KINDS.iter().find(|kind| kind.id == id)
    }

    /// Its name, in the user's language.
    pub fn title(&self) -> String {
        gettext(self.title)
    }
}

/// A rule about what is never recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Record nothing: the choice `activity-history` is off. Only the choice changes this rule.
    Everything,
    /// Files of a type.
    Kind(&'static FileKind),
    /// Files in a folder and its subfolders.
    Folder(PathBuf),
    /// Launching and using an application, by the name of its desktop file.
    Application(String),
    /// Another program's rule, by its name. It is shown and kept.
    Other(String),
}

/// Why a value can't become a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// There is no file type with this identifier.
    #[error("there is no such kind")]
    NoSuchKind,
    /// The path of the folder isn't absolute.
    #[error("write the whole path of the folder, beginning with “/”")]
    NotAbsolute,
    /// Zeitgeist only accepts Unicode.
    #[error("the name is not Unicode")]
    NotUnicode,
    /// The value isn't the name of a desktop file.
    #[error("write the name of the application's desktop file, such as “org.gnome.gedit.desktop”")]
    NotADesktopFile,
}

impl Rule {
    /// A rule about a folder, with a normalized path.
    pub fn folder(path: &Path) -> Result<Self, RuleError> {
        if !path.is_absolute() {
            return Err(RuleError::NotAbsolute);
        }
        if path.to_str().is_none() {
            return Err(RuleError::NotUnicode);
        }
        // Components have no trailing or repeated slashes.
        Ok(Self::Folder(path.components().collect()))
    }

    /// A rule about an application, by the name of its desktop file.
    pub fn application(id: &str) -> Result<Self, RuleError> {
        let id = id.strip_prefix(APPLICATION).unwrap_or(id);
        let named = id.len() > ".desktop".len() && id.ends_with(".desktop");
        if !named
            || id.contains('/')
            || id.len() > limits::DESKTOP_FILE
            || id.contains(is_unprintable)
        {
            return Err(RuleError::NotADesktopFile);
        }
        Ok(Self::Application(id.to_owned()))
    }

    /// A rule about a file type, by its identifier.
    pub fn kind(id: &str) -> Result<Self, RuleError> {
        FileKind::find(id)
            .map(Self::Kind)
            .ok_or(RuleError::NoSuchKind)
    }

    /// Zeitgeist's names and templates for this rule. Empty for rules that this module doesn't
    /// change.
    fn templates(&self) -> Vec<(String, Variant)> {
        match self {
            Self::Everything | Self::Other(_) => Vec::new(),
            Self::Kind(kind) => {
                let word = kind.interpretation.rsplit('#').next().unwrap_or_default();
                let name = format!("interpretation-{}", word.to_lowercase());
                vec![(name, template("", Some(("", kind.interpretation))))]
            }
            Self::Folder(path) => {
                let uri = format!(
                    "{}/*",
                    gio::File::for_path(path).uri().trim_end_matches('/')
                );
                let name = format!("dir-{}", path.display());
                vec![(name, template("", Some((&uri, ""))))]
            }
            Self::Application(id) => {
                let application = format!("{APPLICATION}{id}");
                vec![
                    (format!("app-{id}"), template(&application, Some(("", "")))),
                    (
                        format!("launch-{id}"),
                        template("", Some((&application, ""))),
                    ),
                ]
            }
        }
    }
}

/// An event template, from an actor and the URI and interpretation of a subject. An empty field
/// matches anything.
fn template(actor: &str, subject: Option<(&str, &str)>) -> Variant {
    // Id, time, interpretation, manifestation, actor, origin.
    let event = ["", "", "", "", actor, ""];
    // URI, interpretation, manifestation, origin, MIME type, text, storage, current URI, current
    // origin.
    let subjects: Vec<[&str; 9]> = subject
        .map(|(uri, interpretation)| [uri, interpretation, "", "", "", "", "", "", ""])
        .into_iter()
        .collect();
    let subjects: Vec<&[&str]> = subjects.iter().map(<[&str; 9]>::as_slice).collect();
    let payload: &[u8] = &[];
    (event.as_slice(), subjects, payload).to_variant()
}

/// Whether a template matches every event.
fn matches_everything((event, subjects, _): &Event) -> bool {
    // The id and the time don't restrict the match.
    event.iter().skip(2).all(String::is_empty)
        && (subjects.is_empty() || subjects.iter().any(|s| s.iter().all(String::is_empty)))
}

/// Converts Zeitgeist's templates to rules, in display order.
fn rules_of(templates: &Variant) -> Vec<Rule> {
    let templates: BTreeMap<String, Event> = templates.get().unwrap_or_default();
    let mut rules: Vec<Rule> = templates
        .iter()
        .filter_map(|(name, template)| {
            let (_, subjects, _) = template;
            let field = |at: usize| subjects.first()?.get(at).map(String::as_str);
            Some(if name == EVERYTHING && matches_everything(template) {
                Rule::Everything
            } else if name.starts_with("interpretation-") {
                let kind = FILE_KINDS
                    .iter()
                    .find(|kind| Some(kind.interpretation) == field(1));
                kind.map_or_else(|| Rule::Other(name.clone()), Rule::Kind)
            } else if let Some(path) = name.strip_prefix("dir-") {
                let uri = field(0).map(|uri| uri.strip_suffix('*').unwrap_or(uri));
                uri.and_then(|uri| gio::File::for_uri(uri).path())
                    // Only if the name is right, since removing the rule uses the name.
                    .filter(|found| found == Path::new(path))
                    .map_or_else(|| Rule::Other(name.clone()), Rule::Folder)
            } else if let Some(id) = name.strip_prefix("app-") {
                Rule::Application(id.to_owned())
            } else if let Some(id) = name.strip_prefix("launch-") {
                // Half of a pair: the `app-` template already stands for the rule.
                if templates.contains_key(&format!("app-{id}")) {
                    return None;
                }
                Rule::Application(id.to_owned())
            } else {
                Rule::Other(name.clone())
            })
        })
        .collect();
    rules.sort_by_cached_key(|rule| match rule {
        Rule::Everything => (0, 0, String::new()),
        Rule::Kind(kind) => (
            1,
            FILE_KINDS.iter().position(|k| k == *kind).unwrap_or(0),
            String::new(),
        ),
        Rule::Folder(path) => (2, 0, path.display().to_string()),
        Rule::Application(id) => (3, 0, id.to_lowercase()),
        Rule::Other(name) => (4, 0, name.clone()),
    });
    rules
}

/// Whether this computer has Zeitgeist. Starts no other program.
pub fn is_here() -> bool {
    super::zeitgeist::is_here()
}

/// The current rules. If Zeitgeist never ran there are none, and it isn't started.
pub fn rules(cancellable: &Cancellable) -> Result<Vec<Rule>, Problem> {
    let bus = bus().ok_or_else(no_bus)?;
    if !is_worth_asking(&bus) {
        return Ok(Vec::new());
    }
    read(&bus, cancellable)
}

fn read(bus: &gio::DBusConnection, cancellable: &Cancellable) -> Result<Vec<Rule>, Problem> {
    let reply = ask(
        bus,
        (PATH, INTERFACE),
        "GetTemplates",
        None,
        "(a{s(asaasay)})",
        (cancellable, limits::ZEITGEIST_PATIENCE),
    )?;
    if service::is_too_large(&reply) {
        return Err(Problem::Refused(service::TOO_LARGE.to_owned()));
    }
    Ok(rules_of(&reply.child_value(0)))
}

/// Adds a rule, and reads it back.
pub fn add(rule: &Rule, cancellable: &Cancellable) -> Result<(), Problem> {
    change(rule, true, cancellable)
}

/// Removes a rule, and verifies that it is gone. Succeeds if there is no such rule.
pub fn remove(rule: &Rule, cancellable: &Cancellable) -> Result<(), Problem> {
    change(rule, false, cancellable)
}

fn change(rule: &Rule, wanted: bool, cancellable: &Cancellable) -> Result<(), Problem> {
    if let Some(owner) = home::of_another() {
        return Err(Problem::Foreign(owner));
    }
    let bus = bus().ok_or_else(no_bus)?;
    for (name, template) in rule.templates() {
        let (method, question) = if wanted {
            let question = Variant::tuple_from_iter([name.to_variant(), template]);
            ("AddTemplate", question)
        } else {
            ("RemoveTemplate", (name,).to_variant())
        };
        ask(
            &bus,
            (PATH, INTERFACE),
            method,
            Some(&question),
            "()",
            (cancellable, limits::ZEITGEIST_PATIENCE),
        )?;
    }
    if read(&bus, cancellable)?.contains(rule) == wanted {
        Ok(())
    } else {
        Err(Problem::Refused(gettext("It did not take the change.")))
    }
}

fn no_bus() -> Problem {
    Problem::Refused(gettext("There is no session to ask it in."))
}

/// Calls back in the calling thread whenever any program adds or removes a rule, until the result
/// is dropped. `None`: there is no session bus.
pub fn watch(changed: impl Fn() + 'static) -> Option<Watch> {
    let bus = bus()?;
    let changed = watch::coalesced(changed);
    let subscriptions = ["TemplateAdded", "TemplateRemoved"].map(|signal| {
        let changed = Rc::clone(&changed);
        bus.subscribe_to_signal(
            Some(NAME),
            Some(INTERFACE),
            Some(signal),
            Some(PATH),
            None,
            gio::DBusSignalFlags::NONE,
            move |_| changed(),
        )
    });
    Some(Watch {
        _subscriptions: subscriptions,
    })
}

/// Watches for changes until it is dropped.
#[derive(Debug)]
pub struct Watch {
    _subscriptions: [gio::SignalSubscription; 2],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_zeitgeist_keeps(rules: &[Rule], more: &[&str]) -> Variant {
        let mut templates: BTreeMap<String, Variant> =
            rules.iter().flat_map(Rule::templates).collect();
        for name in more {
            templates.insert((*name).to_owned(), template("", None));
        }
        let entries = templates
            .into_iter()
            .map(|(name, template)| Variant::from_dict_entry(&name.to_variant(), &template));
        Variant::array_from_iter_with_type(glib::VariantTy::new("{s(asaasay)}").unwrap(), entries)
    }

    #[test]
    fn the_names_and_templates_are_those_of_activity_log_manager() {
        let (name, template) = Rule::kind("message").unwrap().templates().remove(0);
        assert_eq!(name, "interpretation-immessage");
        assert_eq!(template.type_().as_str(), "(asaasay)");
        let folder = Rule::folder(Path::new("/home/x/a b//c/")).unwrap();
        let (name, template) = folder.templates().remove(0);
        assert_eq!(name, "dir-/home/x/a b/c");
        assert!(template.to_string().contains("'file:///home/x/a%20b/c/*'"));
        let names: Vec<_> = Rule::application("gedit.desktop")
            .unwrap()
            .templates()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["app-gedit.desktop", "launch-gedit.desktop"]);
    }

    #[test]
    fn every_rule_is_found_again_and_those_of_others_are_shown() {
        let rules = [
            Rule::kind("image").unwrap(),
            Rule::folder(Path::new("/")).unwrap(),
            Rule::folder(Path::new("/home/x/ü *")).unwrap(),
            Rule::application("a.desktop").unwrap(),
        ];
        let kept = as_zeitgeist_keeps(
            &rules,
            &["block-all", "interpretation-odd", "mine", "dir-/other"],
        );
        let found = rules_of(&kept);
        assert_eq!(found[0], Rule::Everything);
        assert_eq!(found[1..5], rules);
        let others = ["dir-/other", "interpretation-odd", "mine"];
        assert_eq!(found[5..], others.map(|name| Rule::Other(name.to_owned())));
    }

    #[test]
    fn a_template_of_that_name_that_lets_something_through_is_not_everything() {
        let kept = |template: Variant| {
            let name = EVERYTHING.to_variant();
            let entry = Variant::from_dict_entry(&name, &template);
            let kind = glib::VariantTy::new("{s(asaasay)}").unwrap();
            rules_of(&Variant::array_from_iter_with_type(kind, [entry]))
        };
        let other = vec![Rule::Other(EVERYTHING.to_owned())];
        assert_eq!(kept(template("", None)), [Rule::Everything]);
        assert_eq!(kept(template("", Some(("", "")))), [Rule::Everything]);
        assert_eq!(kept(template("application://a.desktop", None)), other);
        assert_eq!(kept(template("", Some(("file:///home/*", "")))), other);
    }

    #[test]
    fn half_of_an_applications_rule_is_shown() {
        let kept = as_zeitgeist_keeps(&[], &["launch-a.desktop"]);
        assert_eq!(
            rules_of(&kept),
            [Rule::Application(String::from("a.desktop"))]
        );
    }

    #[test]
    fn no_rule_is_made_of_what_zeitgeist_could_not_match() {
        assert_eq!(
            Rule::folder(Path::new("Documents")),
            Err(RuleError::NotAbsolute)
        );
        for id in ["", ".desktop", "gedit", "a/b.desktop", "a\n.desktop"] {
            assert_eq!(
                Rule::application(id),
                Err(RuleError::NotADesktopFile),
                "{id}"
            );
        }
        assert_eq!(Rule::kind("odd"), Err(RuleError::NoSuchKind));
    }
}
