// SPDX-License-Identifier: GPL-3.0-or-later

//! A snapshot of the settings and of the services' answers.
//!
//! Readers that are read together share a snapshot. It opens the settings storage once and queries
//! each service once, when the first reader needs it.

use std::cell::OnceCell;

use crate::system::service::Answers;
use crate::system::settings::Storage;

/// The settings as currently stored, and the answers of services, each queried once.
#[derive(Debug, Default)]
pub struct Snapshot {
    settings: OnceCell<Storage>,
    services: Answers,
}

impl Snapshot {
    /// A snapshot with nothing cached.
    pub fn fresh() -> Self {
        Self::default()
    }

    /// The settings storage, opened by the first call.
    pub fn settings(&self) -> &Storage {
        self.settings.get_or_init(Storage::fresh)
    }

    /// The answers of services.
    pub const fn services(&self) -> &Answers {
        &self.services
    }
}
