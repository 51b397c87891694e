// SPDX-License-Identifier: GPL-3.0-or-later

//! dconf: its command, its profiles, the locks in its databases, where it saves, and a temporary home
//! without the user's settings.

pub(crate) mod command;
pub(crate) mod locks;
pub(crate) mod profile;
pub(crate) mod scratch_home;
pub mod target;

/// The folder of dconf's databases, and of the folders that they are compiled from.
pub(crate) const DATABASES: &str = "/etc/dconf/db";
