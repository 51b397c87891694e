// SPDX-License-Identifier: GPL-3.0-or-later

//! The page of a choice: what it is about, its switch, who decided, and each app that follows it.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::glib;

use privacy_panel::choices::organisation::Organisation;
use privacy_panel::choices::reader::{Mode, Request};
use privacy_panel::choices::state::State;
use privacy_panel::choices::status::{ChoiceStatus, ReaderStatus};
use privacy_panel::choices::words;
use privacy_panel::system::i18n::{gettext, gettext_f};
use privacy_panel::system::settings::Origin;

use crate::actions;
use crate::choices::apps::Apps;
use crate::choices::control::Control;
use crate::choices::identifier::Identifiers;
use crate::choices::lever::Lever;
use crate::choices::texts;
use crate::kit::announce;
use crate::kit::buttons;
use crate::kit::focus;
use crate::kit::markup::escape;
use crate::kit::row_layout;
use crate::kit::rows;
use crate::notices;

/// In display order.
const MODES: [Mode; 2] = [Mode::Ask, Mode::Automatic];

#[derive(Debug)]
struct Widgets {
    about: adw::PreferencesGroup,
    main: adw::ActionRow,
    lever: Lever,
    /// The failure of the last change, until the next one, or why none can be saved.
    failure: adw::ActionRow,
    again: gtk::Button,
    /// Made when there is a mode.
    mode: OnceCell<adw::ComboRow>,
    /// Whether the panel is setting the mode, not the user.
    showing: Rc<Cell<bool>>,
    decision: adw::ActionRow,
    reset: gtk::Button,
    contact: adw::ActionRow,
    identifiers: Option<Identifiers>,
    /// Whether the rows below the switch are shown.
    is_complete: Cell<bool>,
    /// Made after the page has been drawn.
    apps: OnceCell<Apps>,
}

mod imp {
    use super::*;

    #[derive(Default)]
    pub(crate) struct ChoicePage {
        pub(super) control: OnceCell<Control>,
        pub(super) widgets: OnceCell<Widgets>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ChoicePage {
        const NAME: &'static str = "PrivacyPanelChoicePage";
        type Type = super::ChoicePage;
        type ParentType = adw::Bin;
    }

