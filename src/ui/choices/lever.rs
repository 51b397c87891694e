// SPDX-License-Identifier: GPL-3.0-or-later

//! A switch at the end of a row, with an icon before it: a lock, a key, or a spinner.

use std::cell::Cell;
use std::rc::Rc;

use adw::prelude::*;
use gtk::{accessible, glib};

use crate::kit::announce;
use crate::kit::focus;
use crate::kit::late_spinner::LateSpinner;

/// What a lever shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Position {
    /// Whether the switch is on. `None`: that isn't known yet, so there is no switch.
    pub(crate) on: Option<bool>,
    /// Whether the user can move it.
    pub(crate) free: bool,
    /// Who locked it.
    pub(crate) lock: Option<String>,
    /// Whether moving it asks for a password.
    pub(crate) key: Option<String>,
    /// Whether to show the spinner.
    pub(crate) waits: bool,
    /// The description of the switch for screen readers.
    pub(crate) description: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Lever {
    switch: gtk::Switch,
    lock: gtk::Image,
    key: gtk::Image,
    spinner: LateSpinner,
    /// Whether the panel is setting the switch, not the user.
    showing: Rc<Cell<bool>>,
}

impl Lever {
    /// `moved` is called when the user moves the switch. It follows when the change has been read
    /// back.
    pub(crate) fn new(name: &str, moved: impl Fn(bool) + 'static) -> Self {
        let lever = Self {
            switch: gtk::Switch::builder()
                .valign(gtk::Align::Center)
                .visible(false)
                .build(),
            lock: icon("system-lock-screen-symbolic"),
            key: icon("dialog-password-symbolic"),
            spinner: LateSpinner::new(),
            showing: Rc::default(),
        };
        lever
            .switch
            .update_property(&[accessible::Property::Label(name)]);
        let showing = Rc::clone(&lever.showing);
        lever.switch.connect_state_set(move |_, on| {
            if showing.get() {
                return glib::Propagation::Proceed;
            }
            moved(on);
            glib::Propagation::Stop
        });
        lever
    }

    pub(crate) fn add_to(&self, row: &impl IsA<adw::ActionRow>) {
        self.spinner.add_to(row);
        row.add_suffix(&self.key);
        row.add_suffix(&self.lock);
        row.add_suffix(&self.switch);
    }

    pub(crate) const fn switch(&self) -> &gtk::Switch {
        &self.switch
    }

    /// `place` gets the focus if the switch loses it.
    pub(crate) fn show(&self, position: &Position, place: Option<&gtk::Widget>) {
        let on = position.on.unwrap_or_default();
        self.showing.set(true);
        // Setting the same value again would interrupt a switch that the user is dragging.
        if self.switch.is_active() != on {
            self.switch.set_active(on);
        }
        if self.switch.state() != on {
            self.switch.set_state(on);
        }
        self.showing.set(false);
        let is_here = position.on.is_some();
        if !position.free || !is_here {
            focus::leave(&self.switch, place);
        }
        self.switch.set_sensitive(position.free);
        self.switch.set_visible(is_here);
        // Nothing is asked for a switch that can't be moved.
        let key = position.key.as_deref().filter(|_| position.free);
        // Screen readers don't reach the icon before the switch.
        let said = key.map_or_else(
            || position.description.clone(),
            |key| announce::joined(&position.description, key),
        );
        announce::describe(&self.switch, &said);
        name(&self.lock, position.lock.as_deref());
        name(&self.key, key);
        self.spinner.show(position.waits || !is_here);
    }
}

fn icon(name: &str) -> gtk::Image {
    gtk::Image::builder()
        .icon_name(name)
        .visible(false)
        .css_classes(["dim-label"])
        .build()
}

/// Shows an icon with that name, or hides it.
fn name(icon: &gtk::Image, name: Option<&str>) {
    icon.set_visible(name.is_some());
    icon.set_tooltip_text(name);
    icon.update_property(&[accessible::Property::Label(name.unwrap_or_default())]);
}
