// SPDX-License-Identifier: GPL-3.0-or-later

//! Every program that keeps error reports on this computer. To add one: a file in `keepers/` that
//! implements [`Keeper`], and a line in `KEEPERS`.

pub mod apport;
pub(super) mod coredump;
pub(super) mod kernel;

use crate::reports::report::Keeper;

/// In the order in which their folders are read.
pub(super) const KEEPERS: &[&dyn Keeper] = &[
    &apport::Apport,
    &kernel::Kernel,
    &coredump::APPORT,
    &coredump::SYSTEMD,
];
