# SPDX-License-Identifier: GPL-3.0-or-later
"""The built packages: lintian's judgement, hardening, and debug symbols."""

import re
import subprocess

import pytest
from rooms import SOURCE, Room, root

# Accepted messages of lintian, which cannot be fixed here, and the reasons.
ACCEPTED = {
    # The project has no signing key on Launchpad yet, which hosts the releases.
    ("X", "debian-watch-does-not-check-openpgp-signature"),
    # The C library fortifies functions that C programs call. These programs are Rust, whose compiler
    # and library check bounds themselves, and contain no C. sid's lintian knows that, and would
    # report an override as unused.
    ("I", "hardening-no-fortify-functions"),
}


def is_chance(tag, line):
    """Whether lintian takes bytes of machine code for a misspelt word, which no source has."""
    if tag != "spelling-error-in-binary":
        return False
    word = line.split(tag)[1].split()[0]
    command = ["git", "grep", "--quiet", "--word-regexp", "--fixed-strings", "-e", word]
    return subprocess.run(command, cwd=SOURCE).returncode == 1


def test_lintian_at_its_strictest_has_nothing_to_say(packages, tmp_path):
    room = Room(root("lint"), tmp_path / "room")
    room.share(*(file for file in packages.folder.iterdir() if file.is_file()))
    script = "cd /shared && lintian -EviIL +pedantic --allow-root --fail-on none *_amd64.changes *.dsc"
    said = room.run("sh", "-c", script.replace("amd64", "*"))
    (packages.folder / "lintian.log").write_text(said)
    found = {
        (match[1], match[2]): match[0]
        for match in re.finditer(r"^([A-Z]): \S+(?: \w+)?: (\S+).*$", said, re.M)
        if match[1] != "N" and not is_chance(match[2], match[0])
    }
    assert found.keys() == ACCEPTED, "\n".join(found.values())


@pytest.fixture(scope="module")
def trees(packages, tmp_path_factory):
    """The extracted content of each package, by its name."""
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
    ("privacyctl", "usr/libexec/privacy-panel-system"),
    ("privacyctl", "usr/libexec/privacy-panel-zeitgeist"),
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
    sections = readelf("--sections", file)
    assert ".debug_info" not in sections and ".symtab" not in sections
    build = re.search(r"Build ID: ([0-9a-f]+)", readelf("--notes", file))[1]
    symbols = trees[f"{package}-dbgsym"] / "usr/lib/debug/.build-id" / build[:2] / f"{build[2:]}.debug"
    assert ".debug_info" in readelf("--sections", symbols)
    # The path where a developer's debugger looks, not the build path.
    assert b"/usr/src/privacy-panel-" in symbols.read_bytes()
