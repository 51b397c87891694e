// SPDX-License-Identifier: GPL-3.0-or-later

//! The user's privacy choices.
//!
//! To add one, add an entry with its words to [`ALL`] and a page to `help/C`. The schema, the desktop
//! file, the completions, the manual pages and the questions of Debian's installer follow from the
//! entry: `PRIVACY_PANEL_UPDATE=1 cargo test --no-default-features --test choices` writes them.

use crate::system::i18n::{gettext, noop};

/// One privacy choice.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// The ID in commands, files and schemas, such as `online-search`.
    pub id: &'static str,
    /// What programs do while it is on.
    pub act: Act,
    /// What the choice decides, in one English sentence. Manuals and the schema have it.
    pub decides: &'static str,
    title: &'static str,
    description: &'static str,
    loss: &'static str,
    keywords: &'static str,
    empty_hint: &'static str,
}

/// What programs do while a choice is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Something leaves the computer.
    Send,
    /// Something stays on the computer.
    Record,
}

/// Every choice, in order.
pub const ALL: &[Choice] = &[
    Choice {
        id: "online-search",
        act: Act::Send,
        decides: "Whether what you type into the search leaves this computer.",
        // Translators: the name of a switch, as it was in Ubuntu's System Settings
        title: noop("Include online search results"),
        // Translators: what happens while “Include online search results” is on
        description: noop(
            "What you type into the search, and this computer’s IP address, are sent to the search service and to the companies it asks for results.",
        ),
        // Translators: what people lose while “Include online search results” is off
        loss: noop("Searches still find what is on this computer, and nothing on the internet."),
        // Translators: words by which people may search for “Include online search results”; as
        // many as you like, with a semicolon after each
        keywords: noop("amazon;dash;internet;web;lens;shopping;suggestions;tracking;typing;"),
        // Translators: about “Include online search results”
        empty_hint: noop("No search on this computer that looks online follows this choice yet."),
    },
    Choice {
        id: "search-suggestions",
        act: Act::Send,
        decides: "Whether web browsers send what you type before you choose to search.",
        // Translators: the name of a switch
        title: noop("Suggest searches in web browsers"),
        // Translators: what happens while “Suggest searches in web browsers” is on
        description: noop(
            "What you type into the address bar of a web browser, and this computer’s IP address, are sent to the browser’s search engine while you type.",
        ),
        // Translators: what people lose while “Suggest searches in web browsers” is off
        loss: noop(
            "You still search from the address bar, and it still finds your bookmarks and the pages you visited. It suggests no searches while you type.",
        ),
        // Translators: words by which people may search for “Suggest searches in web browsers”; as
        // many as you like, with a semicolon after each
        keywords: noop(
            "address;autocomplete;browser;chrome;firefox;google;internet;tracking;typing;url;",
        ),
        // Translators: about “Suggest searches in web browsers”
        empty_hint: noop("No web browser on this computer follows this choice yet."),
    },
    Choice {
        id: "error-reports",
        act: Act::Send,
        decides: "Whether a report is sent when a program fails.",
        // Translators: the name of a switch
        title: noop("Send error reports"),
        // Translators: what happens while “Send error reports” is on
        description: noop(
            "When a program fails, a report of what programs were doing, with an identifier for this computer, is sent to the people who make this system.",
        ),
        // Translators: what people lose while “Send error reports” is off
        loss: noop(
            "Nothing else changes. The people who make this system don’t learn of a failure unless you tell them.",
        ),
        // Translators: words by which people may search for “Send error reports”; as many as you
        // like, with a semicolon after each
        keywords: noop("bug;crash;diagnostics;failure;problem;telemetry;tracking;"),
        // Translators: about “Send error reports”
        empty_hint: noop("No error reporter on this computer follows this choice yet."),
    },
    Choice {
        id: "usage-statistics",
        act: Act::Send,
        decides: "Whether facts about the computer and its software are sent.",
        // Translators: the name of a switch, as it was in Ubuntu's System Settings
        title: noop("Send occasional system information"),
        // Translators: what happens while “Send occasional system information” is on
        description: noop(
            "From time to time, facts about this computer and about how its software is used are sent to the people who make this system.",
        ),
        // Translators: what people lose while “Send occasional system information” is off
        loss: noop(
            "Nothing else changes. The people who make this system learn less about how it is used.",
        ),
        // Translators: words by which people may search for “Send occasional system information”;
        // as many as you like, with a semicolon after each
        keywords: noop("hardware;insights;metrics;popularity;statistics;telemetry;tracking;usage;"),
        // Translators: about “Send occasional system information”
        empty_hint: noop(
            "No program on this computer that sends such facts follows this choice yet.",
        ),
    },
    Choice {
        id: "activity-history",
        act: Act::Record,
        decides: "Whether the computer remembers which files and applications you use.",
        // Translators: the name of a switch, as it was in Ubuntu's System Settings
        title: noop("Record files and applications used"),
        // Translators: what happens while “Record files and applications used” is on
        description: noop(
            "The files you open and the applications you use are remembered on this computer. Whoever uses your account can see them.",
        ),
        // Translators: what people lose while “Record files and applications used” is off
        loss: noop(
            "Files you open from now on are not added to lists of recent files, and searches can’t put first what you use most.",
        ),
        // Translators: words by which people may search for “Record files and applications used”;
        // as many as you like, with a semicolon after each
        keywords: noop("activity;documents;history;journal;log;recent;remember;usage;zeitgeist;"),
        // Translators: about “Record files and applications used”
        empty_hint: noop("No program on this computer that records them follows this choice yet."),
    },
];

