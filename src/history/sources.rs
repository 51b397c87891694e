// SPDX-License-Identifier: GPL-3.0-or-later

//! Every history source. To add one: a file in `sources/` that implements [`Source`], and a line in
//! [`SOURCES`]. A program that only keeps what is typed into it is an entry of [`typed::PROGRAMS`].

pub(crate) mod activity;
pub(crate) mod app_usage;
pub(crate) mod documents;
pub(crate) mod recent;
pub(crate) mod typed;

use crate::history::source::Source;

/// The sources that have a file of their own, in display order.
const SOURCES: &[&dyn Source] = &[
    &recent::RecentFiles::Here,
    &recent::RecentFiles::Flatpak,
    &recent::RecentFiles::Snap,
    &documents::RecentDocuments,
    &activity::Activity,
    &app_usage::AppUsage,
];

/// Every source, in display order.
pub(super) fn all() -> impl Iterator<Item = &'static dyn Source> {
    let typed = typed::PROGRAMS.iter().map(|typed| typed as &dyn Source);
    SOURCES.iter().copied().chain(typed)
}
