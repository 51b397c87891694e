// SPDX-License-Identifier: GPL-3.0-or-later

//! The row of a choice on the first page: its state in a line, its switch, and the way to its page.

use std::time::Duration;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::glib;

use privacy_panel::choices::choice::Choice;

use crate::choices::choice_page::ChoicePage;
use crate::choices::control::Control;
use crate::choices::lever::Lever;
use crate::choices::texts;
use crate::kit::announce;
use crate::kit::markup;
use crate::kit::pages;
use crate::kit::row_layout;
use crate::kit::rows;
use crate::kit::subpage::Subpage;

mod imp {
    use std::cell::{Cell, OnceCell};

    use super::*;

    #[derive(Default)]
    pub(crate) struct ChoiceRow {
        pub(super) control: OnceCell<Control>,
        pub(super) lever: OnceCell<Lever>,
        /// Whether a page is being made.
        pub(super) opening: Cell<bool>,
        /// The page that was opened last.
        pub(super) page: glib::WeakRef<Subpage>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ChoiceRow {
        const NAME: &'static str = "PrivacyPanelChoiceRow";
        type Type = super::ChoiceRow;
        type ParentType = adw::ActionRow;
    }

    impl ObjectImpl for ChoiceRow {}
    impl WidgetImpl for ChoiceRow {}
    impl ListBoxRowImpl for ChoiceRow {}
    impl PreferencesRowImpl for ChoiceRow {}

    impl ActionRowImpl for ChoiceRow {
        fn activate(&self) {
            self.obj().open();
        }
    }
}

glib::wrapper! {
    pub(crate) struct ChoiceRow(ObjectSubclass<imp::ChoiceRow>)
        @extends adw::ActionRow, adw::PreferencesRow, gtk::ListBoxRow, gtk::Widget,
        @implements gtk::Accessible, gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl ChoiceRow {
    pub(crate) fn new(control: &Control) -> Self {
        let row: Self = glib::Object::builder()
            .property("activatable", true)
            .property("title-lines", 0)
            .property("subtitle-lines", 0)
            .build();
        let title = control.choice().title();
        row.set_title(&markup::escape(&title));
        let lever = Lever::new(
            &title,
            glib::clone!(
                #[weak]
                control,
                move |on| control.request(texts::request(on))
            ),
        );
        lever.add_to(&row);
        row.add_suffix(&rows::decoration("go-next-symbolic"));
        row_layout::lay_out(&row);
        // Only this function sets them.
        let imp = row.imp();
        let _ = imp.control.set(control.clone());
        let _ = imp.lever.set(lever);
        control.connect_shown(&row, Self::show);
        row.show();
        row
    }

    pub(crate) fn choice(&self) -> Option<&'static Choice> {
        Some(self.imp().control.get()?.choice())
    }

    /// Opens the page of the choice, unless it is the one that is open.
    pub(crate) fn open(&self) {
        let imp = self.imp();
        let Some(control) = imp.control.get() else {
            return;
        };
        let open = imp.page.upgrade().filter(pages::is_visible);
        if open.is_some() || imp.opening.get() {
            return;
        }
        let title = control.choice().title();
        // The first frame shows the page with which the panel was started.
        let is_drawn = self
            .frame_clock()
            .is_some_and(|clock| clock.frame_counter() > 1);
        if !is_drawn {
            self.present(&Subpage::new(&title, &ChoicePage::new(control)));
            return;
        }
        imp.opening.set(true);
        let (row, control) = (self.downgrade(), control.clone());
        glib::spawn_future_local(async move {
            // Takes each step in a separate turn of the main loop, so that none delays a frame.
            let content = ChoicePage::new(&control);
            turn().await;
            let page = Subpage::new(&title, &content);
            turn().await;
            if let Some(row) = row.upgrade() {
                row.imp().opening.set(false);
                row.present(&page);
            }
        });
    }

    fn present(&self, page: &Subpage) {
        self.imp().page.set(Some(page));
        pages::open_alone(self, page);
    }

    fn show(&self) {
        let imp = self.imp();
        let (Some(control), Some(lever)) = (imp.control.get(), imp.lever.get()) else {
            return;
        };
        let said = texts::said(control);
        self.set_subtitle(&said.markup());
        announce::describe(self, &said.spoken());
        lever.show(&texts::position(control), Some(self.upcast_ref()));
    }
}

/// Lets the main loop handle all other pending events.
async fn turn() {
    glib::timeout_future_with_priority(glib::Priority::DEFAULT_IDLE, Duration::ZERO).await;
}
