// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacy-panel`: the panel itself.
//!
//! ```text
//! Application                  one instance, the command line, the menu's actions
//! └── Window                   what there is to say first; a group for each kind of choice
//!     ├── notices              what a person must know before trusting a switch
//!     ├── ChoiceRow            the switch, and what is true about it
//!     │   ├── differing        programs differ; one click realigns them
//!     │   ├── mode             whether people are asked each time, where a program knows of that
//!     │   ├── program rows     each reader with its own state
//!     │   └── decision         who decided, and Reset
//!     ├── identifier           the number that goes with reports, where a program has one
//!     ├── Subpage              a page behind a row, made when somebody goes there
//!     │   ├── ListPage         previous reports
//!     │   └── ReportPage       what becomes of one, and what it holds
//!     ├── HistoryRows          what is remembered here: never recording it, and clearing it
//!     ├── policy row           the system's own privacy policy
//!     └── mistakes             reader files that were left out
//! ```
//!
//! Everything shown of a choice is a [`privacy_panel::choices::status::ChoiceStatus`] that was just read. There is no
//! logic here beyond showing one and passing a wish on.

mod application;
mod choices;
mod history;
mod kit;
mod reports;
mod window;

use gtk::glib;
use gtk::prelude::*;

use privacy_panel::app::PACKAGE;
use privacy_panel::choices::words;
use privacy_panel::system::home;

fn main() -> glib::ExitCode {
    privacy_panel::system::i18n::init();
    if let Some(owner) = home::of_another() {
        eprintln!("{PACKAGE}: {}", words::foreign(&owner));
        return glib::ExitCode::FAILURE;
    }
    application::Application::new().run()
}
