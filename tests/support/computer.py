# SPDX-License-Identifier: GPL-3.0-or-later
"""A computer with an administrator: an /etc and a /run of its own, and a stand-in system bus.

So `privacyctl policy` and `dconf update` do all that they do on a real computer, the programs of
the session obey and are told, and nothing of the real computer is touched.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from support.harness import SOURCE, Session

# Policies, each with what is to become of it.
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

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

LONG_AGO = 1_700_000_000


class Computer:
    """A computer with an administrator, and a person's session on it.

    `profile` is what /etc/dconf/profile/user has held for long when the session begins; without it
    there is no /etc/dconf at all. Other options are those of harness.Session.
    """

    def __init__(self, profile=None, binds=(), **options):
        self.root = Path(tempfile.mkdtemp(prefix="privacy-panel-computer."))
        # All of /etc, since what is bound to can neither be removed nor replaced, and since bwrap
        # would make a place that is not there.
        subprocess.run(["cp", "-a", "/etc", self.root / "etc"], check=True)
        (self.root / "run").mkdir()
        self._forget()
        if profile is not None:
            self.set_profile(profile)
        own = [(self.root / name, f"/{name}") for name in ("etc", "run")]
        self.binds = [*own, *binds]
        self.session = self.login(**options)

    def login(self, **options):
        """A session of the person; a later one is the one that they are logged in to then."""
        # A program that goes wrong is to be seen to.
        env = {"RUST_BACKTRACE": "1"}
        return Session(system_bus=True, binds=self.binds, env=env, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.close()
        shutil.rmtree(self.root)

    def _forget(self):
        for name in ("dconf", "privacy-panel"):
            shutil.rmtree(self.root / "etc" / name, ignore_errors=True)

    def clean(self):
        """Takes out what the administrator and the person set."""
        self._forget()
        self.session.ask("dconf", "reset", "-f", "/")
        shutil.rmtree(self.session.config / "privacy-panel", ignore_errors=True)

    # The computer's files

    def file(self, path):
        """Where the test sees a file of the computer's."""
        return self.root / Path(path).relative_to("/")

    def write(self, path, text):
        file = self.file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def set_profile(self, profile):
        """Writes the profile as if it had been there for long."""
        os.utime(self.write(PROFILE, profile), (LONG_AGO, LONG_AGO))

    def read(self, path):
        return self.file(path).read_text()

    def files(self):
        """What is in all files of dconf and of ours."""
        return contents(self.file("/etc/dconf")), contents(self.file("/etc/privacy-panel"))

    def stamps(self):
        """Which files they are, and when anything of them was changed the last time."""
        found = {}
        for top in ("/etc/dconf", "/etc/privacy-panel"):
            for path in [self.file(top), *self.file(top).rglob("*")]:
                if path.exists():
                    status = path.lstat()
                    found[path] = status.st_ino, status.st_mtime_ns, status.st_ctime_ns
        return found

    # The administrator

    def policy(self, *arguments, **options):
        """privacyctl policy …"""
        return self.session.ctl("policy", *arguments, **options)

    def apply(self, policy=None, *arguments):
        """Puts a policy in force, and returns the lines that are printed."""
        if policy is not None:
            self.write(POLICY, policy)
        return self.session.ask("privacyctl", "policy", "apply", *arguments).splitlines()

    def as_nobody(self, *command):
        return self.session.run(*NOBODY, *command)

    def with_dconf(self, script, *command):
        """Runs a command where the program `dconf` is this script."""
        folder = self.root / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "dconf").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "dconf").chmod(0o755)
        return self.session.run("env", f"PATH={folder}:{self.session.env['PATH']}", *command)

    def database(self, name, defaults="", locks=()):
        """What another database is compiled from, such as a site's."""
        folder = DATABASES / f"{name}.d"
        self.write(folder / "defaults", defaults)
        self.write(folder / "locks" / "locks", "".join(f"{key}\n" for key in locks))

    def administrator(self, defaults="", locks=()):
        """What an administrator does without privacyctl: a system database, and `dconf update`,
        which tells everybody on the system bus."""
        self.write(PROFILE, "user-db:user\nsystem-db:site\n")
        self.database("site", defaults, locks)
        self.session.ask("dconf", "update")


def contents(folder):
    """Every name below a folder, with what each file holds."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in Path(folder).rglob("*")
    }
