// SPDX-License-Identifier: GPL-3.0-or-later

//! A report as a text, and the page of a text that is too long for a row.

use adw::prelude::*;

use privacy_panel::reports::{Content, Field, Report, words};
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::kit::buttons;
use crate::kit::subpage::Subpage;

/// The most characters in a line that is shown; longer ones are broken. Laying out a line of hundreds
/// of thousands would block the window.
const MAX_LINE_LENGTH: usize = 2000;

/// All of a report as a text: what each field is, with its name as bug reports call it.
pub(crate) fn whole(report: &Report, fields: &[Field]) -> String {
    let mut out = format!("{}\n{}\n", report.program, words::time(report.time));
    for field in fields {
        let (title, name) = (words::field_title(field), words::field_name(field));
        out.push('\n');
        out.push_str(&title);
        if title != name {
            out.push_str(" (");
            out.push_str(&name);
            out.push(')');
        }
        out.push_str(":\n");
        match &field.content {
            Content::Text { text, cut } => {
                out.push_str(text);
                if *cut {
                    out.push('\n');
                    out.push_str(&words::cut());
                }
            }
            Content::Binary { .. } => out.push_str(&words::binary(field).unwrap_or_default()),
        }
        out.push('\n');
    }
    out
}

/// The page. Its button copies the text without the added line breaks.
pub(crate) fn page(name: &str, text: &str, cut: bool) -> Subpage {
    let view = gtk::TextView::builder()
        .editable(false)
        .cursor_visible(false)
        .monospace(true)
        .wrap_mode(gtk::WrapMode::WordChar)
        .left_margin(12)
        .right_margin(12)
        .top_margin(12)
        .bottom_margin(12)
        .build();
    view.update_property(&[gtk::accessible::Property::Label(name)]);
    let mut shown = broken(text);
    if cut {
        shown.push_str("\n\n");
        shown.push_str(&words::cut());
    }
    view.buffer().set_text(&shown);
    let scrolled = gtk::ScrolledWindow::builder()
        .hscrollbar_policy(gtk::PolicyType::Never)
        .child(&view)
        .build();
    let page = Subpage::new(name, &scrolled);
    page.header().pack_end(&copy_button(name, text));
    page
}

/// A button that copies the content of a field.
fn copy_button(field: &str, text: &str) -> gtk::Button {
    let name = gettext_f(
        // Translators: on a button; what is copied is the content of a field of a report
        "Copy “{field}”",
        &[("field", field)],
    );
    // Translators: said when something has been copied
    buttons::copy(&name, text, gettext("Copied"))
}

fn broken(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut length = 0;
    for c in text.chars() {
        if c == '\n' {
            length = 0;
        } else {
            length += 1;
            if length > MAX_LINE_LENGTH {
                out.push('\n');
                length = 1;
            }
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_any_length_is_broken_and_loses_no_character() {
        let text = format!("{}\nä\n{}", "x".repeat(4001), "y".repeat(2000));
        let shown = broken(&text);
        assert!(
            shown
                .lines()
                .all(|line| line.chars().count() <= MAX_LINE_LENGTH)
        );
        assert_eq!(shown.replace('\n', ""), text.replace('\n', ""));
        assert_eq!(shown.lines().count(), 5);
    }
}
