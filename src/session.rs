// SPDX-License-Identifier: GPL-3.0-or-later

//! Since when the programs of this session may be running.

use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use gio::prelude::*;

/// When the session began, as far as can be told: when its bus was started. None without a bus,
/// or where the system does not say.
pub fn began() -> Option<SystemTime> {
    static BEGAN: OnceLock<Option<SystemTime>> = OnceLock::new();
    *BEGAN.get_or_init(|| started(bus_process()?))
}

/// The process of the session's bus.
fn bus_process() -> Option<u32> {
    const BUS: &str = "org.freedesktop.DBus";
    let bus = gio::bus_get_sync(gio::BusType::Session, gio::Cancellable::NONE).ok()?;
    let reply = bus.call_sync(
        Some(BUS),
        "/org/freedesktop/DBus",
        BUS,
        "GetConnectionUnixProcessID",
        Some(&(BUS,).to_variant()),
        None,
        gio::DBusCallFlags::NONE,
        1000,
        gio::Cancellable::NONE,
    );
    reply.ok()?.child_get::<u32>(0).into()
}

/// When a process was started; see proc(5), `/proc/pid/stat`, field 22.
fn started(process: u32) -> Option<SystemTime> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is a name in brackets that may hold anything.
    let fields = stat.rsplit_once(')')?.1;
    let ticks: u64 = fields.split_whitespace().nth(19)?.parse().ok()?;
    let after_boot = Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second());
    let uptime = fs::read_to_string("/proc/uptime").ok()?;
    let uptime: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    let ago = Duration::try_from_secs_f64(uptime)
        .ok()?
        .checked_sub(after_boot)?;
    SystemTime::now().checked_sub(ago)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_was_started_before_now_and_not_long_before_its_child() {
        let own = started(std::process::id()).unwrap();
        let age = SystemTime::now().duration_since(own).unwrap();
        assert!(age < Duration::from_secs(3600), "{age:?}");
        assert!(started(1).unwrap() <= own);
    }
}
