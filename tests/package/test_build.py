# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages as files: built twice alike, judged by lintian, hardened, with symbols beside them."""

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import BUILT
from rooms import Room, root

AGAIN = Path(os.environ.get("PRIVACY_PANEL_PACKAGES_AGAIN", BUILT.with_name("two")))
TARBALL = Path(os.environ.get("PRIVACY_PANEL_TARBALL", BUILT.with_name("tarball")))

# What lintian says beside errors, warnings and infos that cannot be mended here, and why.
ACCEPTED = {
    # Launchpad, where releases are, has no signing key of the project's yet.
    ("X", "debian-watch-does-not-check-openpgp-signature"),
    # What the C library fortifies are functions as C programs call them. These programs are Rust,
    # whose compiler and library check bounds themselves; no C is compiled. The lintian of sid knows
    # that, and would call an override unused.
    ("I", "hardening-no-fortify-functions"),
}


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


def test_lintian_at_its_strictest_has_nothing_to_say(packages, tmp_path):
    room = Room(root("lint"), tmp_path / "room")
    room.share(*(file for file in packages.folder.iterdir() if file.is_file()))
    script = "cd /shared && lintian -EviIL +pedantic --allow-root --fail-on none *_amd64.changes *.dsc"
    said = room.run("sh", "-c", script.replace("amd64", "*"))
    (packages.folder / "lintian.log").write_text(said)
    found = {
        (match[1], match[2]): match[0]
        for match in re.finditer(r"^([A-Z]): \S+(?: \w+)?: (\S+).*$", said, re.M)
        if match[1] != "N"
    }
    assert found.keys() == ACCEPTED, "\n".join(found.values())


@pytest.fixture(scope="module")
def trees(packages, tmp_path_factory):
    """What is in each package, by its name."""
    found = {}
    for package in packages.folder.glob("*.deb"):
        name = package.name.split("_")[0]
        found[name] = tmp_path_factory.mktemp(name)
        subprocess.run(["dpkg-deb", "--extract", package, found[name]], check=True)
        for symbols in found[name].rglob("*.debug"):
            subprocess.run(["objcopy", "--decompress-debug-sections", symbols], check=True)
    return found


def test_no_trace_of_the_folder_that_it_was_built_in(trees):
    for tree in trees.values():
        for file in tree.rglob("*"):
            if file.is_file() and not file.is_symlink():
                assert b"/build/source" not in file.read_bytes(), file


PROGRAMS = [
    ("privacyctl", "usr/bin/privacyctl"),
    ("privacy-panel", "usr/bin/privacy-panel"),
    ("privacy-panel", "usr/libexec/privacy-panel-search-provider"),
]


def readelf(*words):
    command = ["readelf", "--wide", *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.mark.parametrize(("package", "program"), PROGRAMS, ids=[program for _, program in PROGRAMS])
def test_programs_are_hardened_and_have_their_symbols_beside_them(trees, package, program):
    file = trees[package] / program
    assert "DYN (Position-Independent Executable file)" in readelf("--file-header", file)
    headers = readelf("--program-headers", file)
    assert "GNU_RELRO" in headers
    assert re.search(r"GNU_STACK.* RW +0x", headers)
    dynamic = readelf("--dynamic", file)
    assert "NOW" in dynamic and "PIE" in dynamic
    assert "RPATH" not in dynamic and "RUNPATH" not in dynamic
    assert ".debug_info" not in readelf("--sections", file)
    build = re.search(r"Build ID: ([0-9a-f]+)", readelf("--notes", file))[1]
    symbols = trees[f"{package}-dbgsym"] / "usr/lib/debug/.build-id" / build[:2] / f"{build[2:]}.debug"
    assert ".debug_info" in readelf("--sections", symbols)
    # Where somebody's debugger would look, not where this was built.
    assert b"/usr/src/privacy-panel-" in symbols.read_bytes()


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
    names = {file.name for file in BUILT.glob("*.orig*.tar.xz")}
    assert len(names) == 2
    for name in names:
        assert (BUILT / name).read_bytes() == (TARBALL / name).read_bytes(), name
