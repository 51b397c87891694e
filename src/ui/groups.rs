// SPDX-License-Identifier: GPL-3.0-or-later

//! The groups of the first page: choices, and rows about their subject.
//!
//! To add rows to a group: a type that implements [`ExtraRows`], and a line in [`extra_rows`].

use adw::prelude::*;

use privacy_panel::choices::choice::{Act, Choice};

use crate::choices::choice_row::ChoiceRow;
use crate::choices::control::{Control, Known};
use crate::choices::extra_rows::ExtraRows;
use crate::history::group::HistoryRows;
use crate::kit::markup;
use crate::reports::group::ReportsRow;

fn extra_rows(act: Act, catalogue: &Known) -> Vec<Box<dyn ExtraRows>> {
    match act {
        Act::Send => vec![Box::new(ReportsRow::new())],
        Act::Record => vec![Box::new(HistoryRows::new(catalogue))],
    }
}

/// The rows of a group.
pub(crate) struct ChoiceGroup {
    widget: adw::PreferencesGroup,
    choices: Vec<ChoiceRow>,
    extra: Vec<Box<dyn ExtraRows>>,
}

impl ChoiceGroup {
    pub(crate) fn new(act: Act, controls: &[Control], catalogue: &Known) -> Self {
        let widget = adw::PreferencesGroup::builder()
            .title(markup::escape(&act.title()))
            .build();
        let extra = extra_rows(act, catalogue);
        let add_extra = |below: Option<&str>| {
            for rows in extra.iter().filter(|rows| rows.below() == below) {
                rows.add_to(&widget);
            }
        };
        let mut choices = Vec::new();
        let controls = controls.iter();
        for control in controls.filter(|control| control.choice().act == act) {
            let row = ChoiceRow::new(control);
            widget.add(&row);
            choices.push(row);
            add_extra(Some(control.choice().id));
        }
        add_extra(None);
        Self {
            widget,
            choices,
            extra,
        }
    }

    pub(crate) const fn widget(&self) -> &adw::PreferencesGroup {
        &self.widget
    }

    pub(crate) fn row(&self, choice: &Choice) -> Option<&ChoiceRow> {
        self.choices.iter().find(|row| row.choice() == Some(choice))
    }

    pub(crate) fn refresh_extra(&self) {
        for rows in &self.extra {
            rows.refresh();
        }
    }
}
