// SPDX-License-Identifier: GPL-3.0-or-later

//! The window: its first page, and the actions that need it.

use std::cell::{Cell, OnceCell};
use std::collections::VecDeque;
use std::sync::Arc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gio, glib};

use privacy_panel::app::APP_ID;
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::change::Wish;
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::{Choice, Group};
use privacy_panel::choices::desktop::Desktops;
use privacy_panel::choices::organisation::is_contact;
use privacy_panel::choices::overview;
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::words;
use privacy_panel::system::i18n::gettext;
use privacy_panel::system::settings::fault;

use crate::actions;
use crate::choices::control::Control;
use crate::choices::overview::Overview;
use crate::choices::still_on_page;
use crate::choices::still_on_page::Left;
use crate::groups::ChoiceGroup;
use crate::kit::announce;
use crate::kit::pages;
use crate::kit::pages::Pages;
use crate::kit::toast;
use crate::kit::uri;
use crate::notices;
use crate::statuses::Statuses;

/// The first page of the panel's help.
const HELP: &str = "help:privacy-panel";

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "window.ui")]
    pub(crate) struct Window {
        #[template_child]
        pub(super) toasts: TemplateChild<adw::ToastOverlay>,
        #[template_child]
        pub(super) pages: TemplateChild<Pages>,
        #[template_child]
        pub(super) page: TemplateChild<adw::PreferencesPage>,
        #[template_child]
        pub(super) menu: TemplateChild<gtk::MenuButton>,
        pub(super) controls: OnceCell<Vec<Control>>,
        pub(super) overview: OnceCell<Overview>,
        pub(super) groups: OnceCell<Vec<ChoiceGroup>>,
        /// Whether everything is being turned off.
        pub(super) turning_off: Cell<bool>,
        pub(super) statuses: OnceCell<Statuses>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Window {
        const NAME: &'static str = "PrivacyPanelWindow";
        type Type = super::Window;
        type ParentType = adw::ApplicationWindow;

        fn class_init(class: &mut Self::Class) {
            Pages::ensure_type();
            class.bind_template();
            class.install_action(actions::SHOW_SHORTCUTS, None, |window, _, _| {
                window.show_shortcuts();
            });
            class.install_action(actions::BACK, None, |window, _, _| {
                window.imp().pages.go_back();
            });
            class.install_action(
                actions::CONTACT,
                Some(glib::VariantTy::STRING),
                |window, _, contact| {
                    // Other processes can activate the action, too: it opens only web pages and
                    // mail addresses.
                    let contact = contact.and_then(glib::Variant::str);
                    if let Some(contact) = contact.filter(|contact| is_contact(contact)) {
                        window.open(
                            contact,
                            gettext(
                                "The address could not be opened. Install a web browser or a mail program and try again.",
                            ),
                        );
                    }
                },
            );
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Window {
        fn constructed(&self) {
            self.parent_constructed();
            self.obj().build();
        }
    }

    impl WidgetImpl for Window {}
    impl WindowImpl for Window {}
    impl ApplicationWindowImpl for Window {}
    impl AdwApplicationWindowImpl for Window {}
}

glib::wrapper! {
    pub(crate) struct Window(ObjectSubclass<imp::Window>)
        @extends adw::ApplicationWindow, gtk::ApplicationWindow, gtk::Window, gtk::Widget,
        @implements gio::ActionGroup, gio::ActionMap, gtk::Accessible, gtk::Buildable,
            gtk::ConstraintTarget, gtk::Native, gtk::Root, gtk::ShortcutManager;
}

impl Window {
    pub(crate) fn new(app: &impl IsA<gtk::Application>) -> Self {
        let window: Self = glib::Object::builder().property("application", app).build();
        window.set_icon_name(Some(APP_ID));
        window
    }

    /// Shows what is true now, before the first frame.
    fn build(&self) {
        let imp = self.imp();
        imp.menu.set_create_popup_func(|button| {
            // Created when it is opened: a popover takes a tenth of the time of the whole window.
            if button.popover().is_none() {
                let menu = gtk::Builder::from_string(include_str!("menu.ui"));
                button.set_menu_model(menu.object::<gio::MenuModel>("primary_menu").as_ref());
            }
        });
        imp.pages.connect_returned(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move || window.refresh_extra_rows()
        ));

        let catalogue = Arc::new(Catalogue::load());
        if let Some(fault) = fault::at_once() {
            imp.page.add(&notices::warning(&words::storage(&fault)));
        }
        if let Some(desktops) = Desktops::find(&catalogue) {
            let now = Snapshot::fresh();
            for choice in choice::ALL {
                let others = desktops.others(choice, &now);
                if !others.is_empty() {
                    let sentence = words::other_desktops(choice, &desktops.own(), others);
                    imp.page.add(&notices::warning(&sentence));
                }
            }
        }
        let overview = Overview::new();
        overview.add_to(&imp.page);
        let controls: Vec<_> = choice::ALL
            .iter()
            .map(|choice| Control::new(choice, &catalogue))
            .collect();
        for control in &controls {
            control.connect_shown(self, Self::show_overview);
            control.connect_changed(glib::clone!(
                #[weak(rename_to = window)]
                self,
                move || window.refresh()
            ));
            control.connect_failed(glib::clone!(
                #[weak(rename_to = window)]
                self,
                move |sentence| {
                    // A page lists what could not be turned off with everything else.
                    if !window.imp().turning_off.get() {
                        announce::announce(&window, sentence);
                    }
                }
            ));
        }
        let groups = Group::ALL.map(|group| ChoiceGroup::new(group, &controls, &catalogue));
        for group in &groups {
            imp.page.add(group.widget());
        }
        let notices = [notices::policy(), notices::mistakes(&catalogue)];
        for notice in notices.into_iter().flatten() {
            imp.page.add(&notice);
        }
        // Only this function sets them.
        let _ = imp.controls.set(controls);
        let _ = imp.overview.set(overview);
        let _ = imp.groups.set(groups.into());
        let _ = imp.statuses.set(self.statuses(catalogue));
        self.refresh();

        // Subscribing takes a while, and the first frame doesn't need it. Afterwards everything is
        // read again, so no change is missed.
        glib::idle_add_local_once(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move || window.begin_to_watch()
        ));
    }

    fn statuses(&self, catalogue: Arc<Catalogue>) -> Statuses {
        Statuses::new(
            catalogue,
            glib::clone!(
                #[weak(rename_to = window)]
                self,
                #[upgrade_or_default]
                move || window.controls().iter().any(Control::is_busy)
            ),
            glib::clone!(
                #[weak(rename_to = window)]
                self,
                move |status: ChoiceStatus| {
                    for group in window.groups() {
                        group.show_status(&status);
                    }
                    let mut controls = window.controls().iter();
                    let control = controls.find(|control| control.choice() == status.choice);
                    if let Some(control) = control {
                        control.show_status(status);
                    }
                }
            ),
        )
    }

    fn begin_to_watch(&self) {
        if let Some(statuses) = self.imp().statuses.get() {
            statuses.watch();
        }
        self.refresh();
        self.refresh_extra_rows();
        // No signal says that a program was installed or removed.
        self.connect_is_active_notify(|window| {
            if window.is_active() {
                window.refresh();
                window.refresh_extra_rows();
            }
        });
    }

    fn refresh(&self) {
        if let Some(statuses) = self.imp().statuses.get() {
            statuses.refresh();
        }
    }

    fn refresh_extra_rows(&self) {
        for group in self.groups() {
            group.refresh_extra();
        }
    }

    fn controls(&self) -> &[Control] {
        self.imp().controls.get().map_or(&[], Vec::as_slice)
    }

    fn show_overview(&self) {
        if let Some(overview) = self.imp().overview.get() {
            let statuses = self.controls().iter().filter_map(Control::status);
            overview.show(&statuses.collect::<Vec<_>>(), self.imp().turning_off.get());
        }
    }

    /// Turns every choice off, and shows what could not be turned off. Those that ask for a password
    /// come last.
    pub(crate) fn turn_everything_off(&self) {
        if self.imp().turning_off.replace(true) {
            return;
        }
        let mut controls = self.controls().to_vec();
        controls.sort_by_key(|control| {
            let status = control.status();
            status.is_none_or(|status| overview::off_asks_for_password(&status))
        });
        self.show_overview();
        self.turn_off(controls.into(), Vec::new());
    }

    /// Turns off one choice after the other.
    fn turn_off(&self, mut controls: VecDeque<Control>, mut left: Vec<Left>) {
        let Some(control) = controls.pop_front() else {
            self.imp().turning_off.set(false);
            self.show_overview();
            if left.is_empty() {
                toast::show(&*self.imp().toasts, &gettext("Everything is off."));
            } else {
                pages::open_alone(&*self.imp().page, &still_on_page::new(&left));
            }
            return;
        };
        let window = self.clone();
        control.wish_and(Wish::of_all(Request::Off), move |report| {
            left.extend(report.and_then(Left::of));
            window.turn_off(controls, left);
        });
    }

    fn groups(&self) -> &[ChoiceGroup] {
        self.imp().groups.get().map_or(&[], Vec::as_slice)
    }

    /// Opens the page of a choice.
    pub(crate) fn show_choice(&self, choice: &'static Choice) {
        if let Some(row) = self.groups().iter().find_map(|group| group.row(choice)) {
            row.open();
        }
    }

    fn show_shortcuts(&self) {
        if self.help_overlay().is_none() {
            let shortcuts = gtk::Builder::from_string(include_str!("shortcuts.ui"));
            // GTK looks up the keys of actions only for this window.
            self.set_help_overlay(
                shortcuts
                    .object::<gtk::ShortcutsWindow>("shortcuts")
                    .as_ref(),
            );
        }
        if let Some(shortcuts) = self.help_overlay() {
            shortcuts.present();
        }
    }

    /// Opens the panel's help in the help viewer.
    pub(crate) fn show_help(&self) {
        self.open(
            HELP,
            gettext(
                "The help could not be opened. Install a help viewer, such as Yelp, and try again.",
            ),
        );
    }

    fn open(&self, address: &str, failure: String) {
        uri::open(&*self.imp().toasts, address, failure);
    }
}
