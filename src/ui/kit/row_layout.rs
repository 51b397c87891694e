// SPDX-License-Identifier: GPL-3.0-or-later

//! How the title and the subtitle of a row are laid out: one below the other, each as high as it
//! needs to be at the width that there is.
//!
//! libadwaita has a [`gtk::Box`] for them, which asks them how wide they have to be at a height. A
//! text that mixes scripts has lines of several heights, and so may answer that it needs more than
//! there is; the row would draw its switch outside of itself. Here that is never asked.

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::glib;

/// The space between two texts, as libadwaita has it.
const SPACING: i32 = 3;

mod imp {
    use super::*;

    #[derive(Default)]
    pub(crate) struct RowTexts;

    #[glib::object_subclass]
    impl ObjectSubclass for RowTexts {
        const NAME: &'static str = "PrivacyPanelRowTexts";
        type Type = super::RowTexts;
        type ParentType = gtk::LayoutManager;
    }

    impl ObjectImpl for RowTexts {}

    impl LayoutManagerImpl for RowTexts {
        fn request_mode(&self, _: &gtk::Widget) -> gtk::SizeRequestMode {
            gtk::SizeRequestMode::HeightForWidth
        }

        fn measure(
            &self,
            widget: &gtk::Widget,
            orientation: gtk::Orientation,
            for_size: i32,
        ) -> (i32, i32, i32, i32) {
            let (mut minimum, mut natural, mut count) = (0, 0, 0);
            for text in texts(widget) {
                if orientation == gtk::Orientation::Horizontal {
                    let (least, most, ..) = text.measure(orientation, -1);
                    minimum = minimum.max(least);
                    natural = natural.max(most);
                } else {
                    let (least, most, ..) = text.measure(orientation, for_size);
                    minimum += least;
                    natural += most;
                    count += 1;
                }
            }
            let between = SPACING * (count - 1).max(0);
            (minimum + between, natural + between, -1, -1)
        }

        fn allocate(&self, widget: &gtk::Widget, width: i32, height: i32, _baseline: i32) {
            let (_, needed, ..) = self.measure(widget, gtk::Orientation::Vertical, width);
            let mut y = (height - needed).max(0) / 2;
            for text in texts(widget) {
                let (_, height, ..) = text.measure(gtk::Orientation::Vertical, width);
                text.size_allocate(&gtk::Allocation::new(0, y, width, height), -1);
                y += height + SPACING;
            }
        }
    }

    fn texts(widget: &gtk::Widget) -> impl Iterator<Item = gtk::Widget> + use<> {
        std::iter::successors(widget.first_child(), gtk::Widget::next_sibling)
            .filter(WidgetExt::should_layout)
    }
}

glib::wrapper! {
    pub(crate) struct RowTexts(ObjectSubclass<imp::RowTexts>)
        @extends gtk::LayoutManager;
}

/// Lays the texts of a row out so. A row that is put together in another way stays as it is.
pub(crate) fn lay_out(row: &impl IsA<gtk::Widget>) {
    if let Some(texts) = subtitle(row.upcast_ref()).and_then(|subtitle| subtitle.parent()) {
        texts.set_layout_manager(Some(glib::Object::new::<RowTexts>()));
    }
}

fn subtitle(widget: &gtk::Widget) -> Option<gtk::Widget> {
    if widget.has_css_class("subtitle") {
        return Some(widget.clone());
    }
    let mut children = std::iter::successors(widget.first_child(), gtk::Widget::next_sibling);
    children.find_map(|child| subtitle(&child))
}
