// SPDX-License-Identifier: GPL-3.0-or-later

//! The row of an app on the page of a choice.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;
use gtk::{gio, glib};

use privacy_panel::choices::change::Task;
use privacy_panel::choices::overview;
use privacy_panel::choices::overview::Sections;
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::state::State;
use privacy_panel::choices::status::{ChoiceStatus, ReaderStatus};
use privacy_panel::choices::words;
use privacy_panel::system::i18n::gettext;

use crate::choices::control::{Control, Failed, Restart};
use crate::choices::icons::Entry;
use crate::choices::lever::{Lever, Position};
use crate::choices::restart;
use crate::choices::texts;
use crate::kit::announce;
use crate::kit::buttons;
use crate::kit::focus;
use crate::kit::markup;
use crate::kit::row_layout;
use crate::kit::rows;

/// The icon of an app without one.
const ICON: &str = "application-x-executable-symbolic";

/// The sections, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Attention,
    On,
    Off,
}

impl Section {
    pub(crate) const ALL: [Self; 3] = [Self::Attention, Self::On, Self::Off];

    /// The apps in it.
    pub(crate) fn of<'a>(self, sections: &'a Sections<'_>) -> &'a [&'a ReaderStatus] {
        match self {
            Self::Attention => &sections.attention,
            Self::On => &sections.on,
            Self::Off => &sections.off,
        }
    }
}

/// The action of the button of an app that needs attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Help {
    ReadAgain,
    Restart,
    Change(Request),
}

#[derive(Debug)]
pub(crate) struct AppRow {
    id: String,
    name: String,
    row: adw::ActionRow,
    icon: gtk::Image,
    lever: Lever,
    button: gtk::Button,
    help: Rc<Cell<Option<Help>>>,
    /// The ID of the app's desktop file.
    entry: Rc<RefCell<Option<String>>>,
}

