// SPDX-License-Identifier: GPL-3.0-or-later

//! When the session began.

use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use glib::prelude::*;

use crate::system::bus;
use crate::system::bus::{Bus, DAEMON};
use crate::system::limits;

/// When the session began: the start time of its bus. `None` without a bus, or if it is unknown.
pub fn began() -> Option<SystemTime> {
    static BEGAN: OnceLock<Option<SystemTime>> = OnceLock::new();
    *BEGAN.get_or_init(|| started(bus_process()?))
}

/// When the session began by the clock of that time: the modification time of its bus's socket.
/// Later changes of the clock don't affect it.
pub fn began_then() -> Option<SystemTime> {
    let address = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok()?;
    fs::metadata(socket(&address)?).ok()?.modified().ok()
}

/// The socket of the first address; D-Bus Specification, "Server Addresses".
fn socket(addresses: &str) -> Option<&str> {
    let address = addresses.split(';').next()?.strip_prefix("unix:")?;
    address
        .split(',')
        .find_map(|option| option.strip_prefix("path="))
}

/// The process ID of the session bus.
fn bus_process() -> Option<u32> {
    let bus = Bus::Session.connect(limits::SERVICE_PATIENCE).ok()??;
    let reply = bus::query_daemon(
        &bus,
        "GetConnectionUnixProcessID",
        &(DAEMON,).to_variant(),
        Some(Duration::from_secs(1)),
    );
    let (process,) = reply.ok()?.get()?;
    Some(process)
}

/// When a process was started; proc(5), `/proc/pid/stat`, field 22.
fn started(process: u32) -> Option<SystemTime> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is a name in parentheses, which may contain anything.
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
    fn the_socket_of_a_bus_is_the_path_in_its_first_address() {
        let path = "/run/user/1000/bus";
        assert_eq!(socket("unix:path=/run/user/1000/bus"), Some(path));
        let several = "unix:path=/run/user/1000/bus,guid=1f;unix:path=/other";
        assert_eq!(socket(several), Some(path));
        assert_eq!(socket("unix:abstract=/tmp/dbus-1"), None);
    }

    #[test]
    fn a_process_was_started_before_now_and_not_long_before_its_child() {
        let own = started(std::process::id()).unwrap();
        let age = SystemTime::now().duration_since(own).unwrap();
        assert!(age < Duration::from_secs(3600), "{age:?}");
        assert!(started(1).unwrap() <= own);
    }
}
