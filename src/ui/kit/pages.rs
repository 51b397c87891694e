// SPDX-License-Identifier: GPL-3.0-or-later

//! The first page and the pages opened from it, of which the last is visible.
//!
//! A widget on a page opens and closes pages with [`open`] and [`close`], and doesn't know the
//! window.

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::glib;

use crate::kit::subpage::Subpage;

mod imp {
    use std::cell::{Cell, OnceCell, RefCell};
    use std::sync::OnceLock;

    use glib::subclass::Signal;

    use super::*;

    #[derive(Debug, Default)]
    pub(crate) struct Pages {
        pub(super) leaflet: adw::Leaflet,
        /// For each open page, the widget that had the focus when it was opened.
        pub(super) focus_to_restore: RefCell<Vec<glib::WeakRef<gtk::Widget>>>,
        /// The title of the window while the first page is visible.
        pub(super) title: OnceCell<glib::GString>,
        /// Whether to drop the pages before the last one.
        pub(super) alone: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Pages {
        const NAME: &'static str = "PrivacyPanelPages";
        type Type = super::Pages;
        type ParentType = adw::Bin;
        type Interfaces = (gtk::Buildable,);
    }

    impl ObjectImpl for Pages {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("returned").build()])
        }

        fn constructed(&self) {
            self.parent_constructed();
            self.leaflet.set_can_unfold(false);
            self.leaflet.set_can_navigate_back(true);
            let pages = self.obj();
            pages.set_child(Some(&self.leaflet));
            pages.connect_leaflet();
        }
    }

    impl WidgetImpl for Pages {}
    impl BinImpl for Pages {}

    impl BuildableImpl for Pages {
        /// The child in a `.ui` file is the first page.
        fn add_child(&self, _: &gtk::Builder, child: &glib::Object, _: Option<&str>) {
            if let Some(page) = child.downcast_ref::<gtk::Widget>() {
                self.leaflet.append(page);
            }
        }
    }
}

glib::wrapper! {
    pub(crate) struct Pages(ObjectSubclass<imp::Pages>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

/// Opens a page from a widget on another page.
pub(crate) fn open(widget: &impl IsA<gtk::Widget>, page: &Subpage) {
    if let Some(pages) = around(widget) {
        pages.open(page);
    }
}

/// Opens a page from a widget on the first page, whatever page is visible.
pub(crate) fn open_alone(widget: &impl IsA<gtk::Widget>, page: &Subpage) {
    if let Some(pages) = around(widget) {
        pages.open_alone(widget.upcast_ref(), page);
    }
}

/// Goes back by one page, from a widget on it.
pub(crate) fn close(widget: &impl IsA<gtk::Widget>) {
    if let Some(pages) = around(widget) {
        pages.go_back();
    }
}

/// Whether a page is the one that the user sees.
pub(crate) fn is_visible(page: &Subpage) -> bool {
    around(page).is_some_and(|pages| {
        let visible = pages.imp().leaflet.visible_child();
        visible.as_ref() == Some(page.upcast_ref())
    })
}

fn around(widget: &impl IsA<gtk::Widget>) -> Option<Pages> {
    widget.ancestor(Pages::static_type()).and_downcast()
}

impl Pages {
    /// Calls `returned` after the user has gone back to an earlier page.
    pub(crate) fn connect_returned(&self, returned: impl Fn() + 'static) {
        self.connect_closure(
            "returned",
            false,
            glib::closure_local!(move |_: Self| returned()),
        );
    }

    fn open(&self, page: &Subpage) {
        let imp = self.imp();
        let focused = glib::WeakRef::new();
        focused.set(self.root().and_then(|root| root.focus()).as_ref());
        imp.focus_to_restore.borrow_mut().push(focused);
        imp.leaflet.append(page);
        imp.leaflet.set_visible_child(page);
        page.focus();
    }

    /// Goes back by one page. Does nothing on the first.
    pub(crate) fn go_back(&self) {
        let pages = self.all();
        let leaflet = &self.imp().leaflet;
        let visible = leaflet.visible_child();
        let position = pages.iter().position(|page| visible.as_ref() == Some(page));
        if let Some(before) = position.and_then(|position| position.checked_sub(1)) {
            leaflet.set_visible_child(&pages[before]);
        }
    }

    /// Opens a page as the only one beside the first, where `from` has the focus afterwards.
    fn open_alone(&self, from: &gtk::Widget, page: &Subpage) {
        let is_first = self.all().len() == 1;
        self.open(page);
        if !is_first {
            self.imp().alone.set(true);
        }
        if let Some(last) = self.imp().focus_to_restore.borrow().last() {
            last.set(Some(from));
        }
    }

    /// The first page and all open ones, in the order in which they were opened. The leaflet's
    /// child widgets are in another order, and include internal ones.
    fn all(&self) -> Vec<gtk::Widget> {
        let pages = self.imp().leaflet.pages();
        pages
            .iter::<adw::LeafletPage>()
            .filter_map(|page| Some(page.ok()?.child()))
            .collect()
    }

    /// Gives the window the title of the visible page, which screen readers say.
    fn name_window(&self) {
        let imp = self.imp();
        let Some(window) = self.root().and_downcast::<gtk::Window>() else {
            return;
        };
        let first = imp.title.get_or_init(|| window.title().unwrap_or_default());
        let page = imp.leaflet.visible_child().and_downcast::<Subpage>();
        let title = page.map_or_else(|| first.clone(), |page| page.title());
        window.set_title(Some(&title));
    }

    /// Drops pages after the user has gone back, by the button, a key or a swipe.
    fn connect_leaflet(&self) {
        let leaflet = &self.imp().leaflet;
        leaflet.connect_child_transition_running_notify(glib::clone!(
            #[weak(rename_to = pages)]
            self,
            move |leaflet| {
                if !leaflet.is_child_transition_running() {
                    pages.drop_pages_after_visible();
                }
            }
        ));
        // Without animations there is no transition.
        leaflet.connect_visible_child_notify(glib::clone!(
            #[weak(rename_to = pages)]
            self,
            move |leaflet| {
                pages.name_window();
                if !leaflet.is_child_transition_running() {
                    // The leaflet is still changing its visible child.
                    glib::idle_add_local_once(move || pages.drop_pages_after_visible());
                }
            }
        ));
    }

    /// Drops the pages between the first and the last one.
    fn drop_pages_between(&self) {
        let imp = self.imp();
        let pages = self.all();
        let between = pages.len().saturating_sub(2);
        for page in pages.iter().skip(1).take(between) {
            imp.leaflet.remove(page);
        }
        let mut focus = imp.focus_to_restore.borrow_mut();
        let between = between.min(focus.len());
        focus.drain(..between);
    }

    fn drop_pages_after_visible(&self) {
        let imp = self.imp();
        if imp.alone.take() && imp.leaflet.visible_child() == self.all().pop() {
            self.drop_pages_between();
            return;
        }
        let Some(visible) = imp.leaflet.visible_child() else {
            return;
        };
        let mut focus = None;
        for last in self.all().iter().rev() {
            if *last == visible {
                break;
            }
            imp.leaflet.remove(last);
            focus = imp.focus_to_restore.borrow_mut().pop();
        }
        if let Some(widget) = focus.and_then(|widget| widget.upgrade()) {
            widget.grab_focus();
            self.emit_by_name::<()>("returned", &[]);
        }
    }
}
