# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of policies among faults: the computer, its image, and random moments.

Random moments come from a seed, which a failure shows; PRIVACY_PANEL_SEED=… repeats them.
"""

import ctypes
import os
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from support.computer import PROFILE, Computer
from support.faults import POLICIES, Place
from support.harness import DISK


SITE = "user-db:user # people first\n\n# The site's\nsystem-db:site\n"
SITE_DEFAULTS = (
    "[org/gnome/desktop/search-providers]\ndisabled=['org.example.Site.desktop']\n"
    "[org/example]\nsite='there'\n"
)


@pytest.fixture(scope="module")
def machine():
    assert os.geteuid() == 0, "run these tests as root, such as with sudo"
    with Computer(bus=False, folder=DISK) as machine:
        # dconf signals logged-in users over it; here there are none.
        machine.session.env["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent"
        # Enters the namespace without bwrap, which would receive signals instead of the program.
        command = ["sh", "-c", "echo $$; exec sleep infinity"]
        holder = machine.session.spawn(command, stdout=subprocess.PIPE, text=True)
        machine.way_in = ["nsenter", "-m", "-t", holder.stdout.readline().strip(), "--"]
        yield machine


@pytest.fixture
def computer(machine):
    """A computer with two policy files, and without dconf's files and masked units."""
    wrap, env = list(machine.session.wrap), dict(machine.session.env)
    for name in ("dconf", "privacy-panel", "systemd"):
        shutil.rmtree(machine.root / "etc" / name, ignore_errors=True)
    for path in (machine.root / "run").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, text in POLICIES.items():
        machine.write(f"/etc/privacy-panel/{name}.toml", text)
    yield machine
    machine.session.wrap, machine.session.env = wrap, env


@pytest.fixture
def image(computer):
    """An image with only an /etc."""
    with tempfile.TemporaryDirectory(prefix="privacy-panel-image.", dir=DISK) as folder:
        (Path(folder) / "etc").mkdir()
        yield Path(folder)


@pytest.fixture
def place(request, computer):
    """A computer with a site's database, a new one, or an image without dconf's files."""
    if request.param == "an image":
        place = Place(computer, request.getfixturevalue("image"))
    elif request.param == "a new computer":
        place = Place(computer)
    else:
        computer.write(PROFILE, SITE).chmod(0o604)
        computer.database("site", SITE_DEFAULTS, ["/org/example/site"])
        computer.session.ask("dconf", "update")
        place = Place(computer)
    yield place
    place.close()


@pytest.fixture
def moments():
    seed = int(os.environ.get("PRIVACY_PANEL_SEED", time.time_ns() % 1_000_000_007))
    print(f"PRIVACY_PANEL_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def orphans():
    """Makes this process the parent of killed processes' children, so that it can wait for them."""
    subreaper = 36  # PR_SET_CHILD_SUBREAPER
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(subreaper, 1, 0, 0, 0) == 0
    yield
    prctl(subreaper, 0, 0, 0, 0)
