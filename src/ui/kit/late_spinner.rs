// SPDX-License-Identifier: GPL-3.0-or-later

//! A spinner that appears when the user has waited for a while: after a shorter wait it would only
//! flicker.
//!
//! It draws itself. GTK's own is an SVG, and the renderer for it takes a tenth of the panel's memory.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{glib, graphene};

const PATIENCE: Duration = Duration::from_millis(500);

/// In pixels.
const SIZE: i32 = 16;

/// Microseconds for a turn.
const TURN: i64 = 1_000_000;

mod imp {
    use std::cell::Cell;
    use std::f64::consts::TAU;

    use super::*;

    #[derive(Debug, Default)]
    pub(crate) struct Spinner {
        /// Between 0 and 1.
        pub(super) turned: Cell<f64>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Spinner {
        const NAME: &'static str = "PrivacyPanelSpinner";
        type Type = super::Spinner;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            class.set_accessible_role(gtk::AccessibleRole::Presentation);
        }
    }

    impl ObjectImpl for Spinner {}

    impl WidgetImpl for Spinner {
        fn measure(&self, _: gtk::Orientation, _: i32) -> (i32, i32, i32, i32) {
            (SIZE, SIZE, -1, -1)
        }

        fn map(&self) {
            self.parent_map();
            // GTK calls it for each frame while the widget is mapped.
            self.obj().add_tick_callback(|spinner, clock| {
                let is_still = !spinner.settings().is_gtk_enable_animations();
                if is_still || !spinner.is_mapped() {
                    return glib::ControlFlow::Break;
                }
                // Exact for centuries.
                #[allow(clippy::cast_precision_loss)]
                let turned = (clock.frame_time() % TURN) as f64 / TURN as f64;
                spinner.imp().turned.set(turned);
                spinner.queue_draw();
                glib::ControlFlow::Continue
            });
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            let spinner = self.obj();
            // The same whole numbers.
            #[allow(clippy::cast_precision_loss)]
            let (width, height) = (spinner.width() as f32, spinner.height() as f32);
            let bounds = graphene::Rect::new(0.0, 0.0, width, height);
            let context = snapshot.append_cairo(&bounds);
            let color = spinner.style_context().color();
            let (red, green, blue) = (color.red(), color.green(), color.blue());
            let (x, y) = (f64::from(width) / 2.0, f64::from(height) / 2.0);
            let radius = x.min(y) - 1.0;
            context.set_line_width(2.0);
            let begin = self.turned.get() * TAU;
            for (alpha, from, to) in [(0.2, 0.0, TAU), (1.0, begin, begin + TAU / 4.0)] {
                context.set_source_rgba(red.into(), green.into(), blue.into(), alpha);
                context.arc(x, y, radius, from, to);
                // A picture that cannot be drawn stays empty.
                let _ = context.stroke();
            }
        }
    }
}

glib::wrapper! {
    pub(crate) struct Spinner(ObjectSubclass<imp::Spinner>)
        @extends gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

#[derive(Clone, Debug)]
pub(crate) struct LateSpinner {
    spinner: Spinner,
    /// What shows it.
    due: Rc<RefCell<Option<glib::SourceId>>>,
}

impl LateSpinner {
    pub(crate) fn new() -> Self {
        let spinner: Spinner = glib::Object::builder()
            .property("valign", gtk::Align::Center)
            .property("visible", false)
            .build();
        Self {
            spinner,
            due: Rc::default(),
        }
    }

    pub(crate) fn add_to(&self, row: &impl IsA<adw::ActionRow>) {
        row.add_suffix(&self.spinner);
    }

    /// Says whether the user waits now.
    pub(crate) fn show(&self, waits: bool) {
        if !waits {
            if let Some(due) = self.due.take() {
                due.remove();
            }
            self.spinner.set_visible(false);
        } else if !self.spinner.is_visible() && self.due.borrow().is_none() {
            let spinner = self.spinner.downgrade();
            let due = Rc::downgrade(&self.due);
            let source = glib::timeout_add_local_once(PATIENCE, move || {
                if let Some(due) = due.upgrade() {
                    due.take();
                }
                if let Some(spinner) = spinner.upgrade() {
                    spinner.set_visible(true);
                }
            });
            self.due.replace(Some(source));
        }
    }
}
