// SPDX-License-Identifier: GPL-3.0-or-later

//! The rows below a choice: the programs that follow it, who decided, and what the user can do.
//!
//! Created when the user opens a choice for the first time, since most are never opened. The buttons
//! activate actions of the choice's row.

use std::cell::Cell;
use std::rc::Rc;

use adw::prelude::*;
use gtk::accessible;

use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::reader::{Mode, Request};
use privacy_panel::choices::state::State;
use privacy_panel::choices::status::{ChoiceStatus, ReaderStatus};
use privacy_panel::choices::words;
use privacy_panel::policy::Organisation;
use privacy_panel::system::i18n::{Part, gettext, gettext_f, gettext_parts};
use privacy_panel::system::settings::Origin;

use crate::actions;
use crate::kit::markup::escape;
use crate::kit::row_layout;

/// In the order in which they are shown.
const MODES: [Mode; 2] = [Mode::Ask, Mode::Automatic];

/// The rows below a choice.
#[derive(Debug)]
pub(crate) struct Details {
    differing: adw::PreferencesRow,
    mode: adw::ComboRow,
    /// Whether the panel is setting the mode, not the user.
    showing: Rc<Cell<bool>>,
    programs: Vec<Program>,
    empty_hint: adw::ActionRow,
    decision: adw::ActionRow,
    reset: gtk::Button,
    contact: adw::ActionRow,
}

/// A reader that counts.
#[derive(Debug)]
struct Program {
    id: String,
    row: adw::ActionRow,
    state: gtk::Label,
}

impl Details {
    /// Creates the rows below a choice. `request` is called when the user selects a mode. `None` if
    /// `details.ui` lacks an object.
    pub(crate) fn new(
        parent: &impl IsA<adw::ExpanderRow>,
        choice: &Choice,
        request: impl Fn(Request) + 'static,
    ) -> Option<Self> {
        let builder = gtk::Builder::from_string(include_str!("details.ui"));
        let details = Self {
            differing: builder.object("differing")?,
            mode: builder.object("mode")?,
            showing: Rc::default(),
            programs: Vec::new(),
            empty_hint: builder.object("empty_hint")?,
            decision: builder.object("decision")?,
            reset: builder.object("reset")?,
            contact: builder.object("contact")?,
        };
        details.empty_hint.set_title(&escape(&choice.empty_hint()));
        let names: Vec<_> = MODES
            .iter()
            .map(|mode| words::mode((*mode).into()))
            .collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        details.mode.set_model(Some(&gtk::StringList::new(&names)));
        let showing = Rc::clone(&details.showing);
        details.mode.connect_selected_notify(move |row| {
            let mode = usize::try_from(row.selected()).ok();
            if let (false, Some(mode)) = (showing.get(), mode.and_then(|at| MODES.get(at))) {
                request(Request::Mode(*mode));
            }
        });
        for row in [&details.empty_hint, &details.decision, &details.contact] {
            row_layout::lay_out(row);
        }
        details.add_fixed(parent);
        Some(details)
    }

    pub(crate) fn show(&mut self, parent: &impl IsA<adw::ExpanderRow>, status: &ChoiceStatus) {
        let followers: Vec<_> = status.followers().collect();
        let ids = self.programs.iter().map(|program| &program.id);
        if !followers.iter().map(|reader| &reader.id).eq(ids) {
            self.make_programs(parent, &followers);
        }
        for (program, reader) in self.programs.iter().zip(followers) {
            program.show(status, reader);
        }
        self.show_mode(status);
        self.differing
            .set_visible(status.state == State::Mixed && !status.locked);
        self.empty_hint.set_visible(status.has_no_reader());
        self.reset.set_visible(status.resettable);

        let follows = what_follows(status);
        let who = words::who(status);
        self.decision.set_title(&escape(&who));
        self.decision.set_subtitle(&escape(&follows));
        self.decision
            .update_property(&[accessible::Property::Description(&follows)]);
        self.show_contact(status);
    }

    /// Shows how programs send, if one of them has several ways.
    fn show_mode(&self, status: &ChoiceStatus) {
        let mode = status.mode();
        let at = MODES
            .iter()
            .position(|known| mode == Some((*known).into()))
            .and_then(|at| u32::try_from(at).ok());
        self.showing.set(true);
        self.mode
            .set_selected(at.unwrap_or(gtk::INVALID_LIST_POSITION));
        self.showing.set(false);
        self.mode.set_visible(mode.is_some());
        // While the choice is off, nothing is sent.
        self.mode.set_sensitive(status.state.may_send());
    }

