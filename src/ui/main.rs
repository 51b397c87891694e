// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacy-panel`: the panel itself.
//!
//! ```text
//! Application                  one instance, the command line, the menu's actions
//! └── Window                   the first page, and the actions that need the window
//!     ├── beginning            no widget: what a thread reads first, such as the catalogue
//!     ├── Statuses             no widget: has threads read the choices
//!     └── Pages                the first page, and those opened from it
//!         ├── notices          warnings, the system's privacy policy, reader files with mistakes
//!         ├── Overview         what may still be sent, Turn Everything Off, the organisation
//!         ├── ChoiceGroup      a heading with its choices and extra rows
//!         │   ├── ChoiceRow    the state in a line, and the switch; opens the choice's page
//!         │   └── ExtraRows    rows about the same subject
//!         │       ├── ReportsRow     opens the list of previous reports
//!         │       └── HistoryRows    open the pages of exceptions and to clear history
//!         └── Subpage          a page opened from a row, dropped when closed
//!             ├── ChoicePage   what it is about, its switch, the mode, who decided, Reset
//!             │   ├── Identifiers the numbers of this computer that are sent
//!             │   └── Apps     each app, by what it does: AppRow
//!             ├── still_on_page what could not be turned off with everything else
//!             ├── ListPage     previous reports, in a ListSection for each kind
//!             ├── ReportPage   one report: its state and its fields
//!             ├── ExceptionsPage what is never recorded
//!             └── ClearPage    clearing history
//! ```
//!
//! There is a `Control` for each choice, with the last
//! [`privacy_panel::choices::status::ChoiceStatus`]. It carries out the user's changes; rows and
//! pages show it. A `Lever` is a switch with its lock or key. All other logic is in the library. A
//! widget finds `Pages` or the overlay for toasts among its ancestors, and reports changes by
//! signals.

mod actions;
mod application;
mod beginning;
mod choices;
mod groups;
mod history;
mod kit;
mod notices;
mod reports;
mod statuses;
mod window;

use std::env;

use gtk::glib;
use gtk::prelude::*;

use privacy_panel::app::PACKAGE;
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::desktop::Desktops;
use privacy_panel::choices::{desktop, words};
use privacy_panel::system::{home, i18n, log};

fn main() -> glib::ExitCode {
    i18n::init();
    log::tell(|complaint| eprintln!("{PACKAGE}: {}", words::complaint(complaint)));
    if let Some(owner) = home::of_another() {
        eprintln!("{PACKAGE}: {}", words::foreign(&owner));
        return glib::ExitCode::FAILURE;
    }
    if env::var_os(desktop::VARIABLE).is_none_or(|desktop| desktop.is_empty()) {
        // Before the application has its well-known name.
        Desktops::adopt(&Catalogue::load());
    }
    application::Application::new().run()
}