/// Whether error reports are sent.
pub const ERROR_REPORTS: &Choice = &ALL[2];

/// Whether activity is recorded on this computer. Zeitgeist's rules have an entry for it.
pub const ACTIVITY_HISTORY: &Choice = &ALL[4];

impl Choice {
    /// The choice with that ID.
    pub fn find(id: &str) -> Option<&'static Self> {
        ALL.iter().find(|choice| choice.id == id)
    }

    /// The IDs of all choices, for messages: `online-search, error-reports`.
    pub fn ids() -> String {
        ALL.iter()
            .map(|choice| choice.id)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The English name of the switch.
    pub const fn english_title(&self) -> &'static str {
        self.title
    }

    /// The English description.
    pub const fn english_description(&self) -> &'static str {
        self.description
    }

    /// The translated name of the switch.
    pub fn title(&self) -> String {
        gettext(self.title)
    }

    /// The translated description: what happens while the choice is on, and who sees it.
    pub fn description(&self) -> String {
        gettext(self.description)
    }

    /// The translated text about what people lose while the choice is off.
    pub fn loss(&self) -> String {
        gettext(self.loss)
    }

    /// The name, the keywords with a semicolon after each, and the description, in English.
    pub(crate) const fn texts(&self) -> [&'static str; 3] {
        [self.title, self.keywords, self.description]
    }

    /// The sentence for a choice that no installed program follows.
    pub fn empty_hint(&self) -> String {
        gettext(self.empty_hint)
    }
}

impl Act {
    /// Every act, in the order in which the panel shows its choices.
    pub const ALL: [Self; 2] = [Self::Send, Self::Record];

    /// The heading over its choices.
    pub fn title(self) -> String {
        match self {
            // Translators: heading over what apps send to others
            Self::Send => gettext("Sent From This Computer"),
            // Translators: heading over what apps keep about the user
            Self::Record => gettext("Remembered on This Computer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choices_that_have_a_name_in_the_code_are_those_that_they_name() {
        assert_eq!(ACTIVITY_HISTORY.id, "activity-history");
        assert_eq!(ERROR_REPORTS.id, "error-reports");
    }

    #[test]
    fn every_choice_is_found_by_its_name_and_is_in_a_group_that_is_shown() {
        for choice in ALL {
            assert_eq!(Choice::find(choice.id), Some(choice));
            assert!(Act::ALL.contains(&choice.act));
        }
        assert_eq!(Choice::find("no-such-choice"), None);
    }
}
