// SPDX-License-Identifier: GPL-3.0-or-later

//! Lays out the title and the subtitle of a row or of a group: one below the other, each as high as
//! its text at the width of the row.
//!
//! libadwaita uses a [`gtk::Box`], which asks its labels for their width at a given height. A text
//! that mixes scripts has lines of different heights, so a label may ask for more width than the
//! row has, and the row draws its switch outside its own bounds. This layout never asks that.

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::glib;

/// The same as in libadwaita, in pixels.
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

/// Gives a row this layout. Does nothing if the row has no subtitle label.
pub(crate) fn lay_out(row: &impl IsA<gtk::Widget>) {
    if let Some(texts) = subtitle(row.upcast_ref()).and_then(|subtitle| subtitle.parent()) {
        texts.set_layout_manager(Some(glib::Object::new::<RowTexts>()));
    }
}

/// Gives the title and the description of a group this layout. To find a width for a height, a long
/// description would be laid out a dozen times. Call it before rows are added.
pub(crate) fn lay_out_group(group: &adw::PreferencesGroup) {
    let label = find(group.upcast_ref(), &|widget| widget.is::<gtk::Label>());
    if let Some(texts) = label.and_then(|label| label.parent()) {
        texts.set_layout_manager(Some(glib::Object::new::<RowTexts>()));
    }
}

fn subtitle(widget: &gtk::Widget) -> Option<gtk::Widget> {
    find(widget, &|widget| widget.has_css_class("subtitle"))
}

fn find(widget: &gtk::Widget, is_it: &dyn Fn(&gtk::Widget) -> bool) -> Option<gtk::Widget> {
    if is_it(widget) {
        return Some(widget.clone());
    }
    let mut children = std::iter::successors(widget.first_child(), gtk::Widget::next_sibling);
    children.find_map(|child| find(&child, is_it))
}
