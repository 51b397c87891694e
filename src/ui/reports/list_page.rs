// SPDX-License-Identifier: GPL-3.0-or-later

//! The page with all reports. A blocking thread reads them, again whenever their folders change.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{accessible, gio, glib};

use privacy_panel::reports::{Place, words};
use privacy_panel::system::i18n::gettext;

use crate::kit::buttons;
use crate::kit::markup;
use crate::kit::pages;
use crate::kit::toast;
use crate::reports::delete;
use crate::reports::entry::{Entry, Loaded, Progress};
use crate::reports::report_page::ReportPage;

/// How often the number of reports found so far is updated.
const STEP: Duration = Duration::from_millis(100);

/// How long to wait for more changes, after one in a folder.
const PAUSE: Duration = Duration::from_millis(300);

/// How many rows are added per frame. Adding all that the list view keeps would block the window
/// while it lays them out.
const ROWS_PER_FRAME: usize = 4;

/// How many row widgets a list view keeps. Further entries create no more widgets.
const ROWS_KEPT: usize = 250;

/// For programs without a known icon.
const NO_ICON: &str = "application-x-executable-symbolic";

mod imp {
    use std::cell::OnceCell;

    use super::*;

    #[derive(gtk::CompositeTemplate)]
    #[template(file = "list_page.ui")]
    pub(crate) struct ListPage {
        #[template_child]
        pub(crate) stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(crate) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(crate) progress: TemplateChild<gtk::Label>,
        #[template_child]
        pub(crate) empty: TemplateChild<adw::StatusPage>,
        #[template_child]
        pub(crate) problem: TemplateChild<gtk::Label>,
        #[template_child]
        pub(crate) list: TemplateChild<gtk::ListView>,
        pub(crate) delete_all: OnceCell<gtk::Button>,
        pub(crate) places: OnceCell<Vec<Place>>,
        /// A [`glib::BoxedAnyObject`] with an [`Entry`] for each report.
        pub(crate) model: gio::ListStore,
        pub(crate) loading: Arc<Progress>,
        /// Whether a thread is reading or deleting.
        pub(crate) busy: Cell<bool>,
        /// Whether a folder has changed since it began.
        pub(crate) again: Cell<bool>,
        pub(crate) pause: RefCell<Option<glib::SourceId>>,
        /// Adds the remaining entries to the model, frame by frame.
        pub(crate) filling: RefCell<Option<gtk::TickCallbackId>>,
        pub(crate) monitors: RefCell<Vec<gio::FileMonitor>>,
    }

