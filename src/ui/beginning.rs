// SPDX-License-Identifier: GPL-3.0-or-later

//! What the panel reads first, in another thread: the catalogue, the warnings, and the choices
//! whose state needs no service.

use std::sync::Arc;

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice;
use privacy_panel::choices::desktop::Desktops;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::words;
use privacy_panel::system::settings::fault;
use privacy_panel::system::settings::fault::StorageFault;

use crate::statuses;
use crate::statuses::Round;

#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) catalogue: Arc<Catalogue>,
    /// Why settings cannot be saved.
    pub(crate) fault: Option<StorageFault>,
    /// More sentences for the top of the first page.
    pub(crate) warnings: Vec<String>,
    pub(crate) statuses: Vec<ChoiceStatus>,
}

pub(crate) fn read() -> Beginning {
    let catalogue = Arc::new(Catalogue::load());
    let warnings = desktops(&catalogue);
    let statuses = statuses::read(&catalogue, &statuses::choices(&catalogue, Round::Settings));
    Beginning {
        catalogue,
        fault: fault::at_once(),
        warnings,
        statuses,
    }
}

/// A sentence about what apps of other desktops may do.
fn desktops(catalogue: &Catalogue) -> Vec<String> {
    let Some(desktops) = Desktops::find(catalogue) else {
        return Vec::new();
    };
    let now = Snapshot::fresh();
    let choices = choice::ALL
        .iter()
        .map(|choice| (choice, desktops.others(choice, &now)));
    let differing = choices.filter(|(_, others)| !others.is_empty());
    differing
        .map(|(choice, others)| words::other_desktops(choice, &desktops.own(), others))
        .collect()
}
