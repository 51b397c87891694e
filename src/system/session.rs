// SPDX-License-Identifier: GPL-3.0-or-later

//! The session: since when its programs may be running, and asking its bus itself.

use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use gio::prelude::*;

/// The name, the interface and the object of a bus itself; see the D-Bus specification.
pub(crate) const BUS: &str = "org.freedesktop.DBus";
pub(crate) const BUS_PATH: &str = "/org/freedesktop/DBus";

/// When the session began, as far as can be told: when its bus was started. None without a bus,
/// or where the system does not say.
pub fn began() -> Option<SystemTime> {
    static BEGAN: OnceLock<Option<SystemTime>> = OnceLock::new();
    *BEGAN.get_or_init(|| started(bus_process()?))
}

/// When the session began by the clock of that time: when the socket of its bus was made. A clock
/// that was set since does not change it.
pub fn began_then() -> Option<SystemTime> {
    let address = std::env::var("DBUS_SESSION_BUS_ADDRESS").ok()?;
    fs::metadata(socket(&address)?).ok()?.modified().ok()
}

/// The socket of the first address, by the D-Bus Specification, "Server Addresses".
fn socket(addresses: &str) -> Option<&str> {
    let address = addresses.split(';').next()?.strip_prefix("unix:")?;
    address
        .split(',')
        .find_map(|option| option.strip_prefix("path="))
}

/// The process of the session's bus.
fn bus_process() -> Option<u32> {
    let bus = gio::bus_get_sync(gio::BusType::Session, gio::Cancellable::NONE).ok()?;
    let reply = ask_bus(
        &bus,
        "GetConnectionUnixProcessID",
        &(BUS,).to_variant(),
        Some(Duration::from_secs(1)),
    );
    let (process,) = reply.ok()?.get()?;
    Some(process)
}

/// Asks a bus itself, rather than a program on it; waits for GIO's time where none is given.
pub fn ask_bus(
    bus: &gio::DBusConnection,
    method: &str,
    arguments: &glib::Variant,
    patience: Option<Duration>,
) -> Result<glib::Variant, glib::Error> {
    let milliseconds = patience.and_then(|patience| i32::try_from(patience.as_millis()).ok());
    bus.call_sync(
        Some(BUS),
        BUS_PATH,
        BUS,
        method,
        Some(arguments),
        None,
        gio::DBusCallFlags::NONE,
        milliseconds.unwrap_or(-1),
        gio::Cancellable::NONE,
    )
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
