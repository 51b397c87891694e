# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what scripts/test-package builds twice: the tarballs and the packages. Checks the build
from the tarball alone."""

import hashlib
import os
import re
from pathlib import Path

from conftest import BUILT

AGAIN = Path(os.environ.get("PRIVACY_PANEL_PACKAGES_AGAIN", BUILT.with_name("two")))
TARBALL = Path(os.environ.get("PRIVACY_PANEL_TARBALL", BUILT.with_name("tarball")))


def sums(folder):
    found = {}
    for file in sorted(folder.iterdir()):
        if file.suffix == ".deb":
            found[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def test_two_builds_in_two_folders_are_the_same_bytes():
    one, two = sums(BUILT), sums(AGAIN)
    names = {name.split("_")[0] for name in one if name.endswith(".deb")}
    dbgsym = {f"{name}-dbgsym" for name in ("privacy-panel", "privacyctl")}
    assert names == {"privacy-panel", "privacyctl"} | dbgsym
    assert one == two
    places = [
        re.search(r"^dpkg-source: info: extracting privacy-panel in (.*)$", log.read_text(), re.M)[1]
        for log in (BUILT / "log", AGAIN / "log")
    ]
    assert places == ["/build/source", "/srv/another/place/source"]


def test_the_tarball_builds_alone_without_network_and_passes_its_tests():
    log = (TARBALL / "log").read_text()
    assert re.search(r"^Ok: +[4-9]\d* *$", log, re.M) and re.search(r"^Fail: +0 *$", log, re.M), log[-2000:]
    assert "crates from vendor/, without network: YES" in log.replace("  ", "")
    staged = TARBALL / "room" / "shared" / "staged"
    for file in (
        "usr/bin/privacy-panel",
        "usr/bin/privacyctl",
        "usr/share/glib-2.0/schemas/net.launchpad.PrivacyPanel.gschema.xml",
        "usr/share/man/man1/privacyctl.1",
    ):
        assert (staged / file).is_file(), file
    assert {folder.name for folder in staged.iterdir()} == {"usr"}


def test_tarballs_that_are_made_twice_are_the_same_bytes():
    names = {file.name for file in AGAIN.glob("*.orig*.tar.xz")}
    assert len(names) == 2
    for name in names:
        assert (AGAIN / name).read_bytes() == (TARBALL / name).read_bytes(), name
        # The source package contains the same files.
        assert (BUILT / name).read_bytes() == (TARBALL / name).read_bytes(), name
