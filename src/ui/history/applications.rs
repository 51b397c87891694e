// SPDX-License-Identifier: GPL-3.0-or-later

//! The installed applications, and a page to choose one.

use adw::prelude::*;
use gtk::{accessible, gio, glib};

use privacy_panel::system::i18n::gettext;
use privacy_panel::system::{limits, text};

use crate::kit::announce;
use crate::kit::pages;
use crate::kit::subpage::Subpage;

/// What is shown of an application. Unlike [`gio::AppInfo`] it is `Send`.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    /// The file name of its desktop file.
    pub(crate) id: String,
    pub(crate) name: String,
    icon: Option<String>,
}

/// Every application that menus show, sorted by name.
pub(crate) fn all() -> Vec<Application> {
    let mut all: Vec<_> = gio::AppInfo::all()
        .into_iter()
        .filter(AppInfoExt::should_show)
        .filter_map(|application| {
            Some(Application {
                id: application.id()?.into(),
                name: limits::cut(
                    &text::one_line(&application.display_name()),
                    limits::PROGRAM_NAME,
                ),
                icon: application
                    .icon()
                    .and_then(|icon| IconExt::to_string(&icon))
                    .map(Into::into),
            })
        })
        .collect();
    all.sort_by_cached_key(|application| application.name.to_lowercase());
    all
}

pub(crate) fn icon(application: Option<&Application>) -> gtk::Image {
    let image = gtk::Image::builder()
        .pixel_size(32)
        .accessible_role(gtk::AccessibleRole::Presentation)
        .build();
    show_icon(&image, application);
    image
}

fn show_icon(image: &gtk::Image, application: Option<&Application>) {
    let named = application.and_then(|application| application.icon.as_ref());
    match named.and_then(|name| gio::Icon::for_string(name).ok()) {
        Some(icon) => image.set_from_gicon(&icon),
        None => image.set_icon_name(Some("application-x-executable")),
    }
}

/// Opens a page with the applications. When the user chooses one, closes it and calls `chosen` with
/// its id.
pub(crate) fn open(
    widget: &impl IsA<gtk::Widget>,
    applications: Vec<Application>,
    chosen: impl Fn(&str) + 'static,
) {
    let store = gio::ListStore::new::<glib::BoxedAnyObject>();
    let objects: Vec<_> = applications
        .into_iter()
        .map(glib::BoxedAnyObject::new)
        .collect();
    store.extend_from_slice(&objects);
    let name = gtk::ClosureExpression::new::<String>(
        &[] as &[gtk::Expression],
        glib::closure!(|object: glib::BoxedAnyObject| object.borrow::<Application>().name.clone()),
    );
    let filter = gtk::StringFilter::builder()
        .expression(name)
        .ignore_case(true)
        .match_mode(gtk::StringFilterMatchMode::Substring)
        .build();
    let found = gtk::FilterListModel::new(Some(store), Some(filter.clone()));
    let selection = gtk::SingleSelection::new(Some(found.clone()));

    let list = gtk::ListView::builder()
        .model(&selection)
        .factory(&factory())
        .single_click_activate(true)
        .css_classes(["rich-list"])
        .build();
    list.update_property(&[accessible::Property::Label(&gettext("Applications"))]);
    list.connect_activate(move |list, position| {
        let object = list.model().and_then(|model| model.item(position));
        if let Some(object) = object.and_downcast::<glib::BoxedAnyObject>() {
            pages::close(list);
            chosen(&object.borrow::<Application>().id);
        }
    });

    let search = gtk::SearchEntry::builder()
        .placeholder_text(gettext("Search Applications"))
        .hexpand(true)
        .build();
    search.update_property(&[accessible::Property::Label(&gettext("Search Applications"))]);
    // The filter normalizes the text, for which GLib takes quadratic time.
    if let Some(text) = search.delegate().and_downcast::<gtk::Text>() {
        text.set_max_length(i32::try_from(limits::SEARCH_TERM).unwrap_or_default());
    }
    search.connect_search_changed(move |search| filter.set_search(Some(&search.text())));
    search.connect_activate(glib::clone!(
        #[weak]
        list,
        move |_| {
            list.emit_by_name::<()>("activate", &[&0_u32]);
        }
    ));
    search.connect_stop_search(pages::close);
    let bar = adw::Clamp::builder()
        .child(&search)
        .margin_top(6)
        .margin_bottom(6)
        .margin_start(12)
        .margin_end(12)
        .build();
    let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
    content.append(&bar);
    let scrolled = gtk::ScrolledWindow::builder()
        .hscrollbar_policy(gtk::PolicyType::Never)
        .vexpand(true)
        .child(&adw::ClampScrollable::builder().child(&list).build())
        .build();
    content.append(&scrolled);
    let nothing = adw::StatusPage::builder()
        .icon_name("edit-find-symbolic")
        // Translators: no app has a name with what was typed
        .title(gettext("No Results Found"))
        .vexpand(true)
        .visible(false)
        .build();
    content.append(&nothing);
    found.connect_items_changed(glib::clone!(
        #[weak]
        scrolled,
        #[weak]
        nothing,
        move |found, _, _, _| {
            let is_empty = found.n_items() == 0;
            if is_empty && !nothing.is_visible() {
                announce::announce(&nothing, &nothing.title());
            }
            scrolled.set_visible(!is_empty);
            nothing.set_visible(is_empty);
        }
    ));
    pages::open(widget, &Subpage::new(&gettext("Add Application"), &content));
    search.grab_focus();
}

fn factory() -> gtk::SignalListItemFactory {
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_setup(|_, item| {
        let row = gtk::Box::new(gtk::Orientation::Horizontal, 12);
        row.append(&icon(None));
        let label = gtk::Label::builder()
            .xalign(0.0)
            .ellipsize(gtk::pango::EllipsizeMode::End)
            .build();
        row.append(&label);
        if let Some(item) = item.downcast_ref::<gtk::ListItem>() {
            item.set_child(Some(&row));
        }
    });
    factory.connect_bind(|_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else {
            return;
        };
        let object = item.item().and_downcast::<glib::BoxedAnyObject>();
        let row = item.child();
        let image = row.as_ref().and_then(gtk::Widget::first_child);
        let label = row.as_ref().and_then(gtk::Widget::last_child);
        let (Some(object), Some(image), Some(label)) = (
            object,
            image.and_downcast::<gtk::Image>(),
            label.and_downcast::<gtk::Label>(),
        ) else {
            return;
        };
        let application = object.borrow::<Application>();
        show_icon(&image, Some(&application));
        label.set_label(&application.name);
    });
    factory
}
