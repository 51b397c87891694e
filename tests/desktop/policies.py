# SPDX-License-Identifier: GPL-3.0-or-later
"""A computer with an administrator: an /etc and a /run of its own, and a stand-in system bus.

So that `privacyctl policy apply` and `dconf update` do all that they do on a real computer, and the
programs of the session obey, are locked and are told, while nothing of the real computer is
touched.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness import SOURCE, Session

POLICIES = SOURCE / "tests" / "policies"

PROFILE = Path("/etc/dconf/profile/user")
DATABASE = Path("/etc/dconf/db/privacy-panel")
SOURCES = Path("/etc/dconf/db/privacy-panel.d")
POLICY = Path("/etc/privacy-panel/policy.toml")
READERS = Path("/etc/privacy-panel/readers.d")

OUR_LINE = "system-db:privacy-panel"

SEARCH_OFF_LOCKED = """
[choices.online-search]
state = "off"
locked = true
"""
ORGANISATION = """
[organisation]
name = "Example University"
contact = "https://it.example.edu/privacy"
"""


class Computer:
    """A computer and the session of a person on it.

    `profile` is what /etc/dconf/profile/user holds when the session begins; without it there is
    no /etc/dconf at all. Other options are those of harness.Session.
    """

    def __init__(self, profile=None, binds=(), **options):
        self.root = Path(tempfile.mkdtemp(prefix="privacy-panel-computer."))
        # Not folders below /etc alone: bwrap makes the places that it binds to, and a place that
        # is bound to cannot be removed or replaced.
        subprocess.run(["cp", "-a", "/etc", self.root / "etc"], check=True)
        (self.root / "run").mkdir()
        self._forget()
        if profile is not None:
            self.write(PROFILE, profile)
        own = [(self.root / name, f"/{name}") for name in ("etc", "run")]
        self.session = Session(system_bus=True, binds=[*own, *binds], **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.close()
        shutil.rmtree(self.root)

    def file(self, path):
        """Where the test sees a file of the computer's."""
        return self.root / Path(path).relative_to("/")

    def write(self, path, text):
        file = self.file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def read(self, path):
        return self.file(path).read_text()

    def _forget(self):
        for name in ("dconf", "privacy-panel"):
            shutil.rmtree(self.root / "etc" / name, ignore_errors=True)

    def clean(self):
        """Takes out what the administrator and the person set."""
        self._forget()
        for name in ("config/privacy-panel", "share/glib-2.0"):
            shutil.rmtree(self.session.root / name, ignore_errors=True)
        self.session.ask("dconf", "reset", "-f", "/")

    # The administrator

    def policy(self, *arguments, **options):
        """privacyctl policy …"""
        return self.session.ctl("policy", *arguments, **options)

    def apply(self, text=None, *arguments):
        """Writes a policy, applies it and returns what was printed. It must succeed."""
        if text is not None:
            self.write(POLICY, text)
        return self.session.ask("privacyctl", "policy", "apply", *arguments)

    def database(self, name, defaults="", locks=()):
        """Writes what another database, such as a site's, is compiled from."""
        folder = Path("/etc/dconf/db") / f"{name}.d"
        self.write(folder / "defaults", defaults)
        self.write(folder / "locks" / "locks", "".join(f"{key}\n" for key in locks))

    def administrator(self, defaults="", locks=()):
        """What an administrator does without privacyctl: a system database, and `dconf update`,
        which tells everybody on the system bus."""
        self.write(PROFILE, "user-db:user\nsystem-db:site\n")
        self.database("site", defaults, locks)
        self.session.ask("dconf", "update")

    def snapshot(self, *folders):
        """All below /etc/dconf, or below other folders: what it is and holds, which file it is and
        when it was changed."""
        found = {}
        for folder in folders or ("/etc/dconf",):
            top = self.file(folder)
            for path in [top, *sorted(top.rglob("*"))] if top.exists() else []:
                status = path.lstat()
                found[str(path.relative_to(self.root))] = (
                    status.st_mode,
                    status.st_ino,
                    status.st_mtime_ns,
                    status.st_ctime_ns,
                    path.read_bytes() if path.is_file() else None,
                )
        return found


def contents(folder):
    """Every name below a folder, with what the files hold."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(Path(folder).rglob("*"))
    }
