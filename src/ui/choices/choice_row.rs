// SPDX-License-Identifier: GPL-3.0-or-later

//! The row of a choice: its switch and, when opened, its details.

use std::sync::Arc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{accessible, gio, glib};

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::change;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::state::State;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::words;
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::actions;
use crate::choices::details;
use crate::choices::details::Details;
use crate::kit::expander;
use crate::kit::focus;
use crate::kit::markup;
use crate::kit::row_layout;
use crate::kit::toast;

mod imp {
    use std::cell::{Cell, OnceCell, RefCell};
    use std::sync::OnceLock;

    use glib::subclass::Signal;

    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "choice_row.ui")]
    pub(crate) struct ChoiceRow {
        #[template_child]
        pub(crate) switch: TemplateChild<gtk::Switch>,
        pub(crate) choice: OnceCell<&'static Choice>,
        pub(crate) catalogue: OnceCell<Arc<Catalogue>>,
        /// What was read last, and is shown.
        pub(crate) status: RefCell<Option<ChoiceStatus>>,
        /// Created when the user opens the row for the first time.
        pub(crate) details: RefCell<Option<Details>>,
        /// Whether the panel is setting the switch, not the user.
        pub(crate) showing: Cell<bool>,
        /// Whether a request is being carried out.
        pub(crate) busy: Cell<bool>,
        /// The last request that the user made meanwhile.
        pub(crate) next: Cell<Option<Request>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ChoiceRow {
        const NAME: &'static str = "PrivacyPanelChoiceRow";
        type Type = super::ChoiceRow;
        type ParentType = adw::ExpanderRow;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
            for (action, request) in [
                (actions::TURN_ON, Request::On),
                (actions::TURN_OFF, Request::Off),
                (actions::RESET, Request::Reset),
            ] {
                class.install_action(action, None, move |row, _, _| row.request(request));
            }
            class.install_action(actions::TRY_AGAIN, None, |row, _, _| row.try_again());
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ChoiceRow {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| vec![Signal::builder("changed").build()])
        }

        fn constructed(&self) {
            self.parent_constructed();
            self.obj().connect_expanded_notify(Self::Type::fill);
        }
    }

    impl WidgetImpl for ChoiceRow {}
    impl ListBoxRowImpl for ChoiceRow {}
    impl PreferencesRowImpl for ChoiceRow {}
    impl ExpanderRowImpl for ChoiceRow {}

    #[gtk::template_callbacks]
    impl ChoiceRow {
        /// The user moved the switch. Its state follows when the change has been read back.
        #[template_callback]
        fn on_state_set(&self, on: bool) -> bool {
            if self.showing.get() {
                return false;
            }
            let request = if on { Request::On } else { Request::Off };
            self.obj().request(request);
            true
        }
    }
}

glib::wrapper! {
    pub(crate) struct ChoiceRow(ObjectSubclass<imp::ChoiceRow>)
        @extends adw::ExpanderRow, adw::PreferencesRow, gtk::ListBoxRow, gtk::Widget,
        @implements gtk::Accessible, gtk::Actionable, gtk::Buildable, gtk::ConstraintTarget;
}

impl ChoiceRow {
    pub(crate) fn new(choice: &'static Choice, catalogue: &Arc<Catalogue>) -> Self {
        let row: Self = glib::Object::new();
        let imp = row.imp();
        // Only this function sets them.
        let _ = imp.choice.set(choice);
        let _ = imp.catalogue.set(Arc::clone(catalogue));
        row.set_title(&markup::escape(&choice.title()));
        imp.switch
            .update_property(&[accessible::Property::Label(&choice.title())]);
        row.set_subtitle(&markup::escape(&details::waiting()));
        row_layout::lay_out(&row);
        expander::replace_arrow(&row);
        expander::tell_expanded(&row);
        row
    }

