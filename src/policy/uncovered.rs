// SPDX-License-Identifier: GPL-3.0-or-later

//! Programs a policy can't control: their setting isn't in dconf, and they have no system-wide
//! opt-out.

use std::path::Path;

use crate::choices::catalogue::Catalogue;
use crate::choices::reader::Reader;
use crate::policy::{Decision, Policy};
use crate::system::bus::Bus;
use crate::system::folders;
use crate::system::service::Service;
use crate::system::tree::Tree;

/// A program that follows a decided choice, and that the policy can't control.
#[derive(Clone, Copy, Debug)]
pub struct Uncovered<'a> {
    /// The decision about the choice.
    pub decision: &'a Decision,
    /// The reader of the program.
    pub reader: &'a Reader,
    /// What an administrator can do instead.
    pub alternative: Alternative,
}

/// What an administrator can do about a program that a policy can't control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alternative {
    /// Set it with `privacyctl set`: the setting is system-wide.
    Set,
    /// Nothing more: the policy presets it, since the program knows no lock.
    Preset,
    /// Lock the choice off: the program has a system-wide opt-out, but no default.
    Lock,
    /// Nothing: each user decides.
    Nothing,
}

/// All such programs, installed or not.
pub fn uncovered<'a>(policy: &'a Policy, catalogue: &'a Catalogue) -> Vec<Uncovered<'a>> {
    let mut found = Vec::new();
    for decision in &policy.decisions {
        for reader in catalogue.readers_of(decision.choice) {
            let store = &reader.store;
            let (keys, measures) = (reader.policy_keys(decision), reader.measures(decision));
            let is_reached = !keys.is_empty() || !measures.is_empty();
            // The policy itself asks for a preset list.
            let is_preset = decision.locked
                && keys.is_empty()
                && measures.iter().all(|measure| !measure.locks());
            let locked = Decision {
                locked: true,
                ..*decision
            };
            let alternative = if is_reached && !is_preset {
                continue;
            } else if is_reached {
                Alternative::Preset
            } else if store.is_for_every_user() {
                Alternative::Set
            } else if !decision.state.may_send() && !reader.measures(&locked).is_empty() {
                Alternative::Lock
            } else {
                Alternative::Nothing
            };
            found.push(Uncovered {
                decision,
                reader,
                alternative,
            });
        }
    }
    found
}

impl Uncovered<'_> {
    /// Whether the program is installed, judging by its files; no service is called. Always true for
    /// an image.
    pub fn is_there(&self, tree: &Tree) -> bool {
        match self.reader.store.service() {
            _ if tree.is_image() => true,
            Some(service) => can_be_started(tree, &service),
            None => self.reader.has_program(),
        }
    }
}

/// Whether the bus can start the service; dbus-daemon(1).
fn can_be_started(tree: &Tree, service: &Service) -> bool {
    let folder = Path::new(match service.bus {
        Bus::Session => "dbus-1/services",
        Bus::System => "dbus-1/system-services",
    });
    folders::system_data(tree).iter().any(|data| {
        let file = data.join(folder).join(format!("{}.service", service.name));
        matches!(tree.kind(&file), Ok(Some(_)))
    })
}
