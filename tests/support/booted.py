# SPDX-License-Identifier: GPL-3.0-or-later
"""The computer of everyone.py with a running systemd as its first process, which starts the system bus,
polkit and the system service from their units."""

import os
import shutil
import subprocess
from pathlib import Path

from support.everyone import Everyone, become
from support.harness import INSTALLED, wait_for

# systemd knows only the units here and those in the administrator's folder, which is empty at first. So it
# starts nothing else of this computer.
UNITS = "/run/units"
UNIT = "privacy-panel-system.service"
BUS_SOCKET = """[Socket]
ListenStream=/run/dbus/system_bus_socket
"""
BUS = """[Unit]
Requires=dbus.socket
[Service]
Type=notify
NotifyAccess=main
ExecStart=/usr/bin/dbus-daemon --config-file=/run/bus.conf --address=systemd: --nofork --nopidfile \\
    --systemd-activation
"""
POLKIT = """[Service]
Type=dbus
BusName=org.freedesktop.PolicyKit1
ExecStart=/usr/lib/polkit-1/polkitd --no-debug
"""
TARGET = """[Unit]
Wants=dbus.service polkit.service
"""
# A user's own systemd, as user@.service starts it, with no units but the administrator's and the test's.
USER_UNITS = "/run/user-units"
OF_USER = """[Service]
User={uid}
Type=notify
Delegate=yes
Environment=XDG_RUNTIME_DIR={folder} SYSTEMD_UNIT_PATH=/etc/systemd/user:{units} \\
    SYSTEMD_GENERATOR_PATH=/run/none SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/run/none
ExecStart=/lib/systemd/systemd --user --unit=test.target
"""
# In namespaces of its own, systemd sees no other process, no network, and its own groups of processes.
# It can't change a setting of the kernel.
NAMESPACES = ["--mount", "--pid", "--fork", "--cgroup", "--uts", "--ipc", "--net", "--kill-child"]
BOOT = """set -e
mount --make-rprivate /
for name in etc run var; do mount --bind "$1/$name" "/$name"; done
mount --bind "$2" /usr/share/polkit-1/actions
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -t tmpfs tmpfs /sys
mkdir -p /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec env -i container=bwrap PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \\
    SYSTEMD_UNIT_PATH=/etc/systemd/system:$3 \\
    SYSTEMD_GENERATOR_PATH=/run/none /lib/systemd/systemd --system --unit=test.target \\
    --log-target=null --show-status=false
"""


class Booted(Everyone):
    def _start_services(self):
        units = {"dbus.socket": BUS_SOCKET, "dbus.service": BUS, "polkit.service": POLKIT}
        unit = (INSTALLED / "lib/systemd/system" / UNIT).read_text()
        # The sandbox hides the folders in which the tests' programs may be.
        unit += f"BindReadOnlyPaths={INSTALLED}\n"
        if INSTALLED.is_relative_to("/home") or INSTALLED.is_relative_to("/root"):
            unit = unit.replace("ProtectHome=yes", "ProtectHome=tmpfs")
        # Every unit needs these.
        units |= dict.fromkeys(("sysinit.target", "basic.target", "shutdown.target"), "[Unit]\n")
        for name, text in {**units, "test.target": TARGET, UNIT: unit}.items():
            self.write(f"{UNITS}/{name}", text)
        shutil.rmtree(self.file("/etc/systemd/system"), ignore_errors=True)
        # GLib looks for the bus there.
        self.file("/var/run").symlink_to("/run")
        actions = INSTALLED / "share/polkit-1/actions"
        words = ["sh", "-c", BOOT, "boot", self.root, actions, UNITS]
        unshare = subprocess.Popen(["unshare", *NAMESPACES, *words])
        self.processes.append(unshare)
        children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
        self.first = wait_for("systemd", lambda: children.read_text().split())[0]
        wait_for("the bus", lambda: self.systemctl("is-active", "dbus.service") == "active", seconds=60)

    def inside(self):
        return ["nsenter", "--target", self.first, "--mount", "--pid", "--cgroup", "--"]

    def bwrap(self, *more):
        return self.inside()

    def log_in(self, uid, units):
        """Starts the systemd of a user, with these units. Returns a function that runs its systemctl."""
        folder = f"/run/user-{uid}"
        self.file(folder).mkdir(mode=0o700)
        os.chown(self.file(folder), uid, uid)
        needed = ("test.target", "basic.target", "shutdown.target", "exit.target")
        for name, text in {**dict.fromkeys(needed, "[Unit]\n"), **units}.items():
            self.write(f"{USER_UNITS}/{name}", text)
        unit = f"user-{uid}.service"
        self.write(f"{UNITS}/{unit}", OF_USER.format(uid=uid, folder=folder, units=USER_UNITS))
        self.systemctl("daemon-reload")
        self.systemctl("start", unit)
        assert self.systemctl("is-active", unit) == "active", self.systemctl("status", unit)
        env = {"XDG_RUNTIME_DIR": folder, "SYSTEMD_UNIT_PATH": f"/etc/systemd/user:{USER_UNITS}"}
        return lambda *words: self.run(*become(uid, env), "systemctl", "--user", "--no-pager", *words)

    def systemctl(self, *words):
        """What systemctl prints on this computer."""
        return self.run("systemctl", "--no-pager", *words).stdout.strip()

    def shown(self, *properties):
        """Properties of the service's unit."""
        words = [f"--property={name}" for name in properties]
        lines = self.systemctl("show", UNIT, *words).splitlines()
        return dict(line.split("=", 1) for line in lines)