    pub(crate) fn choice(&self) -> &'static Choice {
        // `new` always sets it.
        self.imp()
            .choice
            .get()
            .copied()
            .unwrap_or(&privacy_panel::choices::choice::ALL[0])
    }

    /// Calls `changed` after the row has written something, so that everything else is read again.
    pub(crate) fn connect_changed(&self, changed: impl Fn() + 'static) {
        self.connect_closure(
            "changed",
            false,
            glib::closure_local!(move |_: Self| changed()),
        );
    }

    fn emit_changed(&self) {
        self.emit_by_name::<()>("changed", &[]);
    }

    /// Opens the row and focuses it, which scrolls to it.
    pub(crate) fn open(&self) {
        self.set_expanded(true);
        let window = self.root().and_downcast::<gtk::Window>();
        if let (Some(window), Some(header)) = (window, expander::header(self)) {
            GtkWindowExt::set_focus(&window, Some(&header));
        }
    }

    /// Whether a request is being carried out.
    pub(crate) fn is_busy(&self) -> bool {
        self.imp().busy.get()
    }

    /// Shows a status, unless a request is being carried out: then its result is shown next.
    pub(crate) fn show_status(&self, status: ChoiceStatus) {
        let imp = self.imp();
        if imp.busy.get() || imp.status.borrow().as_ref() == Some(&status) {
            return;
        }
        self.show(status);
    }

    fn show(&self, status: ChoiceStatus) {
        let imp = self.imp();
        imp.showing.set(true);
        let on = status.state.may_send();
        // Setting the same value again would interrupt a switch that the user is dragging.
        if imp.switch.is_active() != on {
            imp.switch.set_active(on);
        }
        if imp.switch.state() != on {
            imp.switch.set_state(on);
        }
        imp.showing.set(false);
        let header = expander::header(self);
        if status.locked {
            focus::leave(&*imp.switch, header.as_ref());
        }
        imp.switch.set_sensitive(!status.locked);
        imp.switch.set_visible(true);
        self.action_set_enabled(actions::TURN_ON, !status.refuses_on);

        let summary = words::summary(&status);
        let remark = remark(&status);
        let bold = |text: &str| format!("<b>{}</b>", markup::escape(text));
        let mut lines = vec![if status.state == State::Mixed {
            bold(&summary)
        } else {
            markup::escape(&summary).into()
        }];
        lines.extend(remark.as_deref().map(bold));
        self.set_subtitle(&lines.join("\n"));
        let spoken = remark.map_or_else(|| summary.clone(), |remark| format!("{summary} {remark}"));
        for widget in [Some(imp.switch.clone().upcast()), header]
            .into_iter()
            .flatten()
        {
            widget.update_property(&[accessible::Property::Description(&spoken)]);
        }

        imp.status.replace(Some(status));
        self.fill();
    }

    /// Updates the details, if the row is open.
    fn fill(&self) {
        let imp = self.imp();
        if let (true, Some(status)) = (self.is_expanded(), imp.status.borrow().as_ref()) {
            let mut details = imp.details.borrow_mut();
            if details.is_none() {
                let request = glib::clone!(
                    #[weak(rename_to = row)]
                    self,
                    move |request| row.request(request)
                );
                *details = Details::new(self, request);
            }
            if let Some(details) = details.as_mut() {
                details.show(self, status);
            }
        }
    }

    /// Asks the services again that did not answer.
    fn try_again(&self) {
        let imp = self.imp();
        if let Some(catalogue) = imp.catalogue.get() {
            catalogue.forget_silence(self.choice());
        }
        if let Some(details) = imp.details.borrow().as_ref() {
            details.show_waiting();
        }
        // The answer is shown even if it is the same.
        imp.status.take();
        self.emit_changed();
    }

    /// Carries out a request and shows the result. One at a time: of requests that come meanwhile, the
    /// last is carried out afterwards.
    fn request(&self, request: Request) {
        let imp = self.imp();
        if imp.busy.replace(true) {
            imp.next.set(Some(request));
            return;
        }
        let row = self.clone();
        // Closing the window doesn't cancel the request.
        let hold = gio::Application::default().map(|app| app.hold());
        glib::spawn_future_local(async move {
            let _hold = hold;
            let imp = row.imp();
            let mut request = request;
            loop {
                let report = row.carry_out(request).await;
                if let Some(next) = imp.next.take() {
                    request = next;
                    continue;
                }
                imp.busy.set(false);
                let sentence = report.as_ref().and_then(words::report);
                match report {
                    Some(report) => row.show(report.status),
                    // The thread panicked. Any status that is read next is shown.
                    None => drop(imp.status.take()),
                }
                row.emit_changed();
                if let Some(sentence) = sentence {
                    toast::show(&row, &sentence);
                }
                return;
            }
        });
    }

    /// Writes in a blocking thread: the settings service may be slow or never answer.
    async fn carry_out(&self, request: Request) -> Option<change::Report> {
        let choice = self.choice();
        let catalogue = Arc::clone(self.imp().catalogue.get()?);
        // Only the main thread uses the row; the other one just passes the reference on.
        let row = glib::SendWeakRef::from(self.downgrade());
        let late = move || {
            glib::MainContext::default().invoke(move || {
                if let Some(row) = row.upgrade() {
                    row.emit_changed();
                }
            });
        };
        gio::spawn_blocking(move || change::change(&catalogue, choice, request, late))
            .await
            .ok()
    }
}

/// What the user should know without opening the row.
fn remark(status: &ChoiceStatus) -> Option<String> {
    let locked = || match &status.organisation {
        Some(organisation) => gettext_f(
            // Translators: about a switch that people cannot change
            "{organisation} has set this.",
            &[("organisation", &organisation.name)],
        ),
        None => gettext("Your administrator has set this."),
    };
    let sentences: Vec<_> = [
        status.locked.then(locked),
        status.pending.then(words::pending),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}
