// SPDX-License-Identifier: GPL-3.0-or-later

//! The names of the panel's actions. The `.ui` files use them, too.

/// Goes back by one page.
pub(crate) const BACK: &str = "win.back";
/// Opens the web page or mail address that is its parameter, a string.
pub(crate) const CONTACT: &str = "win.contact";
/// GTK's own name for this action.
pub(crate) const SHOW_SHORTCUTS: &str = "win.show-help-overlay";
/// Defined by GTK.
pub(crate) const CLOSE_WINDOW: &str = "window.close";

pub(crate) const ABOUT: &str = "app.about";
pub(crate) const HELP: &str = "app.help";
pub(crate) const QUIT: &str = "app.quit";

pub(crate) const TURN_EVERYTHING_OFF: &str = "app.turn-everything-off";

/// The name of an application's action in its action map, without `app.`.
pub(crate) fn in_application(action: &str) -> &str {
    action.strip_prefix("app.").unwrap_or(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_that_a_ui_file_names_exists() {
        let all = [BACK, SHOW_SHORTCUTS, CLOSE_WINDOW, ABOUT, HELP, QUIT];
        let files = [
            include_str!("kit/subpage.ui"),
            include_str!("menu.ui"),
            include_str!("shortcuts.ui"),
        ];
        let mut found = 0;
        for file in files {
            for start in ["name=\"action-name\">", "name=\"action\">"] {
                for rest in file.split(start).skip(1) {
                    let name = rest.split('<').next().unwrap_or_default();
                    assert!(all.contains(&name), "{name}");
                    found += 1;
                }
            }
        }
        assert!(found >= all.len() - 1);
    }
}