    impl Default for ListPage {
        fn default() -> Self {
            Self {
                stack: TemplateChild::default(),
                spinner: TemplateChild::default(),
                progress: TemplateChild::default(),
                empty: TemplateChild::default(),
                problem: TemplateChild::default(),
                list: TemplateChild::default(),
                delete_all: OnceCell::new(),
                places: OnceCell::new(),
                model: gio::ListStore::new::<glib::BoxedAnyObject>(),
                loading: Arc::default(),
                busy: Cell::default(),
                again: Cell::default(),
                pause: RefCell::default(),
                filling: RefCell::default(),
                monitors: RefCell::default(),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ListPage {
        const NAME: &'static str = "PrivacyPanelReportList";
        type Type = super::ListPage;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ListPage {
        fn constructed(&self) {
            self.parent_constructed();
            let factory = gtk::SignalListItemFactory::new();
            factory.connect_setup(|_, item| {
                if let Some(item) = item.downcast_ref() {
                    set_up(item);
                }
            });
            factory.connect_bind(|_, item| {
                if let Some(item) = item.downcast_ref() {
                    bind(item);
                }
            });
            self.list.set_factory(Some(&factory));
            let model = gtk::NoSelection::new(Some(self.model.clone()));
            self.list.set_model(Some(&model));
            self.list
                .update_property(&[accessible::Property::Label(&gettext("Previous Reports"))]);
        }

        fn dispose(&self) {
            self.loading.cancelled.store(true, Ordering::Relaxed);
            if let Some(pause) = self.pause.take() {
                pause.remove();
            }
            if let Some(filling) = self.filling.take() {
                filling.remove();
            }
            for monitor in self.monitors.take() {
                monitor.cancel();
            }
        }
    }

    impl WidgetImpl for ListPage {}
    impl BinImpl for ListPage {}

    #[gtk::template_callbacks]
    impl ListPage {
        #[template_callback]
        fn on_activate(&self, position: u32) {
            if let Some(entry) = entry(&self.model, position) {
                pages::open(&*self.obj(), &ReportPage::page(&entry));
            }
        }
    }
}

glib::wrapper! {
    pub(crate) struct ListPage(ObjectSubclass<imp::ListPage>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl ListPage {
    pub(crate) fn new(places: Vec<Place>) -> Self {
        let page: Self = glib::Object::new();
        for place in &places {
            let folder = gio::File::for_path(&place.folder);
            // Without a monitor, the list isn't updated.
            if let Ok(monitor) =
                folder.monitor_directory(gio::FileMonitorFlags::NONE, gio::Cancellable::NONE)
            {
                monitor.connect_changed(glib::clone!(
                    #[weak]
                    page,
                    move |_, _, _, _| page.reload_soon()
                ));
                page.imp().monitors.borrow_mut().push(monitor);
            }
        }
        // Only this function sets it.
        let _ = page.imp().places.set(places);
        page.show_loading();
        page.reload();
        page
    }

    /// The button for the header bar.
    pub(crate) fn delete_all_button(&self) -> gtk::Button {
        let button = self.imp().delete_all.get_or_init(|| {
            // Translators: on a button; it asks before it deletes
            let button = buttons::picture("user-trash-symbolic", &gettext("Delete All…"));
            button.set_sensitive(false);
            button.connect_clicked(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |_| page.confirm_delete_all()
            ));
            button
        });
        button.clone()
    }

    fn show_loading(&self) {
        let imp = self.imp();
        imp.spinner.start();
        imp.stack.set_visible_child_name("loading");
    }

    fn reload_soon(&self) {
        let imp = self.imp();
        if imp.pause.borrow().is_some() {
            return;
        }
        let pause = glib::timeout_add_local_once(
            PAUSE,
            glib::clone!(
                #[weak(rename_to = page)]
                self,
                move || {
                    page.imp().pause.take();
                    page.reload();
                }
            ),
        );
        imp.pause.replace(Some(pause));
    }

    /// Reads all reports in a blocking thread, and shows them.
    fn reload(&self) {
        let imp = self.imp();
        if imp.busy.replace(true) {
            imp.again.set(true);
            return;
        }
        let progress = Arc::clone(&imp.loading);
        let places = imp.places.get().cloned().unwrap_or_default();
        glib::timeout_add_local(
            STEP,
            glib::clone!(
                #[weak(rename_to = page)]
                self,
                #[upgrade_or]
                glib::ControlFlow::Break,
                move || page.show_progress()
            ),
        );
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            let loaded = gio::spawn_blocking(move || progress.load(&places)).await;
            let Some(page) = page.upgrade() else {
                return;
            };
            page.imp().busy.set(false);
            if let Ok(Some(loaded)) = loaded {
                page.show(loaded);
            }
            if page.imp().again.take() {
                page.reload_soon();
            }
        });
    }

    fn show_progress(&self) -> glib::ControlFlow {
        let imp = self.imp();
        if !imp.busy.get() {
            return glib::ControlFlow::Break;
        }
        let found = imp.loading.found.load(Ordering::Relaxed);
        if found > 0 {
            imp.progress.set_label(&words::count(found));
        }
        glib::ControlFlow::Continue
    }

    fn show(&self, loaded: Loaded) {
        let imp = self.imp();
        let Loaded { entries, problems } = loaded;
        imp.problem.set_label(&problems.join("\n"));
        imp.problem.set_visible(!problems.is_empty());
        if entries.is_empty() {
            imp.empty.set_title(&words::none());
            imp.empty.set_description(Some(&if problems.is_empty() {
                gettext("When a program fails, the report about it appears here.")
            } else {
                markup::escape(&problems.join("\n")).into()
            }));
        }
        self.replace(entries);
        let name = if imp.model.n_items() == 0 {
            "empty"
        } else {
            "list"
        };
        imp.stack.set_visible_child_name(name);
        imp.spinner.stop();
    }

    /// Replaces the entries. Unchanged ones at both ends keep their rows, and so the focus.
    fn replace(&self, entries: Vec<Entry>) {
        let model = &self.imp().model;
        let count = model.n_items();
        let same = |position: u32, other: &Entry| {
            entry(model, position).is_some_and(|entry| entry == *other)
        };
        let first = (0..count)
            .zip(&entries)
            .take_while(|(position, entry)| same(*position, entry))
            .count();
        let last = (0..count)
            .skip(first)
            .rev()
            .zip(entries[first..].iter().rev())
            .take_while(|(position, entry)| same(*position, entry))
            .count();
        let end = entries.len() - last;
        let new: VecDeque<_> = entries.into_iter().take(end).skip(first).collect();
        // At most `count` entries are unchanged.
        let removed = count - u32::try_from(first + last).unwrap_or(count);
        if removed > 0 {
            let nothing: [glib::BoxedAnyObject; 0] = [];
            model.splice(u32::try_from(first).unwrap_or(count), removed, &nothing);
        }
        // The button deletes what is in the model, so it waits until the model is complete.
        if let Some(button) = self.imp().delete_all.get() {
            button.set_sensitive(false);
        }
        // The remaining entries of the previous list are out of date.
        if let Some(filling) = self.imp().filling.take() {
            filling.remove();
        }
        let rest = RefCell::new(new);
        let at = Cell::new(first);
        let fill = move |page: &Self| {
            let imp = page.imp();
            let mut rest = rest.borrow_mut();
            let length = match at.get() - first {
                made if made < ROWS_KEPT => ROWS_PER_FRAME.min(rest.len()),
                _ => rest.len(),
            };
            let batch: Vec<_> = rest
                .drain(..length)
                .map(glib::BoxedAnyObject::new)
                .collect();
            if !batch.is_empty() {
                imp.model
                    .splice(u32::try_from(at.get()).unwrap_or(u32::MAX), 0, &batch);
            }
            at.set(at.get() + length);
            if !rest.is_empty() {
                return glib::ControlFlow::Continue;
            }
            if let Some(button) = imp.delete_all.get() {
                button.set_sensitive(imp.model.n_items() > 0);
            }
            glib::ControlFlow::Break
        };
        // The first rows are in the first frame.
        if fill(self) == glib::ControlFlow::Continue {
            // Laying rows out is what takes long, and happens once per frame.
            let source = self.add_tick_callback(move |page, _| {
                let flow = fill(page);
                if flow == glib::ControlFlow::Break {
                    page.imp().filling.take();
                }
                flow
            });
            self.imp().filling.replace(Some(source));
        }
    }

    fn confirm_delete_all(&self) {
        let page = self.downgrade();
        delete::confirm(
            self,
            &gettext("Delete All Reports?"),
            // Translators: a button; the letter after _ is its shortcut
            &gettext("_Delete All"),
            move || {
                if let Some(page) = page.upgrade() {
                    page.delete_all();
                }
            },
        );
    }

    /// Deletes the reports that are in the list now, and none that come later.
    fn delete_all(&self) {
        let imp = self.imp();
        let reports: Vec<_> = (0..imp.model.n_items())
            .filter_map(|position| Some(entry(&imp.model, position)?.report))
            .collect();
        self.show_loading();
        imp.progress.set_label("");
        // Deleting changes the folders. They are read again afterwards.
        imp.busy.set(true);
        imp.again.set(true);
        // Closing the window doesn't cancel the deletion.
        let hold = gio::Application::default().map(|app| app.hold());
        let page = self.downgrade();
        let overlay = toast::overlay(self);
        glib::spawn_future_local(async move {
            let _hold = hold;
            let failures = gio::spawn_blocking(move || {
                let failures = reports.into_iter().filter_map(|report| {
                    let why = report.delete().err()?;
                    Some((report, why))
                });
                failures.collect::<Vec<_>>()
            })
            .await
            .unwrap_or_default();
            if let (Some(overlay), Some(sentence)) = (overlay, delete::not_deleted(&failures)) {
                toast::show(&overlay, &sentence);
            }
            if let Some(page) = page.upgrade() {
                let imp = page.imp();
                imp.busy.set(false);
                imp.again.set(false);
                page.reload();
            }
        });
    }
}

fn entry(model: &gio::ListStore, position: u32) -> Option<Entry> {
    let object = model
        .item(position)
        .and_downcast::<glib::BoxedAnyObject>()?;
    let entry = object.try_borrow::<Entry>().ok()?.clone();
    Some(entry)
}

/// Creates a row: an icon, and the program's name above the details of the report.
fn set_up(item: &gtk::ListItem) {
    let icon = gtk::Image::builder().pixel_size(32).build();
    icon.set_accessible_role(gtk::AccessibleRole::Presentation);
    let label = || {
        gtk::Label::builder()
            .xalign(0.0)
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .build()
    };
    let (name, details) = (label(), label());
    details.add_css_class("dim-label");
    details.add_css_class("caption");
    let texts = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .spacing(3)
        .hexpand(true)
        .valign(gtk::Align::Center)
        .build();
    texts.append(&name);
    texts.append(&details);
    let next = gtk::Image::from_icon_name("go-next-symbolic");
    next.set_accessible_role(gtk::AccessibleRole::Presentation);
    let row = gtk::Box::builder()
        .spacing(12)
        .margin_top(6)
        .margin_bottom(6)
        .build();
    row.append(&icon);
    row.append(&texts);
    row.append(&next);
    item.set_child(Some(&row));
}

fn bind(item: &gtk::ListItem) -> Option<()> {
    let object = item.item().and_downcast::<glib::BoxedAnyObject>()?;
    let entry = object.try_borrow::<Entry>().ok()?;
    let row = item.child()?;
    let icon = row.first_child().and_downcast::<gtk::Image>()?;
    let texts = icon.next_sibling()?;
    let name = texts.first_child().and_downcast::<gtk::Label>()?;
    let details = texts.last_child().and_downcast::<gtk::Label>()?;
    let known = entry.icon.as_deref().map(gio::Icon::for_string);
    match known {
        Some(Ok(known)) => icon.set_from_gicon(&known),
        _ => icon.set_icon_name(Some(NO_ICON)),
    }
    let description = entry.details();
    name.set_label(&entry.name);
    details.set_label(&description);
    // The parent is the list's own widget, which takes the focus.
    if let Some(widget) = row.parent() {
        widget.update_property(&[
            accessible::Property::Label(&entry.name),
            accessible::Property::Description(&description),
        ]);
    }
    Some(())
}
