// SPDX-License-Identifier: GPL-3.0-or-later

//! The page of a choice: what it is about, its switch, who decided, and each app that follows it.

use std::cell::Cell;
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
use crate::choices::lever::Lever;
use crate::choices::texts;
use crate::kit::announce;
use crate::kit::buttons;
use crate::kit::focus;
use crate::kit::markup::escape;
use crate::kit::row_layout;
use crate::kit::rows;

/// In the order in which they are shown.
const MODES: [Mode; 2] = [Mode::Ask, Mode::Automatic];

#[derive(Debug)]
struct Widgets {
    about: adw::PreferencesGroup,
    main: adw::ActionRow,
    lever: Lever,
    failure: adw::ActionRow,
    mode: adw::ComboRow,
    /// Whether the panel is setting the mode, not the user.
    showing: Rc<Cell<bool>>,
    decision: adw::ActionRow,
    reset: gtk::Button,
    contact: adw::ActionRow,
    apps: Apps,
}

mod imp {
    use std::cell::OnceCell;

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
}

impl Widgets {
    fn new(control: &Control, page: &adw::PreferencesPage) -> Self {
        let title = control.choice().title();
        let about = adw::PreferencesGroup::new();
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
        let failure = failure_row(control);
        let (mode, showing) = mode_row(control);
        let decision = rows::plain("", "");
        let reset = reset_button(control);
        decision.add_suffix(&reset);
        let contact = contact_row();
        for row in [&main, &failure, &decision, &contact] {
            row_layout::lay_out(row);
        }
        about.add(&main);
        about.add(&failure);
        about.add(&mode);
        about.add(&decision);
        about.add(&contact);
        Self {
            about,
            main,
            lever,
            failure,
            mode,
            showing,
            decision,
            reset,
            contact,
            apps: Apps::new(control, page),
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
        self.main.set_subtitle(&said.markup());
        announce::describe(&self.main, &said.spoken());
        self.lever
            .show(&texts::position(control), Some(self.main.upcast_ref()));
        let failure = control.failure();
        show(self.failure.upcast_ref(), failure.is_some());
        self.failure
            .set_title(&escape(&failure.unwrap_or_default()));

        let status = control.status();
        show(self.decision.upcast_ref(), status.is_some());
        let Some(status) = status else {
            return;
        };
        let about = [words::explanation(&status), words::loss(status.choice)];
        self.about
            .set_description(Some(&escape(&about.join("\n\n"))));
        buttons::set_text(&self.reset, &reset_label(&status));
        show(self.mode.upcast_ref(), status.mode().is_some());
        show(self.reset.upcast_ref(), status.resettable);
        show(self.contact.upcast_ref(), contact(&status).is_some());
        self.show_mode(&status);
        let mut follows = what_follows(&status);
        if status.pending {
            follows = format!("{} {follows}", words::pending());
        }
        self.decision.set_title(&escape(&words::who(&status)));
        let follows = follows.trim_end();
        self.decision.set_subtitle(&escape(follows));
        announce::describe(&self.decision, follows);
        self.show_contact(&status);
        self.apps.show(control, &status);
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
        let value = mode.map(words::mode).unwrap_or_default();
        // GTK's combo rows don't tell screen readers their value.
        announce::describe(&self.mode, &value);
        // While the choice is off, nothing is sent.
        let may_send = status.state.may_send();
        self.mode.set_sensitive(may_send);
        let why = if may_send {
            String::new()
        } else {
            // Translators: why it cannot be chosen now how reports are sent
            gettext("Nothing is sent while this is off.")
        };
        self.mode.set_subtitle(&escape(&why));
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

/// What failed in the last change, until the next one.
fn failure_row(control: &Control) -> adw::ActionRow {
    let row = rows::plain("", "");
    let icon = rows::decoration("dialog-warning-symbolic");
    icon.add_css_class("warning");
    row.add_prefix(&icon);
    // Translators: button: tries a change again that has failed, or asks an app again
    let button = buttons::text(&gettext("_Try Again"));
    button.connect_clicked(glib::clone!(
        #[weak]
        control,
        move |_| control.try_again()
    ));
    row.add_suffix(&button);
    row
}

fn mode_row(control: &Control) -> (adw::ComboRow, Rc<Cell<bool>>) {
    let showing = Rc::<Cell<bool>>::default();
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
    let is_showing = Rc::clone(&showing);
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
    (row, showing)
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
        Origin::You if status.followers().any(is_for_everybody) => {
            gettext("Reset goes back to the default, except where it is set for everybody.")
        }
        // The button says it.
        Origin::You => String::new(),
    }
}

fn is_for_everybody(reader: &ReaderStatus) -> bool {
    reader.reading().is_some_and(|answer| answer.for_everybody)
}

fn named(sentence: &str, organisation: &Organisation) -> String {
    gettext_f(sentence, &[("organisation", &organisation.name)])
}
