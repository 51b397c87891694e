// SPDX-License-Identifier: GPL-3.0-or-later

//! The session: when it began, and the environment of its programs.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use gio::{DBusCallFlags, DBusConnection};
use glib::prelude::*;

use crate::system::bus;
use crate::system::bus::{Bus, DAEMON, Message};
use crate::system::limits;

/// The environment of a process.
pub(crate) type Environment = HashMap<OsString, OsString>;

/// The bus name of the user's service manager; org.freedesktop.systemd1(5).
pub(crate) const MANAGER: &str = "org.freedesktop.systemd1";

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

/// The environment that the programs of the session get. `None` without a session, or if it can't
/// be found out.
///
/// Desktops hand their variables to the user's service manager, which starts the bus before them.
/// Without such a manager, the bus is started by the session and has its variables.
pub(crate) fn environment() -> Option<Environment> {
    let bus = Bus::Session.connect(limits::SERVICE_PATIENCE).ok()??;
    if bus::has_owner(&bus, MANAGER) {
        if let Some(environment) = managers(&bus) {
            return Some(environment);
        }
    }
    process_environment(owner(&bus, DAEMON)?, "dbus")
}

/// The environment of the user's service manager.
fn managers(bus: &DBusConnection) -> Option<Environment> {
    let reply = Message {
        name: MANAGER,
        path: "/org/freedesktop/systemd1",
        interface: "org.freedesktop.DBus.Properties",
        method: "Get",
        arguments: Some(&("org.freedesktop.systemd1.Manager", "Environment").to_variant()),
        reply: None,
        flags: DBusCallFlags::NO_AUTO_START,
        timeout: Some(limits::SERVICE_PATIENCE),
        cancellable: None,
    }
    .send(bus);
    let (value,): (glib::Variant,) = reply.ok()?.get()?;
    let variables: Vec<String> = value.get()?;
    let variables = variables.into_iter().map(String::into_bytes);
    Some(variables.filter_map(|line| variable(&line)).collect())
}

/// The process that owns a name on a bus. `None` if none does.
pub(crate) fn owner(bus: &DBusConnection, name: &str) -> Option<u32> {
    let reply = bus::query_daemon(
        bus,
        "GetConnectionUnixProcessID",
        &(name,).to_variant(),
        Some(Duration::from_secs(1)),
    );
    let (process,) = reply.ok()?.get()?;
    Some(process)
}

/// The environment with which a process of the caller's was started; proc(5), `/proc/pid/environ`.
///
/// `name` is a part of its name: in a container, a number from outside is another process.
pub(crate) fn process_environment(process: u32, name: &str) -> Option<Environment> {
    let folder = PathBuf::from(format!("/proc/{process}"));
    let own = rustix::process::geteuid().as_raw();
    let found = fs::read_to_string(folder.join("comm")).ok()?;
    if fs::metadata(&folder).ok()?.uid() != own || !found.contains(name) {
        return None;
    }
    let bytes = fs::read(folder.join("environ")).ok()?;
    let variables = bytes.split(|byte| *byte == 0);
    Some(variables.filter_map(variable).collect())
}

fn variable(line: &[u8]) -> Option<(OsString, OsString)> {
    let at = line.iter().position(|byte| *byte == b'=')?;
    let value = OsString::from_vec(line[at + 1..].to_vec());
    Some((OsStr::from_bytes(&line[..at]).to_owned(), value))
}

/// The process ID of the session bus.
fn bus_process() -> Option<u32> {
    let bus = Bus::Session.connect(limits::SERVICE_PATIENCE).ok()??;
    owner(&bus, DAEMON)
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