    /// Shows the contact of the organisation that decided.
    fn show_contact(&self, status: &ChoiceStatus) {
        let known = status.organisation.as_ref().and_then(|organisation| {
            let contact = organisation.contact.as_deref()?;
            Some((organisation, contact))
        });
        self.contact.set_visible(known.is_some());
        let Some((organisation, contact)) = known else {
            return;
        };
        self.contact.set_title(&escape(&gettext_f(
            // Translators: a link to the web page or mail address of an organisation
            "Contact {organisation}",
            &[("organisation", &organisation.name)],
        )));
        let address = words::contact_address(contact);
        self.contact.set_subtitle(&escape(address));
        self.contact
            .update_property(&[accessible::Property::Description(address)]);
        self.contact
            .set_action_target_value(Some(&contact.to_variant()));
        // The action requires a target, so its name is set after it.
        self.contact.set_action_name(Some(actions::CONTACT));
    }

    /// Creates the rows of the programs again, which is rarely needed.
    fn make_programs(&mut self, parent: &impl IsA<adw::ExpanderRow>, followers: &[&ReaderStatus]) {
        for program in self.programs.drain(..) {
            parent.remove(&program.row);
        }
        for row in self.fixed() {
            parent.remove(row);
        }
        parent.add_row(&self.differing);
        parent.add_row(&self.mode);
        for reader in followers {
            let program = Program::new(reader);
            parent.add_row(&program.row);
            self.programs.push(program);
        }
        parent.add_row(&self.empty_hint);
        parent.add_row(&self.decision);
        parent.add_row(&self.contact);
    }

    fn add_fixed(&self, parent: &impl IsA<adw::ExpanderRow>) {
        for row in self.fixed() {
            parent.add_row(row);
        }
    }

    fn fixed(&self) -> [&gtk::Widget; 5] {
        [
            self.differing.upcast_ref(),
            self.mode.upcast_ref(),
            self.empty_hint.upcast_ref(),
            self.decision.upcast_ref(),
            self.contact.upcast_ref(),
        ]
    }
}

impl Program {
    fn new(reader: &ReaderStatus) -> Self {
        let row = adw::ActionRow::builder()
            .title(escape(&reader.display_name()))
            .title_lines(0)
            .subtitle_lines(0)
            .build();
        let state = gtk::Label::new(None);
        state.add_css_class("dim-label");
        row.add_suffix(&state);
        row_layout::lay_out(&row);
        Self {
            id: reader.id.clone(),
            row,
            state,
        }
    }

    fn show(&self, status: &ChoiceStatus, reader: &ReaderStatus) {
        let state = words::reader_state(reader);
        let remarks = words::reader(reader, status, true);
        self.state.set_label(&state);
        self.row.set_subtitle(&escape(&remarks));
        // Screen readers don't read a label at the end of a row with the row.
        let spoken = if remarks.is_empty() {
            state
        } else {
            gettext_parts(
                // Translators: a state and what there is to say about it, for screen readers
                "{state}. {remarks}",
                &[
                    ("state", Part::Own(&state)),
                    ("remarks", Part::Own(&remarks)),
                ],
            )
        };
        self.row
            .update_property(&[accessible::Property::Description(&spoken)]);
    }
}

/// What the user can do about the decision.
fn what_follows(status: &ChoiceStatus) -> String {
    if status.locked {
        return match &status.organisation {
            Some(organisation) => named("Only {organisation} can change this.", organisation),
            None => gettext("Only your administrator can change this."),
        };
    }
    match status.origin {
        Origin::Default => gettext("You have not decided yet."),
        Origin::Administrator => gettext("You can still decide otherwise."),
        Origin::You if status.preset => match &status.organisation {
            Some(organisation) => named(
                "Reset goes back to what {organisation} has set.",
                organisation,
            ),
            None => gettext("Reset goes back to what your administrator has set."),
        },
        // The panel doesn't know the default of a value that is set for all users.
        Origin::You if status.followers().any(is_for_everybody) => {
            gettext("Reset goes back to the default, except where it is set for everybody.")
        }
        Origin::You => gettext("Reset goes back to the default."),
    }
}

fn is_for_everybody(reader: &ReaderStatus) -> bool {
    reader.reading().is_some_and(|answer| answer.for_everybody)
}

fn named(sentence: &str, organisation: &Organisation) -> String {
    gettext_f(sentence, &[("organisation", &organisation.name)])
}
