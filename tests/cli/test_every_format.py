# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of every format are written by the same rules, and left alone by the same rules."""

import json
import os

import pytest
from support.harness import SOURCE
from support.names import NOT_SAVED

CHOICE = "usage-statistics"
OFFICE = """<?xml version="1.0"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/A/B"><prop oor:name="c" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""
# Each format: the key, the values for on and off, and a file with the value for on.
FORMATS = {
    "toml": (["a", "b"], True, False, "[a]\nb = true\n"),
    "gkeyfile": (["a", "b"], True, False, "[a]\nb=true\n"),
    "kconfig": (["a", "b"], True, False, "[a]\nb=true\n"),
    "qsettings": (["a", "b"], "yes", "no", "[a]\nb=yes\n"),
    "json": (["a", "b"], True, False, '{"a": {"b": true}}\n'),
    "jsonc": (["a.b"], True, False, '{"a.b": true} // c\n'),
    "prefs-js": (["a.b"], True, False, 'user_pref("a.b", true);\n'),
    "shell": (["A"], "yes", "no", 'A="yes"\n'),
    "libreport": (["Send"], "yes", "no", "Send = yes\n"),
    "xml-text": (["a", "b"], True, False, "<a><b>true</b></a>\n"),
    "libreoffice": (["A", "B", "c"], True, False, OFFICE),
    "vlcrc": (["b"], True, False, "[a]\nb=1\n"),
    "dated-word": (["word"], "on", "off", "on 2026-01-01\n"),
}


@pytest.fixture
def file(session, request):
    """The file of a format, with a reader of it."""
    name = request.node.callspec.params["format"]
    key, on, off, text = FORMATS[name]
    session.add_reader(
        "example",
        f'name = "Example"\nchoice = "{CHOICE}"\nprograms = ["/bin/sh"]\n[file]\nformat = "{name}"\n'
        f'files = ["example/file"]\nkey = {json.dumps(key)}\non = {json.dumps(on)}\n'
        f'off = {json.dumps(off)}\nmissing = "on"\n',
    )
    done = session.ctl("readers")
    assert done.returncode == 0, done.stderr
    file = session.config / "example" / "file"
    file.parent.mkdir()
    file.write_text(text)
    assert session.reader(CHOICE, "example")["state"] == "on"
    return file


def set_off(session):
    return session.ctl("set", CHOICE, "off", "--only-me").returncode


def test_every_format_of_the_manual_is_here():
    page = (SOURCE / "docs" / "readers.md").read_text()
    table = page[page.index("### Formats") : page.index("### Profiles")]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {word for row in rows for word in row.split("`")[1::2]}
    # An answer is never made, and has tests of its own.
    assert {name.strip('"') for name in named} - {"consent-records"} == set(FORMATS)


@pytest.mark.parametrize("format", FORMATS)
def test_a_changed_file_keeps_its_mode_and_attributes(session, file, format):
    file.chmod(0o4640)
    os.setxattr(file, "user.test", b"kept")
    assert set_off(session) == 0
    assert session.reader(CHOICE, "example")["state"] == "off"
    assert file.stat().st_mode & 0o7777 == 0o640, "without the setuid bit"
    assert os.getxattr(file, "user.test") == b"kept"


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_is_not_the_users_to_change_stays(session, file, format):
    before = file.read_bytes()
    file.chmod(0o400)
    assert set_off(session) == NOT_SAVED and file.read_bytes() == before, "read-only"
    file.chmod(0o600)
    other = file.with_name("other")
    other.hardlink_to(file)
    assert set_off(session) == NOT_SAVED and file.read_bytes() == before, "a second name"
    other.unlink()
    file.rename(other)
    os.mkfifo(file)
    assert set_off(session) == NOT_SAVED and file.is_fifo()
    file.unlink()
    file.symlink_to("missing")
    assert set_off(session) == NOT_SAVED and file.is_symlink() and not file.exists()


@pytest.mark.parametrize("format", FORMATS)
def test_a_link_is_followed_to_a_file_of_the_users_folders_only(session, file, format):
    text = file.read_bytes()
    real = session.root / "home" / "dotfiles" / "file"
    real.parent.mkdir()
    file.rename(real)
    file.symlink_to(real)
    assert set_off(session) == 0
    assert file.is_symlink() and session.reader(CHOICE, "example")["state"] == "off"
    # The same user's file, in a folder that is linked.
    outside = session.root / "outside"
    file.parent.rename(outside)
    file.parent.symlink_to(outside)
    file.unlink()
    file.write_bytes(text)
    assert session.reader(CHOICE, "example")["state"] == "on", "it is read"
    done = session.ctl("set", CHOICE, "off", "--only-me")
    assert done.returncode == NOT_SAVED
    assert f"“{file}” is managed elsewhere, in “{outside / 'file'}”" in done.stderr
    assert file.read_bytes() == text
    assert [entry.name for entry in outside.iterdir()] == ["file"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_is_not_understood_stays(session, file, format):
    for content in (b"\0\xff\xfe[{<", file.read_bytes() + b"\n" * (64 * 1024 * 1024)):
        file.write_bytes(content)
        assert session.reader(CHOICE, "example")["state"] is None, "unknown"
        assert set_off(session) == NOT_SAVED
        assert file.read_bytes() == content
