// SPDX-License-Identifier: GPL-3.0-or-later

//! The window: a row for each choice, and what there is to say around them.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gio, glib};

use privacy_panel::app::PACKAGE;
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::{Choice, Group};
use privacy_panel::choices::organisation::is_contact;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::watch::Watch;
use privacy_panel::choices::words;
use privacy_panel::system::i18n::{gettext, ngettext_f};
use privacy_panel::system::settings::Storage;
use privacy_panel::system::text;

use crate::application::Application;
use crate::choices::choice_row::ChoiceRow;
use crate::choices::identifier;
use crate::history::group::HistoryRows;
use crate::kit::markup;
use crate::kit::subpage::Subpage;
use crate::reports::group as reports;

/// Where the panel's help begins.
const HELP: &str = "help:privacy-panel";

/// What of a window's width is not a toast's text, in pixels: margins, padding, a button.
const TOAST_FRAME: i32 = 144;

/// Services may take a while to answer, so they are asked in a thread of their own, one round
/// after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Asking {
    /// They are not being asked.
    #[default]
    No,
    /// They are.
    Once,
    /// They are, and something has changed since then.
    Again,
}

mod imp {
    use std::cell::OnceCell;

    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "window.ui")]
    pub(crate) struct Window {
        #[template_child]
        pub(super) toasts: TemplateChild<adw::ToastOverlay>,
        #[template_child]
        pub(super) pages: TemplateChild<adw::Leaflet>,
        #[template_child]
        pub(super) first: TemplateChild<gtk::Box>,
        #[template_child]
        pub(super) page: TemplateChild<adw::PreferencesPage>,
        #[template_child]
        pub(super) menu: TemplateChild<gtk::MenuButton>,
        pub(super) rows: RefCell<Vec<ChoiceRow>>,
        pub(super) history: OnceCell<HistoryRows>,
        /// The group of what programs report about this computer.
        pub(super) diagnostics: OnceCell<adw::PreferencesGroup>,
        /// The computer's identifier; made when a program is there that has one.
        pub(super) identifier: OnceCell<adw::ExpanderRow>,
        pub(super) catalogue: OnceCell<Arc<Catalogue>>,
        pub(super) watch: OnceCell<Watch>,
        /// What is to be done about services that are to be asked.
        pub(super) asking: Cell<Asking>,
        /// The row that leads to previous reports.
        pub(super) reports: RefCell<Option<adw::ActionRow>>,
        /// The row that each page was opened from, for the way back.
        pub(super) ways_back: RefCell<Vec<glib::WeakRef<gtk::Widget>>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Window {
        const NAME: &'static str = "PrivacyPanelWindow";
        type Type = super::Window;
        type ParentType = adw::ApplicationWindow;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.install_action("win.show-help-overlay", None, |window, _, _| {
                window.show_shortcuts();
            });
            class.install_action("win.back", None, |window, _, _| window.go_back());
            // The contact of whoever decided for people on this computer.
            class.install_action(
                "win.contact",
                Some(glib::VariantTy::STRING),
                |window, _, contact| {
                    // Nothing but web pages and mail addresses, whoever activates the action.
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
            self.obj().connect_pages();
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
    pub(crate) fn new(app: &Application) -> Self {
        let window: Self = glib::Object::builder().property("application", app).build();
        window.set_icon_name(Some(privacy_panel::app::APP_ID));
        window
    }

    /// Shows what is true now, before the window is seen.
    fn build(&self) {
        self.imp().menu.set_create_popup_func(|button| {
            // Made when it is opened: a popover costs a tenth of what the whole window does.
            if button.popover().is_none() {
                let menu = gtk::Builder::from_string(include_str!("menu.ui"));
                button.set_menu_model(menu.object::<gio::MenuModel>("primary_menu").as_ref());
            }
        });
        let catalogue = Arc::new(Catalogue::load());
        if Storage::is_memory_only() {
            self.add_notice(&words::memory_only());
        }
        for group in Group::ALL {
            self.add_group(group, &catalogue);
        }
        self.add_policy();
        self.add_mistakes(&catalogue);
        // Nothing else sets it.
        let _ = self.imp().catalogue.set(catalogue);
        self.refresh();

        // Subscribing takes a while and is not needed for the first picture. What changes until
        // then is seen by reading once more.
        glib::idle_add_local_once(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move || window.begin_to_watch()
        ));
    }

    fn begin_to_watch(&self) {
        let imp = self.imp();
        imp.watch.get_or_init(|| {
            let window = self.downgrade();
            Watch::new(self.catalogue(), move || {
                if let Some(window) = window.upgrade() {
                    window.refresh();
                }
            })
        });
        self.refresh();
        self.count_reports();
        self.refresh_history();
        // Programs come and go unannounced; whoever looks at the window again sees what there is.
        self.connect_is_active_notify(|window| {
            if window.is_active() {
                window.refresh();
                window.count_reports();
                window.refresh_history();
            }
        });
    }

    fn count_reports(&self) {
        if let Some(row) = &*self.imp().reports.borrow() {
            reports::count(row);
        }
    }

    fn refresh_history(&self) {
        if let Some(rows) = self.imp().history.get() {
            rows.refresh();
        }
    }

    fn catalogue(&self) -> &Arc<Catalogue> {
        self.imp()
            .catalogue
            .get_or_init(|| Arc::new(Catalogue::load()))
    }

    /// Reads every reader and shows what it says: at once what is in the settings, and what
    /// services keep as soon as they have answered.
    pub(crate) fn refresh(&self) {
        let catalogue = self.catalogue();
        let now = Snapshot::fresh();
        for choice in choice::ALL {
            if !catalogue.asks_services(choice) {
                self.show_status(ChoiceStatus::of(catalogue, choice, &now));
            }
        }
        self.ask_services();
    }

    fn ask_services(&self) {
        let imp = self.imp();
        let catalogue = Arc::clone(self.catalogue());
        let choices = choice::ALL.iter();
        let choices: Vec<_> = choices
            .filter(|choice| catalogue.asks_services(choice))
            .collect();
        // A service that has a person asked for a password may answer nobody else meanwhile. What
        // becomes of a wish is read, and all else with it, when that is over.
        let busy = imp.rows.borrow().iter().any(ChoiceRow::is_busy);
        if choices.is_empty() || busy {
            return;
        }
        if imp.asking.get() != Asking::No {
            imp.asking.set(Asking::Again);
            return;
        }
        imp.asking.set(Asking::Once);
        let window = self.downgrade();
        glib::spawn_future_local(async move {
            let answered = gio::spawn_blocking(move || {
                let now = Snapshot::fresh();
                let of = |choice: &&'static Choice| ChoiceStatus::of(&catalogue, choice, &now);
                choices.iter().map(of).collect::<Vec<_>>()
            });
            let answered = answered.await;
            let Some(window) = window.upgrade() else {
                return;
            };
            if window.imp().asking.replace(Asking::No) == Asking::Again {
                // What was answered is old already.
                window.ask_services();
                return;
            }
            for status in answered.into_iter().flatten() {
                window.show_status(status);
            }
        });
    }

    fn show_status(&self, status: ChoiceStatus) {
        if status.choice.group == Group::Diagnostics {
            self.show_identifier(&status);
        }
        if let Some(row) = self.row(status.choice) {
            row.show_status(status);
        }
    }

    /// Shows the row of the computer's identifier where a program is there that has one, and not
    /// where there is none.
    fn show_identifier(&self, status: &ChoiceStatus) {
        let imp = self.imp();
        // Of the choice to which the identifier belongs; the others say nothing about it.
        if !status.readers.iter().any(|reader| reader.has_identifier) {
            return;
        }
        let there = status.installed().any(|reader| reader.has_identifier);
        if let (true, Some(group)) = (there, imp.diagnostics.get()) {
            imp.identifier.get_or_init(|| {
                let row = identifier::row(self, self.catalogue());
                group.add(&row);
                row
            });
        }
        if let Some(row) = imp.identifier.get() {
            row.set_visible(there);
        }
    }

    fn row(&self, choice: &Choice) -> Option<ChoiceRow> {
        let rows = self.imp().rows.borrow();
        rows.iter().find(|row| row.choice() == choice).cloned()
    }

    /// Goes to a page behind a row.
    pub(crate) fn open_page(&self, page: &Subpage) {
        let imp = self.imp();
        let from = glib::WeakRef::new();
        from.set(GtkWindowExt::focus(self).as_ref());
        imp.ways_back.borrow_mut().push(from);
        imp.pages.append(page);
        imp.pages.set_visible_child(page);
        page.focus();
    }

    /// Goes back by one page; on the first there is nowhere to go.
    pub(crate) fn go_back(&self) {
        let open = self.open_pages();
        let visible = self.imp().pages.visible_child();
        let at = open.iter().position(|page| visible.as_ref() == Some(page));
        if let Some(before) = at.and_then(|at| at.checked_sub(1)) {
            self.imp().pages.set_visible_child(&open[before]);
        }
    }

    /// The pages that were gone through, the first one first. Among the leaflet's children they are
    /// in another order, with some of its own.
    fn open_pages(&self) -> Vec<gtk::Widget> {
        let pages = self.imp().pages.pages();
        pages
            .iter::<adw::LeafletPage>()
            .filter_map(|page| Some(page.ok()?.child()))
            .collect()
    }

    /// Goes back to the first page.
    fn go_to_first(&self) {
        self.imp().pages.set_visible_child(&*self.imp().first);
    }

    /// Forgets the pages that somebody has come back from, by the button, a key or a swipe.
    fn connect_pages(&self) {
        let pages = &self.imp().pages;
        pages.connect_child_transition_running_notify(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |pages| {
                if !pages.is_child_transition_running() {
                    window.drop_pages_after_visible();
                }
            }
        ));
        // Without animations there is no transition.
        pages.connect_visible_child_notify(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |pages| {
                if !pages.is_child_transition_running() {
                    // Not while the widget is still about to show the other one.
                    glib::idle_add_local_once(move || window.drop_pages_after_visible());
                }
            }
        ));
    }

    fn drop_pages_after_visible(&self) {
        let imp = self.imp();
        let Some(visible) = imp.pages.visible_child() else {
            return;
        };
        let mut from = None;
        for last in self.open_pages().iter().rev() {
            if *last == visible {
                break;
            }
            imp.pages.remove(last);
            from = imp.ways_back.borrow_mut().pop();
        }
        if let Some(row) = from.and_then(|from| from.upgrade()) {
            row.grab_focus();
            self.count_reports();
        }
    }

    /// Brings the row of a choice into view, opened and focused.
    pub(crate) fn show_choice(&self, choice: &'static Choice) {
        self.go_to_first();
        if let Some(row) = self.row(choice) {
            row.open();
        }
    }

    /// Says a sentence that passes.
    pub(crate) fn toast(&self, sentence: &str) {
        // A title is cut off at the end of its line, and the reason with it.
        let label = gtk::Label::builder()
            .label(text::composed(sentence))
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .max_width_chars(self.toast_width())
            .xalign(0.0)
            .build();
        let toast = adw::Toast::builder()
            .custom_title(&label)
            .timeout(10)
            .build();
        self.imp().toasts.add_toast(toast);
    }

    /// How many letters fit beside each other in a toast: libadwaita gives its widget as much room
    /// as it would like to have, whether there is so much or not.
    fn toast_width(&self) -> i32 {
        let metrics = self.pango_context().metrics(None, None);
        let letter = (metrics.approximate_char_width() / gtk::pango::SCALE).max(1);
        ((self.width() - TOAST_FRAME) / letter).clamp(8, 56)
    }

    /// Says a sentence that stays, above everything else.
    fn add_notice(&self, sentence: &str) {
        let row = adw::ActionRow::builder()
            .title(markup::escape(sentence))
            .title_lines(0)
            .build();
        let icon = gtk::Image::from_icon_name("dialog-warning-symbolic");
        icon.set_accessible_role(gtk::AccessibleRole::Presentation);
        icon.add_css_class("warning");
        row.add_prefix(&icon);
        let group = adw::PreferencesGroup::new();
        group.add(&row);
        self.imp().page.add(&group);
    }

    /// Shows the keyboard shortcuts.
    fn show_shortcuts(&self) {
        let shortcuts = gtk::Builder::from_string(include_str!("shortcuts.ui"));
        if let Some(shortcuts) = shortcuts.object::<gtk::ShortcutsWindow>("shortcuts") {
            shortcuts.set_transient_for(Some(self));
            shortcuts.present();
        }
    }

    fn add_group(&self, group: Group, catalogue: &Arc<Catalogue>) {
        let imp = self.imp();
        let widget = adw::PreferencesGroup::builder()
            .title(markup::escape(&group.title()))
            .build();
        for choice in choice::ALL.iter().filter(|choice| choice.group == group) {
            let row = ChoiceRow::new(choice, catalogue);
            widget.add(&row);
            imp.rows.borrow_mut().push(row);
            if choice.id == "error-reports" {
                if let Some(row) = reports::row() {
                    widget.add(&row);
                    imp.reports.replace(Some(row));
                }
            }
        }
        if group == Group::History {
            // Nothing else sets it.
            let _ = imp.history.set(HistoryRows::new(self, &widget));
        }
        imp.page.add(&widget);
        if group == Group::Diagnostics {
            // Nothing else sets it.
            let _ = imp.diagnostics.set(widget);
        }
    }

    /// A link to the privacy policy of the operating system, where it names one.
    fn add_policy(&self) {
        let Some(address) = glib::os_info("PRIVACY_POLICY_URL").filter(|address| {
            matches!(
                glib::Uri::peek_scheme(address).as_deref(),
                Some("http" | "https")
            )
        }) else {
            return;
        };
        let system = glib::os_info("NAME").unwrap_or_default();
        let row = adw::ActionRow::builder()
            .title(gettext("Privacy Policy"))
            // The name of the operating system.
            .subtitle(markup::escape(&system))
            .activatable(true)
            .tooltip_text(text::one_line(&address))
            .build();
        let icon = gtk::Image::from_icon_name("adw-external-link-symbolic");
        icon.set_accessible_role(gtk::AccessibleRole::Presentation);
        row.add_suffix(&icon);
        row.connect_activated(glib::clone!(
            #[weak(rename_to = window)]
            self,
            move |_| window.open(
                &address,
                gettext(
                    "The privacy policy could not be opened. Install a web browser and try again."
                ),
            )
        ));
        let group = adw::PreferencesGroup::new();
        group.add(&row);
        self.imp().page.add(&group);
    }

    /// The reader files that were left out: what they describe is not switched here.
    fn add_mistakes(&self, catalogue: &Catalogue) {
        let mistakes: Vec<_> = [catalogue.mistakes(), catalogue.lost()].concat();
        if mistakes.is_empty() {
            return;
        }
        let expander = adw::ExpanderRow::builder()
            .title(ngettext_f(
                "{count} File Could Not Be Read",
                "{count} Files Could Not Be Read",
                mistakes.len(),
                &[("count", &mistakes.len().to_string())],
            ))
            .subtitle(gettext(
                "A program that only such a file describes does not follow this panel. Fix the file, or remove it.",
            ))
            .icon_name("dialog-warning-symbolic")
            .build();
        // A thousand broken files are shown when somebody asks for them.
        let texts: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        let texts = RefCell::new(texts);
        expander.connect_expanded_notify(move |expander| {
            if expander.is_expanded() {
                for text in texts.take() {
                    let row = adw::ActionRow::new();
                    row.set_title(&markup::escape(&text));
                    row.set_title_lines(0);
                    row.set_title_selectable(true);
                    expander.add_row(&row);
                }
            }
        });
        let group = adw::PreferencesGroup::new();
        group.add(&expander);
        self.imp().page.add(&group);
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

    fn open(&self, address: &str, otherwise: String) {
        let window = self.clone();
        let address = address.to_owned();
        glib::spawn_future_local(async move {
            if let Err(error) =
                gtk::show_uri_full_future(Some(&window), &address, gtk::gdk::CURRENT_TIME).await
            {
                let address = text::one_line(&address);
                glib::g_warning!(PACKAGE, "{address}: {error}");
                window.toast(&otherwise);
            }
        });
    }
}