    impl ObjectImpl for ChoicePage {}
    impl WidgetImpl for ChoicePage {}
    impl BinImpl for ChoicePage {}
}

glib::wrapper! {
    pub(crate) struct ChoicePage(ObjectSubclass<imp::ChoicePage>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl ChoicePage {
    pub(crate) fn new(control: &Control) -> Self {
        let page: Self = glib::Object::new();
        let preferences = adw::PreferencesPage::new();
        page.set_child(Some(&preferences));
        let widgets = Widgets::new(control, &preferences);
        page.complete(&preferences);
        // Only this function sets them.
        let _ = page.imp().control.set(control.clone());
        let _ = page.imp().widgets.set(widgets);
        control.connect_shown(&page, Self::show);
        page.show();
        page
    }

    fn show(&self) {
        if let (Some(control), Some(widgets)) = (self.imp().control.get(), self.imp().widgets.get())
        {
            widgets.show(control);
        }
    }

    /// Adds the parts below the switch, each in a separate frame: laying out their texts takes a
    /// while.
    fn complete(&self, preferences: &adw::PreferencesPage) {
        let preferences = preferences.clone();
        let frames = Cell::new(0_u32);
        self.add_tick_callback(move |page, _| {
            let imp = page.imp();
            let (Some(control), Some(widgets)) = (imp.control.get(), imp.widgets.get()) else {
                return glib::ControlFlow::Break;
            };
            frames.set(frames.get() + 1);
            match frames.get() {
                1 => return glib::ControlFlow::Continue,
                2 => {
                    widgets.is_complete.set(true);
                    widgets.show(control);
                }
                3 => {
                    widgets
                        .apps
                        .get_or_init(|| Apps::new(control, &preferences));
                }
                _ => {
                    if let (Some(apps), Some(status)) = (widgets.apps.get(), control.status()) {
                        apps.show(control, &status);
                    }
                    return glib::ControlFlow::Break;
                }
            }
            glib::ControlFlow::Continue
        });
    }
}

impl Widgets {
    fn new(control: &Control, page: &adw::PreferencesPage) -> Self {
        let title = control.choice().title();
        let about = adw::PreferencesGroup::new();
        row_layout::lay_out_group(&about);
        page.add(&about);

        let main = rows::plain(&title, "");
        let lever = Lever::new(
            &title,
            glib::clone!(
                #[weak]
                control,
                move |on| control.request(texts::request(on))
            ),
        );
        lever.add_to(&main);
        // A click anywhere on the row moves the switch, which is small. With an activatable widget,
        // libadwaita would name the switch twice.
        main.set_activatable(true);
        main.connect_activated(glib::clone!(
            #[strong(rename_to = switch)]
            lever.switch(),
            move |_| {
                switch.activate();
            }
        ));
        let failure = notices::warning("");
        let again = again_button(control);
        failure.add_suffix(&again);
        let decision = rows::plain("", "");
        let reset = reset_button(control);
        decision.add_suffix(&reset);
        let contact = contact_row();
        for row in [&main, &failure, &decision, &contact] {
            row_layout::lay_out(row);
        }
        for row in [&failure, &decision, &contact] {
            row.set_visible(false);
        }
        about.add(&main);
        about.add(&failure);
        about.add(&decision);
        about.add(&contact);
        let identifiers = control.catalogue().map(Identifiers::new);
        if let Some(identifiers) = &identifiers {
            page.add(identifiers.widget());
        }
        Self {
            about,
            main,
            lever,
            failure,
            again,
            mode: OnceCell::new(),
            showing: Rc::default(),
            decision,
            reset,
            contact,
            identifiers,
            is_complete: Cell::default(),
            apps: OnceCell::new(),
        }
    }

    fn show(&self, control: &Control) {
        // Hidden first, while the focus can still be moved.
        let place = self.lever.switch().upcast_ref::<gtk::Widget>();
        let show = |widget: &gtk::Widget, visible: bool| {
            if !visible {
                focus::leave(widget, Some(place));
            }
            widget.set_visible(visible);
        };
        let said = texts::said(control);
        self.main.set_subtitle(&said.state());
        announce::describe(&self.main, &said.spoken());
        self.lever
            .show(&texts::position(control), Some(self.main.upcast_ref()));
        let status = control.status();
        self.show_about(control);
        if !self.is_complete.get() {
            return;
        }
        let failure = control.failure();
        show(self.again.upcast_ref(), failure.is_some());
        // Trying again does not help where nothing can be saved.
        let problem = failure.or_else(|| control.obstacle());
        show(self.failure.upcast_ref(), problem.is_some());
        self.failure
            .set_title(&escape(&problem.unwrap_or_default()));

        show(self.decision.upcast_ref(), status.is_some());
        let Some(status) = status else {
            return;
        };
        buttons::set_text(&self.reset, &reset_label(&status));
        show(self.reset.upcast_ref(), status.resettable);
        show(self.contact.upcast_ref(), contact(&status).is_some());
        self.show_mode(control, &status, place);
        let mut follows = what_follows(&status);
        if status.pending {
            follows = format!("{} {follows}", words::pending());
        }
        self.decision.set_title(&escape(&words::who(&status)));
        let follows = follows.trim_end();
        self.decision.set_subtitle(&escape(follows));
        announce::describe(&self.decision, follows);
        self.show_contact(&status);
        if let Some(identifiers) = &self.identifiers {
            identifiers.show(&status);
        }
        if let Some(apps) = self.apps.get() {
            apps.show(control, &status);
        }
    }

    /// Shows what happens while the choice is on, and what the user loses while it is off.
    fn show_about(&self, control: &Control) {
        if let Some(status) = control.status() {
            let about = [words::explanation(&status), words::loss(status.choice)];
            self.about
                .set_description(Some(&escape(&about.join("\n\n"))));
        }
    }

    /// Shows how programs send, if one of them has several ways.
    fn show_mode(&self, control: &Control, status: &ChoiceStatus, place: &gtk::Widget) {
        let mode = status.mode();
        if mode.is_none() {
            if let Some(row) = self.mode.get() {
                focus::leave(row, Some(place));
                row.set_visible(false);
            }
            return;
        }
        let row = self.mode.get_or_init(|| self.add_mode(control));
        row.set_visible(true);
        let at = MODES
            .iter()
            .position(|known| mode == Some((*known).into()))
            .and_then(|at| u32::try_from(at).ok());
        self.showing.set(true);
        row.set_selected(at.unwrap_or(gtk::INVALID_LIST_POSITION));
        self.showing.set(false);
        let value = mode.map(words::mode).unwrap_or_default();
        // GTK's combo rows don't tell screen readers their value.
        announce::describe(row, &value);
        // While the choice is off, nothing is sent.
        let may_send = status.state.may_send();
        row.set_sensitive(may_send);
        let why = if may_send {
            String::new()
        } else {
            // Translators: why it cannot be chosen now how reports are sent
            gettext("Nothing is sent while this is off.")
        };
        row.set_subtitle(&escape(&why));
    }

    /// Adds the row with the mode above the decision.
    fn add_mode(&self, control: &Control) -> adw::ComboRow {
        let row = mode_row(control, &self.showing);
        let below = [&self.decision, &self.contact];
        for other in below {
            self.about.remove(other);
        }
        self.about.add(&row);
        for other in below {
            self.about.add(other);
        }
        row
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
        announce::describe(&self.contact, address);
        self.contact
            .set_action_target_value(Some(&contact.to_variant()));
        // The action requires a target, so its name is set after it.
        self.contact.set_action_name(Some(actions::CONTACT));
    }
}

fn again_button(control: &Control) -> gtk::Button {
    // Translators: button: tries a change again that has failed, or asks an app again
    let button = buttons::text(&gettext("_Try Again"));
    button.connect_clicked(glib::clone!(
        #[weak]
        control,
        move |_| control.try_again()
    ));
    button
}

fn mode_row(control: &Control, showing: &Rc<Cell<bool>>) -> adw::ComboRow {
    let names: Vec<_> = MODES
        .iter()
        .map(|mode| words::mode((*mode).into()))
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let row = adw::ComboRow::builder()
        // Translators: whether people are asked before a report is sent
        .title(gettext("How to Send"))
        .title_lines(0)
        .model(&gtk::StringList::new(&names))
        .build();
    let is_showing = Rc::clone(showing);
    row.connect_selected_notify(glib::clone!(
        #[weak]
        control,
        move |row| {
            let mode = usize::try_from(row.selected()).ok();
            if let (false, Some(mode)) = (is_showing.get(), mode.and_then(|at| MODES.get(at))) {
                control.request(Request::Mode(*mode));
            }
        }
    ));
    row
}

fn reset_button(control: &Control) -> gtk::Button {
    let button = buttons::text(" ");
    button.connect_clicked(glib::clone!(
        #[weak]
        control,
        move |_| control.request(Request::Reset)
    ));
    button
}

fn reset_label(status: &ChoiceStatus) -> String {
    match status.on_reset() {
        // Translators: button: goes back to what the administrator has set
        _ if status.preset => gettext("_Reset"),
        // Translators: button: goes back to the default, which is to send or record nothing
        Some(State::Off) => gettext("_Reset to Default (Off)"),
        // Translators: button: goes back to the default, which is to send or record something
        Some(State::On) => gettext("_Reset to Default (On)"),
        // Translators: button: goes back to the default, which may differ between apps
        Some(State::Mixed) | None => gettext("_Reset to Default"),
    }
}

fn contact_row() -> adw::ActionRow {
    let row = rows::plain("", "");
    row.set_activatable(true);
    row.add_suffix(&rows::decoration("adw-external-link-symbolic"));
    row
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
        Origin::You if status.followers().any(is_for_every_user) => {
            gettext("Reset goes back to the default, except where it is set for everybody.")
        }
        // The button already says it.
        Origin::You => String::new(),
    }
}

fn is_for_every_user(reader: &ReaderStatus) -> bool {
    reader.reading().is_some_and(|answer| answer.for_every_user)
}

fn named(sentence: &str, organisation: &Organisation) -> String {
    gettext_f(sentence, &[("organisation", &organisation.name)])
}
