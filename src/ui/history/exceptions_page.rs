// SPDX-License-Identifier: GPL-3.0-or-later

//! The page about what is never recorded: lists of kinds of files, folders and applications.
//!
//! It shows the rules that Zeitgeist has, and asks again whenever they change.

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gio, glib};

use privacy_panel::history::never_record::{self, FILE_KINDS, FileKind, Rule, RuleError, Watch};
use privacy_panel::history::{Problem, words};
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::history::applications;
use crate::history::applications::Application;
use crate::history::kinds;
use crate::kit::buttons;
use crate::kit::markup;
use crate::kit::rows;
use crate::kit::rows::described;
use crate::kit::toast;

mod imp {
    use std::cell::{OnceCell, RefCell};

    use super::*;

    #[derive(Debug, Default)]
    pub(crate) struct ExceptionsPage {
        pub(crate) notice: OnceCell<adw::PreferencesGroup>,
        pub(crate) kinds: OnceCell<adw::PreferencesGroup>,
        pub(crate) folders: OnceCell<adw::PreferencesGroup>,
        pub(crate) applications: OnceCell<adw::PreferencesGroup>,
        pub(crate) others: OnceCell<adw::PreferencesGroup>,
        /// The last row of each list, which adds another.
        pub(crate) adders: OnceCell<[adw::ActionRow; 3]>,
        /// The kinds that are recorded.
        pub(crate) other_kinds: RefCell<Vec<&'static FileKind>>,
        /// The rows of the lists, with the group of each.
        pub(crate) rows: RefCell<Vec<(adw::PreferencesGroup, gtk::Widget)>>,
        pub(crate) watch: RefCell<Option<Watch>>,
        /// The installed applications, read once.
        pub(crate) known: RefCell<Vec<Application>>,
        /// Cancels the question under way. Answers to cancelled ones are not shown.
        pub(crate) question: RefCell<gio::Cancellable>,
        pub(crate) chooser: RefCell<Option<gtk::FileChooserNative>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ExceptionsPage {
        const NAME: &'static str = "PrivacyPanelExceptionsPage";
        type Type = super::ExceptionsPage;
        type ParentType = adw::PreferencesPage;
    }

    impl ObjectImpl for ExceptionsPage {
        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            page.build();
            page.load();
            let weak = page.downgrade();
            let watch = never_record::watch(move || {
                if let Some(page) = weak.upgrade() {
                    page.load();
                }
            });
            self.watch.replace(watch);
        }
    }

    impl WidgetImpl for ExceptionsPage {
        fn unroot(&self) {
            self.watch.take();
            self.question.borrow().cancel();
            self.parent_unroot();
        }
    }

    impl PreferencesPageImpl for ExceptionsPage {}
}

