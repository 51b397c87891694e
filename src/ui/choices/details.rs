// SPDX-License-Identifier: GPL-3.0-or-later

//! The rows below a choice: the programs that follow it, who decided, and what the user can do.
//!
//! Created when the user opens a choice for the first time, since most are never opened. The buttons
//! activate actions of the choice's row.

use std::cell::Cell;
use std::rc::Rc;

use adw::prelude::*;
use gtk::accessible;

use privacy_panel::choices::reader::{Mode, Request};
use privacy_panel::choices::state::State;
use privacy_panel::choices::status::{ChoiceStatus, ReaderStatus};
use privacy_panel::choices::words;
use privacy_panel::policy::Organisation;
use privacy_panel::system::i18n::{Part, gettext, gettext_f, gettext_parts};
use privacy_panel::system::settings::Origin;

use crate::actions;
use crate::kit::expander;
use crate::kit::focus;
use crate::kit::markup::escape;
use crate::kit::row_layout;

/// In the order in which they are shown.
const MODES: [Mode; 2] = [Mode::Ask, Mode::Automatic];

/// The rows below a choice.
#[derive(Debug)]
pub(crate) struct Details {
    explanation: adw::ActionRow,
    differing: adw::PreferencesRow,
    mode: adw::ComboRow,
    /// Whether the panel is setting the mode, not the user.
    showing: Rc<Cell<bool>>,
    programs: Vec<Program>,
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
    /// Asks its service again, if that did not answer.
    try_again: gtk::Button,
}

impl Details {
    /// Creates the rows below a choice. `request` is called when the user selects a mode. `None` if
    /// `details.ui` lacks an object.
    pub(crate) fn new(
        parent: &impl IsA<adw::ExpanderRow>,
        request: impl Fn(Request) + 'static,
    ) -> Option<Self> {
        let builder = gtk::Builder::from_string(include_str!("details.ui"));
        let details = Self {
            explanation: builder.object("explanation")?,
            differing: builder.object("differing")?,
            mode: builder.object("mode")?,
            showing: Rc::default(),
            programs: Vec::new(),
            decision: builder.object("decision")?,
            reset: builder.object("reset")?,
            contact: builder.object("contact")?,
        };
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
        let rows = [&details.explanation, &details.decision, &details.contact];
        for row in rows {
            row_layout::lay_out(row);
        }
        details.add_fixed(parent);
        Some(details)
    }

    pub(crate) fn show(&mut self, parent: &impl IsA<adw::ExpanderRow>, status: &ChoiceStatus) {
        // Hidden first, while the focus can still be moved.
        let header = expander::header(parent.upcast_ref());
        let show = |widget: &gtk::Widget, visible: bool| {
            if !visible {
                focus::leave(widget, header.as_ref());
            }
            widget.set_visible(visible);
        };
        let differs = status.known() == Some(State::Mixed);
        show(self.differing.upcast_ref(), differs && !status.locked);
        show(self.mode.upcast_ref(), status.mode().is_some());
        show(self.reset.upcast_ref(), status.resettable);
        show(self.contact.upcast_ref(), contact(status).is_some());

        self.explanation
            .set_title(&escape(&words::explanation(status)));
        let followers: Vec<_> = status.followers().collect();
        let ids = self.programs.iter().map(|program| &program.id);
        if !followers.iter().map(|reader| &reader.id).eq(ids) {
            self.make_programs(parent, header.as_ref(), &followers);
        }
        for (program, reader) in self.programs.iter().zip(followers) {
            program.show(status, reader, header.as_ref());
        }
        self.show_mode(status);

        let follows = what_follows(status);
        let who = words::who(status);
        self.decision.set_title(&escape(&who));
        self.decision.set_subtitle(&escape(&follows));
        self.decision
            .update_property(&[accessible::Property::Description(&follows)]);
        self.show_contact(status);
    }

    /// Says that the services that did not answer are asked again.
    pub(crate) fn show_waiting(&self) {
        for program in &self.programs {
            if program.try_again.is_visible() {
                program.row.set_subtitle(&escape(&waiting()));
            }
        }
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
        // While the choice is off, nothing is sent.
        self.mode.set_sensitive(status.state.may_send());
    }

    /// Shows the contact of the organisation that decided.
    fn show_contact(&self, status: &ChoiceStatus) {
        let Some((organisation, contact)) = contact(status) else {
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
    fn make_programs(
        &mut self,
        parent: &impl IsA<adw::ExpanderRow>,
        header: Option<&gtk::Widget>,
        followers: &[&ReaderStatus],
    ) {
        let focus = focus::within(parent.upcast_ref::<adw::ExpanderRow>())
            .filter(|focus| Some(focus) != header);
        let inside = focus.filter(|focus| {
            let rows = self
                .fixed()
                .into_iter()
                .chain(self.programs.iter().map(|program| program.row.upcast_ref()));
            rows.into_iter()
                .any(|row| focus == row || focus.is_ancestor(row))
        });
        if let (Some(_), Some(header)) = (&inside, header) {
            header.grab_focus();
        }
        for program in self.programs.drain(..) {
            parent.remove(&program.row);
        }
        for row in self.fixed() {
            parent.remove(row);
        }
        parent.add_row(&self.explanation);
        parent.add_row(&self.differing);
        parent.add_row(&self.mode);
        for reader in followers {
            let program = Program::new(reader);
            parent.add_row(&program.row);
            self.programs.push(program);
        }
        parent.add_row(&self.decision);
        parent.add_row(&self.contact);
        // A row that was only added again keeps the focus.
        if let Some(focus) =
            inside.filter(|focus| focus.is_ancestor(parent.upcast_ref::<adw::ExpanderRow>()))
        {
            focus.grab_focus();
        }
    }

    fn add_fixed(&self, parent: &impl IsA<adw::ExpanderRow>) {
        for row in self.fixed() {
            parent.add_row(row);
        }
    }

    fn fixed(&self) -> [&gtk::Widget; 5] {
        [
            self.explanation.upcast_ref(),
            self.differing.upcast_ref(),
            self.mode.upcast_ref(),
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
        // Translators: button: asks an app again that did not answer
        let label = gtk::Label::with_mnemonic(&gettext("_Try Again"));
        let try_again = gtk::Button::builder()
            .child(&label)
            .css_classes(["text-button"])
            .valign(gtk::Align::Center)
            .action_name(actions::TRY_AGAIN)
            .build();
        label.set_mnemonic_widget(Some(&try_again));
        row.add_suffix(&try_again);
        row_layout::lay_out(&row);
        Self {
            id: reader.id.clone(),
            row,
            state,
            try_again,
        }
    }

    fn show(&self, status: &ChoiceStatus, reader: &ReaderStatus, header: Option<&gtk::Widget>) {
        let is_silent = reader.is_silent();
        if !is_silent {
            focus::leave(&self.try_again, header);
        }
        self.try_again.set_visible(is_silent);
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

/// While services are asked.
pub(crate) fn waiting() -> String {
    // Translators: while it is not known yet what an app does
    gettext("Waiting for an answer…")
}

/// The organisation that decided, and its contact.
fn contact(status: &ChoiceStatus) -> Option<(&Organisation, &str)> {
    let organisation = status.organisation.as_ref()?;
    Some((organisation, organisation.contact.as_deref()?))
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