impl AppRow {
    /// `moved` gets the ID of the app when the user changes it.
    pub(crate) fn new(
        control: &Control,
        reader: &ReaderStatus,
        moved: &Rc<RefCell<Option<String>>>,
    ) -> Self {
        let name = reader.display_name();
        let row = rows::plain(&name, "");
        let icon = rows::decoration(ICON);
        icon.set_icon_size(gtk::IconSize::Large);
        row.add_prefix(&icon);
        let change = {
            let (id, moved) = (reader.id.clone(), Rc::clone(moved));
            let control = control.downgrade();
            move |request| {
                if let Some(control) = control.upgrade() {
                    moved.replace(Some(id.clone()));
                    control.start(Task::of_one(request, &id));
                }
            }
        };
        let lever = Lever::new(&name, {
            let change = change.clone();
            move |on| change(texts::request(on))
        });
        let button = buttons::text(" ");
        let help = Rc::<Cell<Option<Help>>>::default();
        let entry = Rc::<RefCell<Option<String>>>::default();
        button.connect_clicked(glib::clone!(
            #[weak]
            control,
            #[strong]
            help,
            #[strong]
            entry,
            #[strong(rename_to = id)]
            reader.id,
            move |button| match help.get() {
                Some(Help::Change(request)) => change(request),
                Some(Help::ReadAgain) => control.read_again(),
                Some(Help::Restart) => {
                    let status = control.status();
                    let mut readers = status.iter().flat_map(|status| &status.readers);
                    let reader = readers.find(|reader| reader.id == id);
                    if let (Some(reader), Some(entry)) = (reader, &*entry.borrow()) {
                        restart::ask(button, &control, reader, entry);
                    }
                }
                None => {}
            }
        ));
        lever.add_to(&row);
        row.add_suffix(&button);
        // A click anywhere on the row acts like the switch or the button, which are small.
        row.set_activatable(true);
        row.connect_activated(glib::clone!(
            #[strong(rename_to = switch)]
            lever.switch(),
            #[weak]
            button,
            move |_| {
                if switch.is_visible() {
                    switch.activate();
                } else if button.is_visible() {
                    button.emit_clicked();
                }
            }
        ));
        row_layout::lay_out(&row);
        Self {
            id: reader.id.clone(),
            name,
            row,
            icon,
            lever,
            button,
            help,
            entry,
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn widget(&self) -> &adw::ActionRow {
        &self.row
    }

    pub(crate) fn show_entry(&self, entry: Option<&Entry>) {
        match entry.and_then(|entry| gio::Icon::for_string(&entry.icon).ok()) {
            Some(icon) => self.icon.set_from_gicon(&icon),
            None => self.icon.set_icon_name(Some(ICON)),
        }
        self.entry.replace(entry.and_then(|entry| entry.id.clone()));
    }

    /// Focuses the switch, the button, or else the row.
    pub(crate) fn take_focus(&self) {
        let widgets = [
            self.lever.switch().upcast_ref::<gtk::Widget>(),
            self.button.upcast_ref(),
            self.row.upcast_ref(),
        ];
        let mut widgets = widgets.into_iter();
        widgets.find(|widget| widget.is_visible() && widget.grab_focus());
    }

    pub(crate) fn show(
        &self,
        control: &Control,
        status: &ChoiceStatus,
        reader: &ReaderStatus,
        failed: &[Failed],
        section: Section,
    ) {
        let failed = failed.iter().find(|failed| failed.reader == self.id);
        let answer = reader.reading();
        let restart = control.restart(&self.id);
        let can_restart = !reader.processes.is_empty() && self.entry.borrow().is_some();
        let help = match (section, failed, answer) {
            (Section::On | Section::Off, ..) => None,
            (_, Some(failed), _) => Some(Help::Change(failed.request)),
            (_, None, Some(answer)) if answer.pending => {
                // Otherwise only the user can close it.
                (can_restart && restart != Some(Restart::Closing)).then_some(Help::Restart)
            }
            (_, None, Some(_)) => Some(Help::Change(Request::Off)),
            (_, None, None) => Some(Help::ReadAgain),
        };
        if help.is_none() {
            focus::leave(&self.button, Some(self.row.upcast_ref()));
        }
        self.help.set(help);
        self.button.set_visible(help.is_some());
        let label = match help {
            // Translators: button: turns a choice off in one app
            Some(Help::Change(Request::Off)) if failed.is_none() => gettext("Turn _Off"),
            // Translators: button: closes an app and opens it again, after a question
            Some(Help::Restart) => gettext("_Restart…"),
            // Translators: button: tries a change again that has failed, or asks an app again
            _ => gettext("_Try Again"),
        };
        buttons::set_text(&self.button, &label);

        let state = words::reader_state(reader);
        let remarks = match (failed, restart) {
            (Some(failed), _) => failed.sentence.clone(),
            (None, Some(restart)) => texts::restart(reader, restart),
            (None, None) => overview::remarks(reader, status),
        };
        let both = if remarks.is_empty() {
            state
        } else {
            announce::joined(&state, &remarks)
        };
        // The heading and the switch of the other apps show their state.
        let shown = match section {
            Section::Attention if answer.is_some() => &both,
            _ => &remarks,
        };
        self.row.set_subtitle(&markup::escape(shown));
        announce::describe(&self.row, &both);

        let on = answer.map(|answer| answer.state.may_send());
        let is_locked = answer.is_some_and(|answer| answer.locked);
        let position = Position {
            on: Some(on.unwrap_or_default()),
            // While another app is locked off, none can be turned on.
            free: !is_locked && control.can_save() && (on == Some(true) || !status.refuses_on),
            lock: (is_locked || (status.refuses_on && answer.map(|a| a.state) == Some(State::Off)))
                .then(|| lock(status)),
            key: (overview::asks_for_password(reader) && !is_locked).then(texts::key),
            waits: (control.is_asking() && overview::asks_for_password(reader))
                || restart == Some(Restart::Closing),
            description: both,
        };
        self.lever.show(&position, Some(self.row.upcast_ref()));
        if help.is_some() {
            focus::leave(self.lever.switch(), Some(self.button.upcast_ref()));
            self.lever.switch().set_visible(false);
        }
    }
}

/// Who keeps an app from being turned on.
fn lock(status: &ChoiceStatus) -> String {
    words::origin(
        privacy_panel::system::settings::Origin::Administrator,
        true,
        status.organisation.as_ref(),
    )
}