glib::wrapper! {
    pub(crate) struct ExceptionsPage(ObjectSubclass<imp::ExceptionsPage>)
        @extends adw::PreferencesPage, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl ExceptionsPage {
    pub(crate) fn new() -> Self {
        glib::Object::new()
    }

    fn build(&self) {
        let imp = self.imp();
        let group = |title: &str, description: &str| {
            let group = adw::PreferencesGroup::builder()
                .title(markup::escape(title))
                .description(markup::escape(description))
                .build();
            self.add(&group);
            group
        };
        let adder = |group: &adw::PreferencesGroup, label: &str, add: fn(&Self)| {
            let row = rows::button("list-add-symbolic", label);
            row.connect_activated(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |_| add(&page)
            ));
            group.add(&row);
            row
        };
        let notice = group("", &about());
        let kinds = group(
            // Translators: heading over a list of kinds of files
            &gettext("Do Not Record These Kinds of Files"),
            "",
        );
        let add_kind = adder(&kinds, &gettext("Add Kind of Files…"), Self::choose_kind);
        let folders = group(
            // Translators: heading over a list of folders
            &gettext("Do Not Record in These Folders"),
            &gettext("Files in these folders, and in folders in them"),
        );
        let add_folder = adder(&folders, &gettext("Add Folder…"), Self::choose_folder);
        let applications = group(
            // Translators: heading over a list of applications
            &gettext("Do Not Record These Applications"),
            &gettext("What is done with these applications, and that they are started"),
        );
        let add_application = adder(
            &applications,
            &gettext("Add Application…"),
            Self::choose_application,
        );
        let others = group(
            // Translators: heading over rules of what is never recorded
            &gettext("Rules of Other Programs"),
            &gettext("They stay as they are."),
        );
        others.set_visible(false);
        // Only this function sets them.
        let _ = imp.notice.set(notice);
        let _ = imp.kinds.set(kinds);
        let _ = imp.adders.set([add_kind, add_folder, add_application]);
        let _ = imp.folders.set(folders);
        let _ = imp.applications.set(applications);
        let _ = imp.others.set(others);
    }

    /// Asks Zeitgeist for the rules in a blocking thread, and shows them.
    fn load(&self) {
        let question = gio::Cancellable::new();
        self.imp().question.replace(question.clone()).cancel();
        glib::spawn_future_local(glib::clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let asked = question.clone();
                let look_up = page.imp().known.borrow().is_empty();
                let answer = gio::spawn_blocking(move || {
                    let known = if look_up {
                        applications::all()
                    } else {
                        Vec::new()
                    };
                    (never_record::rules(&asked), known)
                })
                .await;
                let Ok((rules, known)) = answer else {
                    return;
                };
                if question.is_cancelled() {
                    return;
                }
                if look_up {
                    page.imp().known.replace(known);
                }
                match rules {
                    Ok(rules) => page.show(&rules),
                    Err(problem) => page.say_problem(&problem),
                }
            }
        ));
    }

    fn say_problem(&self, problem: &Problem) {
        self.show_sensitive(false);
        self.say(&words::rule_problem(problem));
    }

    /// Shows a sentence at the top of the page.
    fn say(&self, sentence: &str) {
        if let Some(notice) = self.imp().notice.get() {
            notice.set_description(Some(&markup::escape(sentence)));
        }
    }

    fn show_sensitive(&self, sensitive: bool) {
        let imp = self.imp();
        for group in [&imp.kinds, &imp.folders, &imp.applications] {
            if let Some(group) = group.get() {
                group.set_sensitive(sensitive);
            }
        }
    }

    fn show(&self, rules: &[Rule]) {
        let imp = self.imp();
        self.show_sensitive(true);
        let nothing = rules.contains(&Rule::Everything);
        self.say(&if nothing {
            words::nothing_is_recorded()
        } else {
            about()
        });
        let is_other = |kind: &&'static FileKind| !rules.contains(&Rule::Kind(kind));
        let others: Vec<_> = FILE_KINDS.iter().filter(is_other).collect();
        let adders = imp.adders.get().map_or(&[][..], |adders| adders);
        if let [add_kind, ..] = adders {
            add_kind.set_sensitive(!others.is_empty());
        }
        imp.other_kinds.replace(others);

        let focused = self.root().and_then(|root| root.focus());
        let lost = |row: &gtk::Widget| {
            focused
                .as_ref()
                .is_some_and(|focused| focused.is_ancestor(row) || focused == row)
        };
        let mut had_focus = None;
        for (group, row) in imp.rows.take() {
            if lost(&row) {
                had_focus = Some(group.clone());
            }
            group.remove(&row);
        }
        let (Some(kinds), Some(folders), Some(applications), Some(others)) = (
            imp.kinds.get(),
            imp.folders.get(),
            imp.applications.get(),
            imp.others.get(),
        ) else {
            return;
        };
        for rule in rules {
            let (group, row) = match rule {
                Rule::Everything => continue,
                Rule::Kind(kind) => {
                    let row = described(&kind.title(), "");
                    self.add_remove_button(&row, rule, &kind.title());
                    (kinds, row)
                }
                Rule::Folder(_) => {
                    let row = described(&words::rule(rule), "");
                    self.add_remove_button(&row, rule, &words::rule(rule));
                    (folders, row)
                }
                Rule::Application(id) => (applications, self.application_row(rule, id)),
                Rule::Other(_) => (others, described(&words::rule(rule), "")),
            };
            match adders.iter().find(|adder| adder.is_ancestor(group)) {
                Some(adder) => insert_before(adder, &row),
                None => group.add(&row),
            }
            imp.rows.borrow_mut().push((group.clone(), row.upcast()));
        }
        let has_others = rules.iter().any(|rule| matches!(rule, Rule::Other(_)));
        others.set_visible(has_others);
        if let Some(group) = had_focus {
            // All kinds may be in the list, so that none can be added.
            let mut adder = adders.iter().filter(|adder| adder.is_ancestor(&group));
            if !adder.next().is_some_and(WidgetExt::grab_focus) {
                group.child_focus(gtk::DirectionType::TabForward);
            }
        }
    }

    fn application_row(&self, rule: &Rule, id: &str) -> adw::ActionRow {
        let known = self.imp().known.borrow();
        let found = known.iter().find(|application| application.id == id);
        let name = found.map_or_else(|| words::rule(rule), |application| application.name.clone());
        let row = described(&name, "");
        row.add_prefix(&applications::icon(found));
        self.add_remove_button(&row, rule, &name);
        row
    }

    fn add_remove_button(&self, row: &adw::ActionRow, rule: &Rule, name: &str) {
        let label = gettext_f(
            // Translators: on a button without words, for screen readers: takes a kind of files, a
            // folder or an application off the list of what is never recorded
            "Remove {name}",
            &[("name", name)],
        );
        let remove = buttons::flat("edit-delete-symbolic", &label);
        remove.connect_clicked(glib::clone!(
            #[weak(rename_to = page)]
            self,
            #[strong]
            rule,
            move |_| page.change(rule.clone(), false)
        ));
        row.add_suffix(&remove);
    }

    /// Adds or removes a rule, and loads the rules again.
    fn change(&self, rule: Rule, wanted: bool) {
        // Closing the window doesn't cancel the change.
        let hold = gio::Application::default().map(|app| app.hold());
        glib::spawn_future_local(glib::clone!(
            #[strong(rename_to = page)]
            self,
            async move {
                let _hold = hold;
                let done = gio::spawn_blocking(move || {
                    let cancellable = gio::Cancellable::new();
                    if wanted {
                        never_record::add(&rule, &cancellable)
                    } else {
                        never_record::remove(&rule, &cancellable)
                    }
                });
                let done = done.await;
                if let Ok(Err(problem)) = done {
                    toast::show(&page, &words::rule_problem(&problem));
                }
                page.load();
            }
        ));
    }

    fn add_rule(&self, rule: Result<Rule, RuleError>) {
        match rule {
            Ok(rule) => self.change(rule, true),
            Err(error) => toast::show(self, &words::rule_error(error)),
        }
    }

    fn choose_kind(&self) {
        let kinds = self.imp().other_kinds.borrow().clone();
        let weak = self.downgrade();
        kinds::open(self, kinds, move |kind| {
            if let Some(page) = weak.upgrade() {
                page.change(Rule::Kind(kind), true);
            }
        });
    }

    fn choose_folder(&self) {
        let window = self.root().and_downcast::<gtk::Window>();
        let chooser = gtk::FileChooserNative::new(
            Some(&gettext("Do Not Record in This Folder")),
            window.as_ref(),
            gtk::FileChooserAction::SelectFolder,
            // Translators: a button that adds the chosen folder to a list
            Some(&gettext("Add")),
            None,
        );
        chooser.set_modal(true);
        chooser.connect_response(glib::clone!(
            #[weak(rename_to = page)]
            self,
            move |chooser, response| {
                let folder = chooser.file();
                page.imp().chooser.take();
                if let (gtk::ResponseType::Accept, Some(folder)) = (response, folder) {
                    let path = folder.path().unwrap_or_default();
                    page.add_rule(Rule::folder(&path));
                }
            }
        ));
        chooser.show();
        // GTK keeps no reference to it.
        self.imp().chooser.replace(Some(chooser));
    }

    fn choose_application(&self) {
        let known = self.imp().known.borrow().clone();
        let weak = self.downgrade();
        applications::open(self, known, move |id| {
            if let Some(page) = weak.upgrade() {
                page.add_rule(Rule::application(id));
            }
        });
    }
}

/// Adds a row to the list of another one, before it.
fn insert_before(other: &adw::ActionRow, row: &adw::ActionRow) {
    if let Some(list) = other.parent().and_downcast::<gtk::ListBox>() {
        list.insert(row, other.index());
    }
}

fn about() -> String {
    gettext(
        "This is about Zeitgeist, which programs tell of what you do. What is recorded already stays until you clear it.",
    )
}
