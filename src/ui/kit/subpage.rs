// SPDX-License-Identifier: GPL-3.0-or-later

//! A page that is opened from a row: a title, a back button and a content.
//!
//! Created when opened and dropped when closed, to keep startup fast.

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{accessible, glib};

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "subpage.ui")]
    pub(crate) struct Subpage {
        #[template_child]
        pub(crate) header: TemplateChild<adw::HeaderBar>,
        #[template_child]
        pub(crate) title: TemplateChild<adw::WindowTitle>,
        #[template_child]
        pub(crate) back: TemplateChild<gtk::Button>,
        #[template_child]
        pub(crate) content: TemplateChild<adw::Bin>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Subpage {
        const NAME: &'static str = "PrivacyPanelSubpage";
        type Type = super::Subpage;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.set_accessible_role(gtk::AccessibleRole::Group);
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for Subpage {}
    impl WidgetImpl for Subpage {}
    impl BinImpl for Subpage {}
}

glib::wrapper! {
    pub(crate) struct Subpage(ObjectSubclass<imp::Subpage>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl Subpage {
    pub(crate) fn new(title: &str, content: &impl IsA<gtk::Widget>) -> Self {
        let page: Self = glib::Object::new();
        page.imp().title.set_title(title);
        page.imp().content.set_child(Some(content));
        page.update_property(&[accessible::Property::Label(title)]);
        page
    }

    /// The header bar, to which the content can add buttons.
    pub(crate) fn header(&self) -> &adw::HeaderBar {
        &self.imp().header
    }

    pub(crate) fn title(&self) -> glib::GString {
        self.imp().title.title()
    }

    /// Moves the focus to the first control if there was none when the page was opened.
    pub(crate) fn focus_what_came(&self) {
        if self.imp().back.has_focus() {
            self.focus();
        }
    }

    /// Focuses the first control, as when the page has just been opened, or the back button while there
    /// is none.
    pub(crate) fn focus(&self) {
        let imp = self.imp();
        if !imp.content.child_focus(gtk::DirectionType::TabForward) {
            imp.back.grab_focus();
        }
    }
}
