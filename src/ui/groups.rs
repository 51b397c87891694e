// SPDX-License-Identifier: GPL-3.0-or-later

//! The groups of the first page: choices, and rows about their subject.
//!
//! To add rows to a group: a type that implements [`ExtraRows`], and a line in [`extra_rows`].

use std::sync::Arc;

use adw::prelude::*;

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice::{Choice, Group};
use privacy_panel::choices::status::ChoiceStatus;

use crate::choices::choice_row::ChoiceRow;
use crate::choices::control::Control;
use crate::choices::extra_rows::ExtraRows;
use crate::history::group::HistoryRows;
use crate::kit::markup;
use crate::reports::group::ReportsRow;

fn extra_rows(group: Group, catalogue: &Arc<Catalogue>) -> Vec<Box<dyn ExtraRows>> {
    match group {
        Group::Search => vec![],
        Group::Diagnostics => vec![Box::new(ReportsRow::new(catalogue))],
        Group::History => vec![Box::new(HistoryRows::new())],
    }
}

/// The rows of a group.
pub(crate) struct ChoiceGroup {
    widget: adw::PreferencesGroup,
    choices: Vec<ChoiceRow>,
    extra: Vec<Box<dyn ExtraRows>>,
}

impl ChoiceGroup {
    pub(crate) fn new(group: Group, controls: &[Control], catalogue: &Arc<Catalogue>) -> Self {
        let widget = adw::PreferencesGroup::builder()
            .title(markup::escape(&group.title()))
            .build();
        let extra = extra_rows(group, catalogue);
        let add_extra = |below: Option<&str>| {
            for rows in extra.iter().filter(|rows| rows.below() == below) {
                rows.add_to(&widget);
            }
        };
        let mut choices = Vec::new();
        let controls = controls.iter();
        for control in controls.filter(|control| control.choice().group == group) {
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

    /// Shows the status of a choice in the rows about it, if it is one of the group.
    pub(crate) fn show_status(&self, status: &ChoiceStatus) {
        if self.row(status.choice).is_some() {
            for rows in &self.extra {
                rows.show_status(status);
            }
        }
    }
}
