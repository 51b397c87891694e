// SPDX-License-Identifier: GPL-3.0-or-later

//! What one reading of the choices looks at: the settings, and the answers of services.
//!
//! All readers that are read together share a snapshot. It opens the settings storage once, asks
//! each service once, and does neither before a reader needs it.

use std::cell::OnceCell;

use crate::system::service::Answers;
use crate::system::settings::Storage;

/// The settings as they are stored now, and what services answer, each asked once.
#[derive(Debug, Default)]
pub struct Snapshot {
    settings: OnceCell<Storage>,
    services: Answers,
}

impl Snapshot {
    /// A snapshot that looks at everything anew.
    pub fn fresh() -> Self {
        Self::default()
    }

    /// The settings storage, opened at the first call.
    pub fn settings(&self) -> &Storage {
        self.settings.get_or_init(Storage::fresh)
    }

    /// What services answered.
    pub const fn services(&self) -> &Answers {
        &self.services
    }
}
