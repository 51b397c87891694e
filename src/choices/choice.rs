// SPDX-License-Identifier: GPL-3.0-or-later

//! The privacy decisions that a person can make.
//!
//! A new one is an entry in [`ALL`] with its words, and a boolean key of the same name in
//! `data/net.launchpad.PrivacyPanel.gschema.xml`. Everything else follows from these two; the
//! desktop file may have an action for it.

use crate::system::i18n::{gettext, noop};

/// One privacy decision.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// The name in commands, files and schemas, such as `online-search`.
    pub id: &'static str,
    /// Where the panel shows it.
    pub group: Group,
    title: &'static str,
    description: &'static str,
    keywords: &'static str,
    nobody: &'static str,
}

/// The parts of the panel, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// What is typed into the desktop's search.
    Search,
    /// What programs report about themselves and this computer.
    Diagnostics,
    /// What is remembered on this computer.
    History,
}

/// Every choice, in the order in which they are shown.
pub const ALL: &[Choice] = &[
    Choice {
        id: "online-search",
        group: Group::Search,
        // Translators: the name of a switch, as it was in Ubuntu's System Settings
        title: noop("Include online search results"),
        // Translators: what happens while “Include online search results” is on
        description: noop(
            "What you type into the search, and this computer’s IP address, are sent to the search service and to the companies it asks for results.",
        ),
        // Translators: words by which people may search for “Include online search results”; as
        // many as you like, with a semicolon after each
        keywords: noop("amazon;dash;internet;web;lens;shopping;suggestions;tracking;typing;"),
        // Translators: about “Include online search results”
        nobody: noop("No search on this computer that looks online follows this choice yet."),
    },
    Choice {
        id: "error-reports",
        group: Group::Diagnostics,
        // Translators: the name of a switch
        title: noop("Send error reports"),
        // Translators: what happens while “Send error reports” is on
        description: noop(
            "When a program fails, a report of what programs were doing, with an identifier for this computer, is sent to the people who make this system.",
        ),
        // Translators: words by which people may search for “Send error reports”; as many as you
        // like, with a semicolon after each
        keywords: noop("bug;crash;diagnostics;failure;problem;telemetry;tracking;"),
        // Translators: about “Send error reports”
        nobody: noop("No error reporter on this computer follows this choice yet."),
    },
    Choice {
        id: "usage-statistics",
        group: Group::Diagnostics,
        // Translators: the name of a switch, as it was in Ubuntu's System Settings
        title: noop("Send occasional system information"),
        // Translators: what happens while “Send occasional system information” is on
        description: noop(
            "From time to time, facts about this computer and about how its software is used are sent to the people who make this system.",
        ),
        // Translators: words by which people may search for “Send occasional system information”;
        // as many as you like, with a semicolon after each
        keywords: noop("hardware;insights;metrics;popularity;statistics;telemetry;tracking;usage;"),
        // Translators: about “Send occasional system information”
        nobody: noop("No program on this computer that sends such facts follows this choice yet."),
    },
    Choice {
        id: "activity-history",
        group: Group::History,
        // Translators: the name of a switch, as it was in Ubuntu's System Settings
        title: noop("Record files and applications used"),
        // Translators: what happens while “Record files and applications used” is on
        description: noop(
            "The files you open and the applications you use are remembered on this computer. Whoever uses your account can see them.",
        ),
        // Translators: words by which people may search for “Record files and applications used”;
        // as many as you like, with a semicolon after each
        keywords: noop("activity;documents;history;journal;log;recent;remember;usage;zeitgeist;"),
        // Translators: about “Record files and applications used”
        nobody: noop("No program on this computer that records them follows this choice yet."),
    },
];

/// Whether activity is recorded on this computer. Zeitgeist's rules have an entry for it.
pub const ACTIVITY_HISTORY: &Choice = &ALL[3];

impl Choice {
    /// The choice of that name.
    pub fn find(id: &str) -> Option<&'static Self> {
        ALL.iter().find(|choice| choice.id == id)
    }

    /// The names of all choices, for messages: `online-search, error-reports`.
    pub fn ids() -> String {
        ALL.iter()
            .map(|choice| choice.id)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The name of the switch, in the person's language.
    pub fn title(&self) -> String {
        gettext(self.title)
    }

    /// What happens while the choice is on and who gets to see it, in the person's language.
    pub fn description(&self) -> String {
        gettext(self.description)
    }

    /// The name, the keywords with a semicolon after each, and the description, in English.
    pub(crate) const fn texts(&self) -> [&'static str; 3] {
        [self.title, self.keywords, self.description]
    }

    /// What to say when no installed program but the panel's own key follows the choice.
    pub fn nobody(&self) -> String {
        gettext(self.nobody)
    }
}

impl Group {
    /// Every group, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Search, Self::Diagnostics, Self::History];

    /// The heading, in the person's language.
    pub fn title(self) -> String {
        match self {
            // Translators: heading over the choices about the desktop's search
            Self::Search => gettext("Search"),
            // Translators: heading over the choices about error reports and system information
            Self::Diagnostics => gettext("Diagnostics"),
            // Translators: heading over the choices about what is remembered on this computer
            Self::History => gettext("History"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_has_a_boolean_key_of_its_name_that_is_false_by_default() {
        let schema = include_str!("../../data/net.launchpad.PrivacyPanel.gschema.xml");
        for choice in ALL {
            let key = format!("<key name=\"{}\" type=\"b\">", choice.id);
            let at = schema.find(&key).expect(&key);
            let default = schema[at..].find("<default>").expect("a default") + at;
            assert!(schema[default..].starts_with("<default>false</default>"));
        }
        let own = schema.split("</schema>").next().unwrap();
        assert_eq!(own.matches("<key ").count(), ALL.len());
    }

    #[test]
    fn the_choice_that_has_a_name_in_the_code_is_the_one_that_it_names() {
        assert_eq!(ACTIVITY_HISTORY.id, "activity-history");
    }

    #[test]
    fn every_choice_is_found_by_its_name_and_is_in_a_group_that_is_shown() {
        for choice in ALL {
            assert_eq!(Choice::find(choice.id), Some(choice));
            assert!(Group::ALL.contains(&choice.group));
        }
        assert_eq!(Choice::find("no-such-choice"), None);
    }
}
