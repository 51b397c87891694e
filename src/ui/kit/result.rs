// SPDX-License-Identifier: GPL-3.0-or-later

//! A row with the result of the last action, or why it failed. It stays until the next action.
//! Screen readers say it once.

use adw::prelude::*;

use crate::kit::announce;
use crate::kit::markup;
use crate::kit::rows;

/// The same as on libadwaita's preferences pages, in pixels.
const WIDTH: i32 = 600;
const MARGIN: i32 = 12;

/// The row, in a list of its own. It stands above the part of the page that scrolls, so that it is
/// in view.
#[derive(Clone, Debug)]
pub(crate) struct ResultRow {
    clamp: adw::Clamp,
    row: adw::ActionRow,
    icon: gtk::Image,
}

impl ResultRow {
    pub(crate) fn new() -> Self {
        let row = rows::plain("", "");
        let icon = rows::decoration("dialog-warning-symbolic");
        row.add_prefix(&icon);
        row.set_activatable(false);
        let group = adw::PreferencesGroup::new();
        group.add(&row);
        let clamp = adw::Clamp::builder()
            .maximum_size(WIDTH)
            .child(&group)
            .margin_top(MARGIN)
            .margin_start(MARGIN)
            .margin_end(MARGIN)
            .visible(false)
            .build();
        Self { clamp, row, icon }
    }

    /// Puts it above the content of a page.
    pub(crate) fn above(&self, content: &impl IsA<gtk::Widget>) -> gtk::Box {
        let page = gtk::Box::new(gtk::Orientation::Vertical, 0);
        content.set_vexpand(true);
        page.append(&self.clamp);
        page.append(content);
        page
    }

    /// Shows what was done.
    pub(crate) fn show_done(&self, sentence: &str) {
        self.show(sentence, "object-select-symbolic", false);
    }

    /// Shows why something was not done.
    pub(crate) fn show_failure(&self, sentence: &str) {
        self.show(sentence, "dialog-warning-symbolic", true);
    }

    /// Hides the last result, when the next action begins.
    pub(crate) fn clear(&self) {
        self.clamp.set_visible(false);
        self.row.set_title("");
    }

    fn show(&self, sentence: &str, icon: &str, failed: bool) {
        self.icon.set_icon_name(Some(icon));
        if failed {
            self.icon.add_css_class("warning");
        } else {
            self.icon.remove_css_class("warning");
        }
        self.row.set_title(&markup::escape(sentence));
        self.clamp.set_visible(true);
        announce::announce(&self.clamp, sentence);
    }
}
