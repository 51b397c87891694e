# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages add or remove readers: the policy in force follows automatically."""

import json
import subprocess

import pytest

READERS = "/usr/share/privacy-panel/readers.d"
SOURCES = "/etc/dconf/db/privacy_panel.d"
READER = """
name = "Example Search"
choice = "online-search"

[gsettings]
schema = "com.example.Search"
path = "/com/example/search/"
key = "online"
on = "true"
off = "false"
"""
SCHEMA = """
<schemalist>
  <schema id="com.example.Search" path="/com/example/search/">
    <key name="online" type="b"><default>true</default></key>
  </schema>
</schemalist>
"""
BROKEN = "name = \n"


def package(folder, name, files):
    """Builds a package of another project."""
    tree = folder / name
    for path, text in files.items():
        file = tree / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: 1.0\nArchitecture: all\n"
        "Maintainer: Maintainer <maintainer@example.org>\nDescription: a program that searches\n"
    )
    build = ["dpkg-deb", "--root-owner-group", "--build", tree, folder / f"{name}.deb"]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    return folder / f"{name}.deb"


@pytest.fixture
def example(tmp_path):
    files = {
        f"{READERS}/example.toml": READER,
        "/usr/share/glib-2.0/schemas/com.example.Search.gschema.xml": SCHEMA,
    }
    return package(tmp_path, "example-search", files)


def locked(room):
    return (room.read(f"{SOURCES}/locks/policy") or "").splitlines()


def test_a_policy_in_force_follows_readers_that_come_and_go(room, packages, example):
    room.answer(online_search="off-locked")
    room.install(packages.ctl)
    assert "/com/example/search/online" not in locked(room)
    room.install(example)
    assert "/com/example/search/online" in locked(room)
    assert room.in_force()
    # The state of the program whose schema the package contains.
    (choice,) = (
        entry
        for entry in json.loads(room.run("privacyctl", "status", "--json"))["choices"]
        if entry["id"] == "online-search"
    )
    (reader,) = (entry for entry in choice["readers"] if entry["id"] == "example")
    assert reader["installed"] and reader["state"] == "off" and choice["locked"]
    room.purge("example-search")
    assert "/com/example/search/online" not in locked(room)
    assert room.in_force()


def test_a_policy_follows_that_was_applied_from_elsewhere(room, packages, example):
    room.install(packages.ctl)
    room.write("/root/mine.toml", '[choices.online-search]\nstate = "off"\nlocked = true\n')
    room.run("privacyctl", "policy", "apply", "/root/mine.toml")
    room.install(example)
    assert "/com/example/search/online" in locked(room)


def test_both_in_one_run_are_in_force_in_the_end(room, packages, example):
    room.answer(online_search="off-locked")
    room.install(packages.ctl, packages.panel, example)
    assert "/com/example/search/online" in locked(room)
    assert room.in_force()


def test_nothing_happens_where_no_policy_is_in_force(room, packages, example):
    room.install(packages.ctl)
    room.install(example)
    assert not room.exists("/etc/dconf/db/privacy_panel") and not room.exists(SOURCES)


def test_a_broken_reader_of_another_package_breaks_no_installation(room, packages, tmp_path):
    room.answer(online_search="off-locked")
    room.install(packages.ctl)
    broken = package(tmp_path, "broken-search", {f"{READERS}/broken.toml": BROKEN})
    said = room.install(broken)
    assert "broken.toml:1" in said
    assert room.in_force()


def test_readers_that_contradict_each_other_break_no_installation(room, packages, example, tmp_path):
    room.answer(online_search="off-locked")
    room.install(packages.ctl)
    room.install(example)
    other = READER.replace('on = "true"', 'on = "false"').replace('off = "false"', 'off = "true"')
    contrary = package(tmp_path, "contrary-search", {f"{READERS}/contrary.toml": other})
    said = room.install(contrary)
    assert "the policy is not in force for all programs" in said
    state = room.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}", "privacyctl", "contrary-search")
    assert state == "ii ii "
