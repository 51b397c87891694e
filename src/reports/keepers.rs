// SPDX-License-Identifier: GPL-3.0-or-later

//! The programs that keep error reports on this computer, one file a keeper.

pub mod apport;
pub mod coredump;
