// SPDX-License-Identifier: GPL-3.0-or-later

//! dconf: its command, its profiles, and a home in which it reads no person's settings.

pub(crate) mod command;
pub(crate) mod profile;
pub(crate) mod scratch_home;

/// Where dconf's databases are, and the folders that they are compiled from.
pub(crate) const DATABASES: &str = "/etc/dconf/db";
