// SPDX-License-Identifier: GPL-3.0-or-later

//! What the database of a policy says about the policy itself: whose it is.
//!
//! The name comes with the values that it stands for, so that it is never that of a policy that
//! was written but not applied.

use std::path::PathBuf;
use std::time::SystemTime;

use glib::Variant;
use glib::prelude::*;

use crate::app::DATABASE;
use crate::policy::{Organisation, parse};
use crate::system::dconf::profile;
use crate::system::session;
use crate::system::settings::Storage;

/// Where the keys are; `data/net.launchpad.PrivacyPanel.gschema.xml` describes them.
pub(crate) const PATH: &str = "/net/launchpad/PrivacyPanel/policy/";
const NAME: &str = "/net/launchpad/PrivacyPanel/policy/organisation-name";
const CONTACT: &str = "/net/launchpad/PrivacyPanel/policy/organisation-contact";

/// The keys that say something about the policy itself.
pub(crate) fn keys() -> [&'static str; 2] {
    [NAME, CONTACT]
}

/// The keys and values that say whose policy it is.
pub(crate) fn values(
    organisation: Option<&Organisation>,
) -> impl Iterator<Item = (String, Variant)> {
    let text = |key: &str, text: &String| (key.to_owned(), text.to_variant());
    let name = organisation.map(|organisation| text(NAME, &organisation.name));
    let contact = organisation.and_then(|organisation| organisation.contact.as_ref());
    name.into_iter()
        .chain(contact.map(|contact| text(CONTACT, contact)))
}

/// The files that decide whether a policy is in force.
pub(crate) fn files() -> [PathBuf; 2] {
    [profile::FILE.into(), DATABASE.into()]
}

/// Whether the profile came to name the policy's database when this session had begun: programs
/// that were running by then go on with the profile that they had.
pub fn is_pending() -> bool {
    // Another profile, or the one that there was, is none of the policy's.
    if std::env::var_os("DCONF_PROFILE").is_some() {
        return false;
    }
    let named = std::fs::read(profile::FILE).is_ok_and(|profile| profile::has_ours(&profile));
    let changed = std::fs::metadata(profile::FILE).and_then(|file| file.modified());
    // A clock that was set since then is wrong about the first, one that was set back between the
    // two about the second.
    let after =
        |began: fn() -> Option<SystemTime>, changed| began().is_some_and(|began| changed > began);
    named
        && changed.is_ok_and(|changed| {
            after(session::began_then, changed) || after(session::began, changed)
        })
}

/// Whose policy is in force, if one is and says so. What a person's own storage says counts for
/// nothing here. The database may be another program's work, so both texts are checked as those of
/// a policy are.
pub fn organisation(storage: &Storage) -> Option<Organisation> {
    let text = |key| storage.administrators(key)?.get::<String>();
    Some(Organisation {
        name: text(NAME).filter(|name| parse::is_name(name))?,
        contact: text(CONTACT).filter(|contact| parse::is_contact(contact)),
    })
}
