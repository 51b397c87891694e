// SPDX-License-Identifier: GPL-3.0-or-later

//! Tells screen readers what has happened, once, wherever the focus is.
//!
//! GTK has `gtk_accessible_announce` from 4.14 on. The panel also runs with 4.8, so it is not linked
//! to that function. GTK's builder finds the handler of a signal by its name when the panel runs; if
//! there is none, screen readers get the sentence as the description of the widget with the focus,
//! whose changes they speak.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;
use gtk::{accessible, glib};

use privacy_panel::system::i18n::{Part, gettext, gettext_parts};
use privacy_panel::system::text;

/// `GTK_ACCESSIBLE_ANNOUNCEMENT_PRIORITY_MEDIUM`.
const PRIORITY: i32 = 1;

/// Calls GTK's function with the window, and with what the signal passes on.
const CALL: &str = r#"<interface>
  <object class="PrivacyPanelAnnouncer" id="announcer">
    <signal name="say" handler="gtk_accessible_announce" object="window" swapped="yes"/>
  </object>
</interface>"#;

mod imp {
    use std::sync::OnceLock;

    use glib::subclass::Signal;
    use glib::subclass::prelude::*;

    use super::*;

    #[derive(Debug, Default)]
    pub(crate) struct Announcer;

    #[glib::object_subclass]
    impl ObjectSubclass for Announcer {
        const NAME: &'static str = "PrivacyPanelAnnouncer";
        type Type = super::Announcer;
    }

    impl ObjectImpl for Announcer {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                let types = [String::static_type(), i32::static_type()];
                vec![Signal::builder("say").param_types(types).build()]
            })
        }
    }
}

glib::wrapper! {
    pub(crate) struct Announcer(ObjectSubclass<imp::Announcer>);
}

thread_local! {
    static DESCRIPTIONS: RefCell<Vec<Description>> = RefCell::default();
}

/// The widget's own description.
struct Description {
    widget: glib::WeakRef<gtk::Widget>,
    text: String,
    /// Whether it has just changed, so that screen readers say it if the widget has the focus.
    is_new: bool,
}

impl Description {
    fn is_of(&self, widget: &gtk::Widget) -> bool {
        self.widget.upgrade().as_ref() == Some(widget)
    }
}

/// Lets screen readers say a sentence in the window of a widget, unless the widget with the focus has
/// just got a description with it.
pub(crate) fn announce(widget: &impl IsA<gtk::Widget>, sentence: &str) {
    let Some(window) = widget.root().and_downcast::<gtk::Window>() else {
        return;
    };
    let is_said = focus(&window).is_some_and(|focus| {
        DESCRIPTIONS.with_borrow(|all| {
            let mut new = all.iter().filter(|description| description.is_new);
            new.any(|new| new.is_of(&focus) && new.text.contains(sentence))
        })
    });
    if is_said {
        return;
    }
    let sentence = text::composed(sentence);
    // Runs after the current event, which may move the focus.
    glib::idle_add_local_once(move || match announcer(&window) {
        Some(announcer) => announcer.emit_by_name::<()>("say", &[&sentence, &PRIORITY]),
        None => describe_focus(&window, &sentence),
    });
}

/// Gives a widget a description, which screen readers say after its name, and when it changes while
/// the widget has the focus.
pub(crate) fn describe(widget: &impl IsA<gtk::Widget>, text: &str) {
    let widget = widget.upcast_ref::<gtk::Widget>();
    // Screen readers call the separator a middle dot.
    let text = text.replace(&gettext(" · "), &gettext(", "));
    let is_new = DESCRIPTIONS.with_borrow_mut(|all| {
        all.retain(|description| description.widget.upgrade().is_some());
        let known = all.iter().position(|description| description.is_of(widget));
        if known.is_some_and(|known| all[known].text == text) {
            return false;
        }
        let new = Description {
            widget: widget.downgrade(),
            text: text.clone(),
            is_new: true,
        };
        match known {
            Some(known) => all[known] = new,
            None => all.push(new),
        }
        true
    });
    // Setting the same again would end an announcement.
    if is_new {
        set(widget, &text);
        glib::idle_add_local_once(|| {
            DESCRIPTIONS.with_borrow_mut(|all| {
                for description in all {
                    description.is_new = false;
                }
            });
        });
    }
}

/// Sets the description of a widget again, for which GTK takes the tooltip that was set since.
pub(crate) fn restore(widget: &impl IsA<gtk::Widget>) {
    let widget = widget.upcast_ref();
    set(widget, &own(widget));
}

/// A state and a remark about it, for screen readers.
pub(crate) fn joined(state: &str, remarks: &str) -> String {
    gettext_parts(
        // Translators: a state and what there is to say about it, for screen readers
        "{state}. {remarks}",
        &[("state", Part::Own(state)), ("remarks", Part::Own(remarks))],
    )
}

/// `None`: this GTK cannot announce anything.
fn announcer(window: &gtk::Window) -> Option<Announcer> {
    Announcer::ensure_type();
    let builder = gtk::Builder::new();
    builder.expose_object("window", window);
    builder.add_from_string(CALL).ok()?;
    builder.object("announcer")
}

/// Describes the widget with the focus by a sentence, until the focus moves on.
fn describe_focus(window: &gtk::Window, sentence: &str) {
    let place = focus(window).unwrap_or_else(|| window.clone().upcast());
    // The same sentence may be said twice.
    set(&place, "");
    set(&place, sentence);
    let place = place.downgrade();
    let handler = Rc::<Cell<Option<glib::SignalHandlerId>>>::default();
    let id = window.connect_focus_widget_notify({
        let handler = Rc::clone(&handler);
        move |window| {
            let place = place.upgrade();
            if place.is_some() && focus(window) == place {
                return;
            }
            if let Some(place) = place {
                set(&place, &own(&place));
            }
            if let Some(id) = handler.take() {
                window.disconnect(id);
            }
        }
    });
    handler.set(Some(id));
}

fn focus(window: &gtk::Window) -> Option<gtk::Widget> {
    gtk::prelude::RootExt::focus(window)
}

/// The description that [`describe`] gave to a widget.
fn own(widget: &gtk::Widget) -> String {
    DESCRIPTIONS.with_borrow(|all| {
        let mut all = all.iter();
        let known = all.find(|description| description.is_of(widget));
        known.map_or_else(String::new, |description| description.text.clone())
    })
}

fn set(widget: &gtk::Widget, description: &str) {
    // Newer versions of libadwaita let the subtitle describe a row, which comes before a description
    // of its own.
    widget.reset_relation(gtk::AccessibleRelation::DescribedBy);
    widget.update_property(&[accessible::Property::Description(description)]);
}
