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
use crate::formats::mistake::is_line;
use crate::system::dconf::profile;
use crate::system::limits::POLICY_TEXT;
use crate::system::session;
use crate::system::settings::Storage;

/// Where the keys are; `data/net.launchpad.PrivacyPanel.gschema.xml` describes them.
pub(crate) const PATH: &str = "/net/launchpad/PrivacyPanel/policy/";
const NAME: &str = "/net/launchpad/PrivacyPanel/policy/organisation-name";
const CONTACT: &str = "/net/launchpad/PrivacyPanel/policy/organisation-contact";

/// Whose computer it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its name for people.
    pub name: String,
    /// Where people can ask: a web page or a mail address, as an URI.
    pub contact: Option<String>,
}

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
        name: text(NAME).filter(|name| is_name(name))?,
        contact: text(CONTACT).filter(|contact| is_contact(contact)),
    })
}

/// Whether a text can be the name of an organisation.
pub(crate) fn is_name(text: &str) -> bool {
    is_line(text, POLICY_TEXT)
}

/// Whether a text is the URI of a web page or of a mail address: all that the panel opens for a
/// contact.
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
