// SPDX-License-Identifier: GPL-3.0-or-later

//! The computer: settings storage, buses, services, files, processes. Nothing here knows choices.

pub mod bus;
pub(crate) mod child;
pub(crate) mod daemon;
pub mod dconf;
pub(crate) mod flock;
pub mod folders;
pub(crate) mod gvdb;
pub mod home;
pub mod i18n;
pub mod life;
pub mod limits;
pub mod log;
pub(crate) mod open;
pub mod owner;
pub(crate) mod processes;
pub(crate) mod profiles;
pub(crate) mod qt_lock;
pub mod quit;
pub mod replace;
pub(crate) mod scratch;
pub mod service;
pub mod session;
pub mod settings;
pub(crate) mod systemd;
pub mod text;
pub mod transaction;
pub mod tree;
pub(crate) mod trusted;
pub(crate) mod turn;
