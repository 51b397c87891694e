// SPDX-License-Identifier: GPL-3.0-or-later

//! The programs that a policy does not reach: what they look at is in no database of dconf, and
//! nothing else turns them off for everybody.

use std::path::Path;

use crate::choices::catalogue::Catalogue;
use crate::choices::opt_out;
use crate::choices::reader::Reader;
use crate::policy::{Decision, Policy, opt_outs_of};
use crate::system::bus::Bus;
use crate::system::folders;
use crate::system::service::Service;
use crate::system::tree::Tree;

/// A program that a policy decides about and does not reach.
#[derive(Clone, Copy, Debug)]
pub struct Beyond<'a> {
    /// What is decided.
    pub decision: &'a Decision,
    /// The program.
    pub reader: &'a Reader,
    /// What an administrator can do instead.
    pub instead: Instead,
}

/// What an administrator can do about a program that a policy does not reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// Set it as one sets a choice of one's own: it is set for everybody.
    Set,
    /// Lock it: it can only be turned off for everybody, and for good.
    Lock,
    /// Nothing: each person decides.
    Nothing,
}

/// All such programs, on this computer or not.
pub fn beyond<'a>(policy: &'a Policy, catalogue: &'a Catalogue) -> Vec<Beyond<'a>> {
    let mut found = Vec::new();
    for decision in &policy.decisions {
        for reader in catalogue.readers_of(decision.choice) {
            let store = &reader.store;
            let is_reached = !store.policy_keys(decision).is_empty()
                || !opt_outs_of(decision, reader).is_empty();
            if is_reached {
                continue;
            }
            let opt_outs = opt_out::of_administrator(store.opt_outs());
            let instead = if store.is_for_everybody() {
                Instead::Set
            } else if !decision.state.may_send() && !opt_outs.is_empty() {
                Instead::Lock
            } else {
                Instead::Nothing
            };
            found.push(Beyond {
                decision,
                reader,
                instead,
            });
        }
    }
    found
}

impl Beyond<'_> {
    /// Whether the program is there, as far as its files tell; nobody is asked. Of an image that
    /// is not known, and taken to be so.
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
