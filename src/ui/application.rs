// SPDX-License-Identifier: GPL-3.0-or-later

//! One instance of the panel, its command line and the actions of its menu.

use std::thread;
use std::time::Duration;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gio, glib};

use privacy_panel::app::{APP_ID, PACKAGE, VERSION};
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::Choice;
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::actions;
use crate::kit::style;
use crate::window::Window;

/// Where people report bugs.
const ISSUES: &str = "https://bugs.launchpad.net/privacy-panel";

/// The exit status for a bad command line, the same as in `privacyctl`.
const BAD_USAGE: u8 = 2;

/// The exit status if there is no display.
const NO_DISPLAY: i32 = 1;

/// The option for it.
const TURN_EVERYTHING_OFF: &str = "turn-everything-off";

/// How often the panel tries to register, and how long it waits in between.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(100);

mod imp {
    use std::ops::ControlFlow;

    use super::*;

    #[derive(Debug, Default)]
    pub(crate) struct Application;

    #[glib::object_subclass]
    impl ObjectSubclass for Application {
        const NAME: &'static str = "PrivacyPanelApplication";
        type Type = super::Application;
        type ParentType = adw::Application;
    }

    impl ObjectImpl for Application {
        fn constructed(&self) {
            self.parent_constructed();
            let app = self.obj();
            app.add_main_option(
                "choice",
                glib::Char::from(b'c'),
                glib::OptionFlags::NONE,
                glib::OptionArg::String,
                &gettext("Show this choice"),
                // Translators: stands for the name of a choice in the help of the command line
                Some(&gettext("CHOICE")),
            );
            app.add_main_option(
                TURN_EVERYTHING_OFF,
                glib::Char::from(0),
                glib::OptionFlags::NONE,
                glib::OptionArg::None,
                &gettext("Turn every choice off"),
                None,
            );
            app.add_main_option(
                "version",
                glib::Char::from(b'v'),
                glib::OptionFlags::NONE,
                glib::OptionArg::None,
                &gettext("Print the version and exit"),
                None,
            );
        }
    }

    impl ApplicationImpl for Application {
        fn startup(&self) {
            // GTK itself would exit here, with a message that doesn't help the user.
            if gtk::init().is_err() {
                eprintln!(
                    "{PACKAGE}: {}",
                    gettext(
                        "There is no display to open a window on. In a terminal, use “privacyctl” instead."
                    )
                );
                std::process::exit(NO_DISPLAY);
            }
            self.parent_startup();
            style::load();
            let app = self.obj();
            app.add_action_entries([
                gio::ActionEntry::builder(actions::in_application(actions::QUIT))
                    .activate(|app: &super::Application, _, _| {
                        // Not `quit`: a request that is being carried out holds the application.
                        for window in app.windows() {
                            window.close();
                        }
                    })
                    .build(),
                gio::ActionEntry::builder(actions::in_application(actions::ABOUT))
                    .activate(|app: &super::Application, _, _| app.show_about())
                    .build(),
                gio::ActionEntry::builder(actions::in_application(actions::TURN_EVERYTHING_OFF))
                    .activate(|app: &super::Application, _, _| app.turn_everything_off())
                    .build(),
                gio::ActionEntry::builder(actions::in_application(actions::HELP))
                    .activate(|app: &super::Application, _, _| app.window().show_help())
                    .build(),
            ]);
            // The desktop file and the search provider activate these to open the panel at a choice.
            app.add_action_entries(choice::ALL.iter().map(|choice| {
                gio::ActionEntry::builder(choice.id)
                    .activate(|app: &super::Application, _, _| app.show_choice(choice))
                    .build()
            }));
            app.set_accels_for_action(actions::QUIT, &["<Control>q"]);
            app.set_accels_for_action(actions::HELP, &["F1"]);
            // In the direction of the previous page.
            let back = match gtk::Widget::default_direction() {
                gtk::TextDirection::Rtl => "<Alt>Right",
                _ => "<Alt>Left",
            };
            app.set_accels_for_action(actions::BACK, &[back, "Escape", "Back"]);
            app.set_accels_for_action(actions::SHOW_SHORTCUTS, &["<Control>question"]);
            app.set_accels_for_action(actions::CLOSE_WINDOW, &["<Control>w"]);
        }

