# SPDX-License-Identifier: GPL-3.0-or-later
"""A computer with an administrator: its own /etc and /run, and a mock system bus.

So `privacyctl policy` and `dconf update` do everything that they do on a real computer, and the
programs of the session obey and get signals. The real computer stays unchanged.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from support.harness import SOURCE, Session

# Policies, each with its expected database.
POLICIES = SOURCE / "tests" / "policies"

NAME = "privacy_panel"
OUR_LINE = f"system-db:{NAME}"
PROFILE = Path("/etc/dconf/profile/user")
DATABASES = Path("/etc/dconf/db")
DATABASE = DATABASES / NAME
SOURCES = DATABASES / f"{NAME}.d"
BACKUPS = SOURCES / ".backups"
POLICY = Path("/etc/privacy-panel/policy.toml")
READERS = Path("/etc/privacy-panel/readers.d")

# The folders of other programs in /etc to which a policy writes.
OF_OTHERS = (
    "brave",
    "chromium",
    "default",
    "dnf",
    "environment.d",
    "firefox",
    "firefox-esr",
    "fwupd",
    "gtk-3.0",
    "gtk-4.0",
    "netdata",
    "opt",
    "popularity-contest.d",
    "thunderbird",
    "vscode",
    "xdg",
)

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

LONG_AGO = 1_700_000_000


class Computer:
    """A computer with an administrator, and a user's session on it.

    `profile` is the content of /etc/dconf/profile/user since long before the session; without it,
    there is no /etc/dconf. Its files are in a new folder in `folder`. Other options are those of
    harness.Session.
    """

    def __init__(self, profile=None, binds=(), folder=None, **options):
        self.root = Path(tempfile.mkdtemp(prefix="privacy-panel-computer.", dir=folder))
        # All of /etc, since a mount point can neither be removed nor replaced, and since bwrap
        # would create a missing mount point.
        subprocess.run(["cp", "-a", "/etc", self.root / "etc"], check=True)
        (self.root / "run").mkdir()
        self._forget()
        if profile is not None:
            self.set_profile(profile)
        own = [(self.root / name, f"/{name}") for name in ("etc", "run")]
        self.binds = [*own, *binds]
        self.session = self.login(**options)

    def login(self, **options):
        """Starts a session of the user; a later session replaces it as the current one."""
        # A program that crashes must not go unnoticed.
        env = {"RUST_BACKTRACE": "1"}
        return Session(system_bus=True, binds=self.binds, env=env, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.close()
        shutil.rmtree(self.root)

    def _forget(self):
        for name in ("dconf", "privacy-panel", *OF_OTHERS):
            shutil.rmtree(self.root / "etc" / name, ignore_errors=True)
        for name in OF_OTHERS:
            # Debian's package of Netdata turns it off.
            if name != "netdata" and Path("/etc", name).is_dir():
                subprocess.run(["cp", "-a", f"/etc/{name}", self.root / "etc"], check=True)

    def clean(self):
        """Removes all settings of the administrator and the user."""
        self._forget()
        self.session.ask("dconf", "reset", "-f", "/")
        shutil.rmtree(self.session.config / "privacy-panel", ignore_errors=True)

    # The computer's files

    def file(self, path):
        """The path at which the test sees a file of the computer."""
        return self.root / Path(path).relative_to("/")

    def write(self, path, text):
        file = self.file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def set_profile(self, profile):
        """Writes the profile, with an old modification time."""
        os.utime(self.write(PROFILE, profile), (LONG_AGO, LONG_AGO))

    def read(self, path):
        return self.file(path).read_text()

    def files(self):
        """The content of all of dconf's files and of ours."""
        return contents(self.file("/etc/dconf")), contents(self.file("/etc/privacy-panel"))

    def stamps(self):
        """The inode number and the last change of each file."""
        found = {}
        for top in ("/etc/dconf", "/etc/privacy-panel"):
            for path in [self.file(top), *self.file(top).rglob("*")]:
                if path.exists():
                    status = path.lstat()
                    found[path] = status.st_ino, status.st_mtime_ns, status.st_ctime_ns
        return found

    # The administrator

    def policy(self, *arguments, **options):
        """Runs privacyctl policy."""
        return self.session.ctl("policy", *arguments, **options)

    def apply(self, policy=None, *arguments):
        """Puts a policy in force, and returns the printed lines."""
        if policy is not None:
            self.write(POLICY, policy)
        return self.session.ask("privacyctl", "policy", "apply", *arguments).splitlines()

    def as_user(self, *command):
        return self.session.run(*NOBODY, *command)

    def with_dconf(self, script, *command):
        """Runs a command with this script as the program `dconf`."""
        folder = self.root / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "dconf").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "dconf").chmod(0o755)
        return self.session.run("env", f"PATH={folder}:{self.session.env['PATH']}", *command)

    def database(self, name, defaults="", locks=()):
        """Writes the source of another database, such as a site's."""
        folder = DATABASES / f"{name}.d"
        self.write(folder / "defaults", defaults)
        self.write(folder / "locks" / "locks", "".join(f"{key}\n" for key in locks))

    def administrator(self, defaults="", locks=()):
        """Does what an administrator does without privacyctl: writes a system database, and runs
        `dconf update`, which signals all programs on the system bus."""
        self.write(PROFILE, "user-db:user\nsystem-db:site\n")
        self.database("site", defaults, locks)
        self.session.ask("dconf", "update")


def contents(folder):
    """Every name below a folder, with the content of each file."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in Path(folder).rglob("*")
    }
