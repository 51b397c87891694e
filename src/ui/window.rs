// SPDX-License-Identifier: GPL-3.0-or-later

//! The window: its first page, and the actions that need it.

use std::cell::{Cell, OnceCell};
use std::collections::VecDeque;
use std::sync::Arc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gio, glib};

use privacy_panel::app::APP_ID;
use privacy_panel::choices::change::Task;
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::{Act, Choice};
use privacy_panel::choices::organisation::is_contact;
use privacy_panel::choices::overview;
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::watch::Subjects;
use privacy_panel::choices::words;
use privacy_panel::system::i18n::gettext;

use crate::actions;
use crate::beginning;
use crate::beginning::Beginning;
use crate::choices::control::{Control, Known};
use crate::choices::overview::Overview;
use crate::choices::still_on_page;
use crate::choices::still_on_page::Left;
use crate::groups::ChoiceGroup;
use crate::kit::announce;
use crate::kit::later::Later;
use crate::kit::pages;
use crate::kit::pages::Pages;
use crate::kit::toast;
use crate::kit::uri;
use crate::notices;
use crate::statuses::Statuses;

/// The first page of the panel's help.
const HELP: &str = "help:privacy-panel";

/// The address of the help on the web.
const HELP_ON_THE_WEB: &str = env!("CARGO_PKG_REPOSITORY");

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
        pub(super) known: OnceCell<Known>,
        pub(super) controls: OnceCell<Vec<Control>>,
        pub(super) overview: OnceCell<Overview>,
        pub(super) groups: OnceCell<Vec<ChoiceGroup>>,
        /// Whether everything is being turned off.
        pub(super) turning_off: Cell<bool>,
        pub(super) statuses: OnceCell<Statuses>,
        /// Set when the first frame is drawn.
        pub(super) drawn: Later<()>,
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

    /// Builds the first page while another thread reads what it will show: files in the user's home
    /// may be slow.
    fn build(&self) {
        let imp = self.imp();
        let beginning = gio::spawn_blocking(beginning::read);
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

        let warnings = adw::PreferencesGroup::builder().visible(false).build();
        imp.page.add(&warnings);
        let known = Known::default();
        let overview = Overview::new();
        overview.add_to(&imp.page);
        let controls: Vec<_> = choice::ALL
            .iter()
            .map(|choice| Control::new(choice, &known))
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
        let groups = Act::ALL.map(|act| ChoiceGroup::new(act, &controls, &known));
        for group in &groups {
            imp.page.add(group.widget());
        }
        if let Some(policy) = notices::policy() {
            imp.page.add(&policy);
        }
        // Only this function sets them.
        let _ = imp.known.set(known.clone());
        let _ = imp.controls.set(controls);
        let _ = imp.overview.set(overview);
        let _ = imp.groups.set(groups.into());
        let _ = imp.statuses.set(self.statuses(known.clone()));
        self.add_tick_callback(|window, _| {
            // After the frame.
            let drawn = window.imp().drawn.clone();
            glib::idle_add_local_once(move || drawn.set(()));
            glib::ControlFlow::Break
        });
        let (window, drawn) = (self.downgrade(), imp.drawn.clone());
        glib::spawn_future_local(async move {
            let Ok(beginning) = beginning.await else {
                return;
            };
            let Some(this) = window.upgrade() else { return };
            this.begin(&warnings, &known, beginning);
            drop(this);
            // Subscribing takes a while, and the first frame doesn't need it.
            drawn.wait().await;
            let catalogue = known.wait().await;
            let subjects = gio::spawn_blocking(move || Subjects::of(&catalogue)).await;
            if let (Some(window), Ok(subjects)) = (window.upgrade(), subjects) {
                window.watch(subjects);
            }
        });
    }

    /// Shows what was read first.
    fn begin(&self, warnings: &adw::PreferencesGroup, known: &Known, beginning: Beginning) {
        if let Some(fault) = &beginning.fault {
            warnings.add(&notices::storage(fault));
        }
        for sentence in &beginning.warnings {
            warnings.add(&notices::warning(sentence));
        }
        warnings.set_visible(beginning.fault.is_some() || !beginning.warnings.is_empty());
        if let Some(fault) = beginning
            .fault
            .as_ref()
            .filter(|fault| notices::is_memory(fault))
        {
            for control in self.controls() {
                control.forget_on_exit(words::storage(fault));
            }
        }
        if let Some(mistakes) = notices::mistakes(&beginning.catalogue) {
            self.imp().page.add(&mistakes);
        }
        known.set(beginning.catalogue);
        for status in beginning.statuses {
            self.show_status(status);
        }
        self.refresh_services();
    }

    fn show_status(&self, status: ChoiceStatus) {
        let mut controls = self.controls().iter();
        if let Some(control) = controls.find(|control| control.choice() == status.choice) {
            control.show_status(status);
        }
    }

    fn statuses(&self, known: Known) -> Statuses {
        Statuses::new(
            known,
            glib::clone!(
                #[weak(rename_to = window)]
                self,
                #[upgrade_or_default]
                move || window.controls().iter().any(Control::is_busy)
            ),
            glib::clone!(
                #[weak(rename_to = window)]
                self,
                move |status| window.show_status(status)
            ),
        )
    }

    /// Watches for changes. Afterwards everything is read again, so no change is missed.
    fn watch(&self, subjects: Subjects) {
        if let Some(statuses) = self.imp().statuses.get() {
            statuses.watch(subjects);
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

    fn refresh_services(&self) {
        if let Some(statuses) = self.imp().statuses.get() {
            statuses.refresh_services();
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
        control.start_and(Task::of_all(Request::Off), move |report| {
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

    /// What is in About, for bug reports.
    pub(crate) fn debug_info(&self) -> String {
        let known = self.imp().known.get().and_then(Known::get);
        notices::debug_info(known.map(Arc::as_ref))
    }

    /// Opens the panel's help in the help viewer, or on the web.
    pub(crate) fn show_help(&self) {
        // Desktops other than GNOME may have no help viewer.
        uri::open_first(
            &*self.imp().toasts,
            &[HELP, HELP_ON_THE_WEB],
            gettext(
                "The help could not be opened. Install a help viewer, such as Yelp, and try again.",
            ),
        );
    }

    fn open(&self, address: &str, failure: String) {
        uri::open(&*self.imp().toasts, address, failure);
    }
}
