// SPDX-License-Identifier: GPL-3.0-or-later

//! The organisation that manages the computer, from the database of its policy.
//!
//! The name comes from the same database as the policy's values, so it is never the name of a
//! policy that was written but not applied.

use std::path::PathBuf;
use std::time::SystemTime;

use glib::Variant;
use glib::prelude::*;

use crate::app::DATABASE;
use crate::formats::mistake::is_line;
use crate::system::dconf::profile;
use crate::system::limits::POLICY_TEXT;
use crate::system::session;
use crate::system::settings::Storage;

/// The path of the keys. `data/net.launchpad.PrivacyPanel.gschema.xml` describes them.
pub(crate) const PATH: &str = "/net/launchpad/PrivacyPanel/policy/";
const NAME: &str = "/net/launchpad/PrivacyPanel/policy/organisation-name";
const CONTACT: &str = "/net/launchpad/PrivacyPanel/policy/organisation-contact";

/// The organisation that manages the computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// The display name.
    pub name: String,
    /// Where users can ask: the URI of a web page or of a mail address.
    pub contact: Option<String>,
}

/// The keys that describe the policy itself.
pub(crate) fn keys() -> [&'static str; 2] {
    [NAME, CONTACT]
}

/// The keys and values that name the policy's organisation.
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

/// Whether the profile started to name the policy's database after the session began. Programs that
/// were already running keep the old profile.
pub fn is_pending() -> bool {
    // A custom profile, or the previous one, doesn't name the policy's database.
    if std::env::var_os("DCONF_PROFILE").is_some() {
        return false;
    }
    let named = std::fs::read(profile::FILE).is_ok_and(|profile| profile::has_ours(&profile));
    let changed = std::fs::metadata(profile::FILE).and_then(|file| file.modified());
    // If the clock was set since the session began, the first value is wrong. If it was set back in
    // between, the second is.
    let after =
        |began: fn() -> Option<SystemTime>, changed| began().is_some_and(|began| changed > began);
    named
        && changed.is_ok_and(|changed| {
            after(session::began_then, changed) || after(session::began, changed)
        })
}

/// The organisation whose policy is in force, if the policy names one. The user's own database is
/// ignored. Another program may have made the database, so both texts are checked like those of a
/// policy file.
pub fn organisation(storage: &Storage) -> Option<Organisation> {
    from(|key| storage.administrators(key))
}

/// The organisation that these values of the policy name.
pub(crate) fn from(value: impl Fn(&str) -> Option<Variant>) -> Option<Organisation> {
    let text = |key| value(key)?.get::<String>();
    Some(Organisation {
        name: text(NAME).filter(|name| is_name(name))?,
        contact: text(CONTACT).filter(|contact| is_contact(contact)),
    })
}

/// Whether a text is valid as the name of an organisation.
pub(crate) fn is_name(text: &str) -> bool {
    is_line(text, POLICY_TEXT)
}

/// Whether a text is the URI of a web page or of a mail address: the panel opens no other contacts.
pub fn is_contact(text: &str) -> bool {
    if !is_line(text, POLICY_TEXT) || text.contains(char::is_whitespace) {
        return false;
    }
    let Ok(uri) = glib::Uri::parse(text, glib::UriFlags::NONE) else {
        return false;
    };
    match uri.scheme().as_str() {
        "http" | "https" => uri.host().is_some_and(|host| !host.is_empty()),
        "mailto" => {
            let address = uri.path();
            let parts = address.split_once('@');
            parts.is_some_and(|(person, host)| !person.is_empty() && !host.is_empty())
        }
        _ => false,
    }
}