        fn activate(&self) {
            self.obj().window().present();
        }

        fn handle_local_options(&self, options: &glib::VariantDict) -> ControlFlow<glib::ExitCode> {
            if options.contains("version") {
                println!("{PACKAGE} {VERSION}");
                return ControlFlow::Break(glib::ExitCode::SUCCESS);
            }
            let unknown = wanted_choice(options).filter(|id| Choice::find(id).is_none());
            if let Some(id) = unknown {
                eprintln!(
                    "{PACKAGE}: {}",
                    gettext_f(
                        "There is no choice “{choice}”. These are the choices: {choices}.",
                        &[("choice", &id), ("choices", &Choice::ids())],
                    )
                );
                return ControlFlow::Break(BAD_USAGE.into());
            }
            self.obj().register_in_time();
            ControlFlow::Continue(())
        }

        fn command_line(&self, line: &gio::ApplicationCommandLine) -> glib::ExitCode {
            if line.options_dict().contains(TURN_EVERYTHING_OFF) {
                self.obj().turn_everything_off();
                return glib::ExitCode::SUCCESS;
            }
            match wanted_choice(&line.options_dict()).and_then(|id| Choice::find(&id)) {
                Some(choice) => self.obj().show_choice(choice),
                None => self.obj().window().present(),
            }
            glib::ExitCode::SUCCESS
        }
    }

    impl GtkApplicationImpl for Application {}
    impl AdwApplicationImpl for Application {}

    fn wanted_choice(options: &glib::VariantDict) -> Option<String> {
        options.lookup("choice").ok().flatten()
    }
}

glib::wrapper! {
    pub(crate) struct Application(ObjectSubclass<imp::Application>)
        @extends adw::Application, gtk::Application, gio::Application,
        @implements gio::ActionGroup, gio::ActionMap;
}

impl Application {
    pub(crate) fn new() -> Self {
        glib::Object::builder()
            .property("application-id", APP_ID)
            .property("flags", gio::ApplicationFlags::HANDLES_COMMAND_LINE)
            .build()
    }

    /// Registers as the primary instance, or as a remote of the one that runs. An instance that is
    /// just exiting may still own the name and never answer, so this tries again.
    fn register_in_time(&self) {
        for _ in 0..TRIES {
            match self.register(gio::Cancellable::NONE) {
                Err(error) if error.matches(gio::DBusError::NoReply) => thread::sleep(PAUSE),
                // `run` reports other errors.
                _ => return,
            }
        }
    }

    /// The window, which is created if there is none.
    fn window(&self) -> Window {
        self.active_window()
            .and_downcast()
            .or_else(|| self.windows().into_iter().find_map(|w| w.downcast().ok()))
            .unwrap_or_else(|| Window::new(self))
    }

    fn turn_everything_off(&self) {
        let window = self.window();
        window.present();
        window.turn_everything_off();
    }

    /// Presents the window with the page of a choice.
    fn show_choice(&self, choice: &'static Choice) {
        let window = self.window();
        window.present();
        window.show_choice(choice);
    }

    fn show_about(&self) {
        let window = self.window();
        adw::AboutWindow::builder()
            .transient_for(&window)
            .application_name(gettext("Privacy"))
            .application_icon(APP_ID)
            .version(VERSION)
            .comments(gettext(
                "Decide once what this computer sends about you; every program that could send it obeys.",
            ))
            .developers(["The privacy-panel developers"])
            // Translators: your names, one a line; they are shown in the credits
            .translator_credits(gettext("translator-credits"))
            .license_type(gtk::License::Gpl30)
            .website(env!("CARGO_PKG_REPOSITORY"))
            .issue_url(ISSUES)
            .debug_info(window.debug_info())
            .debug_info_filename(format!("{PACKAGE}.txt"))
            .build()
            .present();
    }
}
