# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages that scripts/test-package built, and rooms to install them in."""

import fcntl
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from rooms import SOURCE, Room, root

BUILT = Path(os.environ.get("PRIVACY_PANEL_PACKAGES", SOURCE / "_build" / "package" / "one"))
OLDER = "0.0.9-1"


class Packages:
    """Built packages, in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def one(self, name):
        found = list(self.folder.glob(f"{name}_*.deb"))
        assert len(found) == 1, f"{name} in {self.folder}: {found}"
        return found[0]

    @property
    def ctl(self):
        return self.one("privacyctl")

    @property
    def panel(self):
        return self.one("privacy-panel")

    @property
    def both(self):
        return [self.ctl, self.panel]


def field(package, name):
    """A field of a package’s control file."""
    command = ["dpkg-deb", "--field", package, name]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture(scope="session")
def packages():
    return Packages(BUILT)


def made_once(tmp_path_factory, name, make):
    """A folder that the first of pytest's workers makes, and the others use."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = tmp_path_factory.mktemp(name)
        make(folder)
        return folder
    folder = tmp_path_factory.getbasetemp().parent / name
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            made = folder.with_suffix(".new")
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            make(made)
            made.rename(folder)
    return folder


@pytest.fixture(scope="session")
def older(packages, tmp_path_factory):
    """The packages as an earlier version might have them: without the newest choice, its question
    and its readers."""
    return Packages(made_once(tmp_path_factory, "older", lambda folder: make_older(packages, folder)))


def make_older(packages, folder):
    for package in packages.both:
        tree = folder / package.name
        subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
        control = tree / "DEBIAN" / "control"
        version = field(package, "Version")
        control.write_text(control.read_text().replace(version, OLDER))
        if package == packages.ctl:
            without_newest_choice(tree)
        name = package.name.replace(version, OLDER)
        build = ["dpkg-deb", "--root-owner-group", "--build", tree, folder / name]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(tree)


def without_newest_choice(tree):
    templates = tree / "DEBIAN" / "templates"
    questions = templates.read_text().strip().split("\n\n")
    choice = re.match(r"Template: privacyctl/(\S+)", questions[-1])[1]
    templates.write_text("\n\n".join(questions[:-1]) + "\n")
    for script in ("config", "postinst"):
        file = tree / "DEBIAN" / script
        lines = [line for line in file.read_text().splitlines() if choice not in line]
        file.write_text("\n".join(lines) + "\n")
    for file in (tree / "usr" / "share" / "privacy-panel" / "readers.d").iterdir():
        if f'choice = "{choice}"' in file.read_text():
            file.unlink()
    sums = tree / "DEBIAN" / "md5sums"
    there = [line for line in sums.read_text().splitlines() if (tree / line.split("  ")[1]).exists()]
    sums.write_text("\n".join(there) + "\n")


def with_dependencies(suite, packages, tmp_path_factory):
    """A clean Debian with the dependencies of the packages, but without the packages."""

    def make(folder):
        room = Room(root(suite), folder)
        room.install(*packages.both, network=True)
        dependencies = room.run("apt-mark", "showauto").split()
        room.run("dpkg", "--purge", "privacy-panel", "privacyctl")
        # Otherwise apt would remove them with the next removal.
        room.run("apt-mark", "manual", *dependencies)

    return Room(root(suite), made_once(tmp_path_factory, suite, make))


@pytest.fixture(scope="session")
def trixie_base(packages, tmp_path_factory):
    return with_dependencies("trixie", packages, tmp_path_factory)


@pytest.fixture
def room(trixie_base, tmp_path):
    return trixie_base.over(tmp_path / "room")
