# SPDX-License-Identifier: GPL-3.0-or-later
"""Values in the profiles of Mozilla's programs: every profile is read and written, by the program's own
rules, and no file outside of the home is."""

import fcntl
import json
import os
import subprocess

import pytest
from support.names import LOCKED, NOT_SAVED

CHOICE = "usage-statistics"
PREF = "example.upload"
READER = """
name = "Example Browser"
choice = "usage-statistics"
programs = ["/bin/sh"]
effect = "restart"

[file]
format = "prefs-js"
base = "home"
profiles = [".example/browser", ".config/example/browser"]
flatpak = "org.example.Browser"
snap = "example-browser"
files = ["user.js"]
copy = "prefs.js"
layers = ["LAYERS/*.js"]
running = { locks = ["lock", ".parentlock"] }
key = ["example.upload"]
on = true
off = false
missing = "on"

[[file.decided-by]]
format = "json"
files = ["LAYERS/first.json", "LAYERS/second.json"]
key = ["policies", "Upload"]
value = false
state = "off"

[[file.decided-by]]
format = "json"
files = ["LAYERS/first.json", "LAYERS/second.json"]
key = ["policies", "Upload"]
value = true
state = "on"
"""


@pytest.fixture
def browser(session):
    """The folder of a browser that has not been started yet."""
    layers = session.root / "system"
    layers.mkdir()
    session.add_reader("browser", READER.replace("LAYERS", str(layers)))
    return session.root / "home" / ".example" / "browser"


def pref(value, name=PREF, function="user_pref", more=""):
    return f'{function}("{name}", {json.dumps(value)}{more});\n'


def add_profile(folder, path="a.default", is_relative=True, number=0, **files):
    """Adds a profile to the list, with the content of its files."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "profiles.ini").open("a") as text:
        text.write(f"[Profile{number}]\nName=x\nIsRelative={int(is_relative)}\nPath={path}\n\n")
    profile = folder / path
    profile.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (profile / f"{name}.js").write_text(content)
    return profile


def state(session):
    reader = session.reader(CHOICE, "browser")
    return reader["state"], reader["counts"]


def turn(session, on):
    done = session.ctl("set", CHOICE, "on" if on else "off")
    assert done.returncode == 0, done.stderr


def test_every_profile_of_every_folder_is_turned_off_and_on(session, browser):
    home = session.root / "home"
    profiles = [
        add_profile(browser),
        add_profile(browser, path="b c.other", number=1),
        add_profile(browser, path=str(home / "far" / "away"), is_relative=False, number=2),
        add_profile(session.config / "example" / "browser"),
        add_profile(home / ".var/app/org.example.Browser/.example/browser"),
        add_profile(home / ".var/app/org.example.Browser/config/example/browser"),
        add_profile(home / "snap/example-browser/common/.example/browser"),
    ]
    # A profile of a group is in no list.
    unlisted = browser / "c.group"
    unlisted.mkdir()
    (unlisted / "prefs.js").write_text(pref(1, "other"))
    profiles.append(unlisted)
    assert state(session) == ("on", True)
    for on in (False, True, False):
        turn(session, on)
        assert state(session) == ("on" if on else "off", True)
        for profile in profiles:
            assert (profile / "user.js").read_text() == pref(on), profile
    (profiles[1] / "user.js").write_text(pref(True))
    assert state(session) == ("mixed", True)
    assert (unlisted / "prefs.js").read_text() == pref(1, "other"), "turning off needs only user.js"


def test_a_browser_without_a_profile_does_not_count_and_gets_no_file(session, browser):
    assert state(session) == ("on", False)
    turn(session, False)
    assert not browser.exists()
    assert session.status(CHOICE)["state"] == "off"
    add_profile(browser)
    assert state(session) == ("on", True), "a new profile sends, and the panel says so"


def test_what_counts_is_what_the_browser_reads(session, browser):
    layers = session.root / "system"
    profile = add_profile(browser)

    def write(file, text):
        file.write_text(text)
        return state(session)[0]

    # Of the system's files, the browser reads the first by name last.
    assert write(layers / "z.js", pref(False, function="pref")) == "off"
    assert write(layers / "a.js", pref(True, function="pref")) == "on"
    assert write(profile / "prefs.js", pref(False)) == "off"
    assert write(profile / "user.js", f"// {pref(False)}/* {pref(False)} */" + pref(True)) == "on"
    assert not session.reader(CHOICE, "browser")["locked"]
    assert write(layers / "z.js", pref(False, function="pref", more=", locked")) == "off"
    reader = session.reader(CHOICE, "browser")
    assert (reader["locked"], reader["origin"]) == (True, "administrator")
    # An app in a sandbox does not see the system's files.
    add_profile(session.root / "home" / ".var/app/org.example.Browser/.example/browser")
    assert state(session)[0] == "mixed"


def test_a_policy_of_the_browser_decides_whatever_the_profile_says(session, browser):
    layers = session.root / "system"
    profile = add_profile(browser, user=pref(True))
    (layers / "second.json").write_text('{"policies": {"Upload": false}}')
    reader = session.reader(CHOICE, "browser")
    assert (reader["state"], reader["locked"]) == ("off", True)
    assert session.ctl("set", CHOICE, "on").returncode == LOCKED
    assert (profile / "user.js").read_text() == pref(True)
    (layers / "second.json").write_text('{"policies": {"Upload": true}}')
    reader = session.reader(CHOICE, "browser")
    assert (reader["state"], reader["locked"]) == ("on", True)
    # The first file counts as a whole.
    (layers / "first.json").write_text('{"policies": {}}')
    reader = session.reader(CHOICE, "browser")
    assert (reader["state"], reader["locked"]) == ("on", False)
    # What cannot be read is not called off.
    (layers / "first.json").write_text('{"policies": {"Upload": false}')
    assert session.status(CHOICE)["state"] == "mixed"
    (layers / "first.json").write_text('{"policies": {"Upload": false}}')
    # An app in a sandbox does not see the system's files.
    add_profile(session.root / "home" / ".var/app/org.example.Browser/.example/browser")
    assert state(session)[0] == "mixed"


def test_one_line_changes_and_all_else_stays_as_it_is(session, browser):
    before = f"// mine \r\n{pref(2, 'a.b')}/* x */ {pref(True)}\n# end"
    profile = add_profile(browser, user=before, prefs=pref(3, "c"))
    turn(session, False)
    text = (profile / "user.js").read_bytes().decode()
    assert text == before.replace(pref(True), pref(False))
    assert (profile / "user.js").stat().st_mode & 0o777 == 0o644
    assert (profile / "prefs.js").read_text() == pref(3, "c")


def test_a_reset_takes_the_value_out_of_both_files(session, browser):
    other = pref(3, "c")
    profile = add_profile(browser, user=other + pref(False), prefs=pref(False) + other)
    assert session.ctl("reset", CHOICE).returncode == 0
    assert (profile / "user.js").read_text() == other
    assert (profile / "prefs.js").read_text() == other
    assert state(session) == ("on", True)


@pytest.fixture(params=["link", "lock"])
def running(request, browser):
    """A running browser, by each of its locks."""
    profile = add_profile(browser)
    if request.param == "link":
        child = subprocess.Popen(["sleep", "600"])
        (profile / "lock").symlink_to(f"127.0.1.1:+{child.pid}")
        yield profile
        child.kill()
        child.wait()
    else:
        with (profile / ".parentlock").open("w") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            yield profile


def test_while_the_browser_runs_the_change_is_pending_and_a_reset_says_what_to_do(session, running):
    def pending():
        return session.reader(CHOICE, "browser").get("pending", False)

    assert not pending()
    turn(session, False)
    assert pending()
    assert "open with the old setting" in session.ctl("status").stdout
    # A browser that was started since has copied the value.
    (running / "prefs.js").write_text(pref(False))
    assert not pending()
    done = session.ctl("reset", CHOICE)
    assert done.returncode == NOT_SAVED
    assert "Close the app" in done.stderr
    assert (running / "prefs.js").read_text() == pref(False)


def test_a_lock_of_a_browser_that_crashed_is_none(session, browser):
    profile = add_profile(browser, prefs=pref(False))
    child = subprocess.Popen(["true"])
    child.wait()
    (profile / "lock").symlink_to(f"127.0.1.1:+{child.pid}")
    (profile / ".parentlock").write_text("")
    assert session.ctl("reset", CHOICE).returncode == 0
    # Another process that has the number now is younger than the lock.
    (profile / "prefs.js").write_text(pref(False))
    other = subprocess.Popen(["sleep", "600"])
    (profile / "lock").unlink()
    (profile / "lock").symlink_to(f"127.0.1.1:+{other.pid}")
    os.utime(profile / "lock", (1, 1), follow_symlinks=False)
    assert session.ctl("reset", CHOICE).returncode == 0
    other.kill()
    other.wait()


@pytest.mark.parametrize("is_relative", [True, False])
def test_a_profile_outside_of_the_home_is_read_and_never_written(session, browser, is_relative):
    outside = session.root / "outside"
    outside.mkdir()
    inside = add_profile(browser)
    path = os.path.relpath(outside, browser) if is_relative else str(outside)
    add_profile(browser, path=path, is_relative=is_relative, number=1)
    assert state(session) == ("on", True)
    done = session.ctl("set", CHOICE, "off")
    assert done.returncode == NOT_SAVED
    assert str(outside) in done.stderr or "outside" in done.stderr
    assert list(outside.iterdir()) == []
    assert (inside / "user.js").read_text() == pref(False), "the others are off"
    assert state(session) == ("mixed", True)


def test_a_file_that_the_browser_may_read_in_another_way_is_left_alone(session, browser):
    profile = add_profile(browser, user="lockPref('a', 1);\n")
    assert session.status(CHOICE)["state"] == "mixed"
    assert session.ctl("set", CHOICE, "off").returncode == NOT_SAVED
    assert (profile / "user.js").read_text() == "lockPref('a', 1);\n"


@pytest.mark.parametrize(
    "fields",
    [
        'base = "home"\nfiles = [".bashrc"]',
        'base = "home"\nfiles = [".ssh/config"]',
        'base = "home"\nfiles = [".config/autostart/a.ini"]',
        'files = ["systemd/user.conf"]',
        'base = "data"\nfiles = ["dbus-1/services/a.ini"]',
        'files = ["user.js"]\nprofiles = [".gnupg"]',
    ],
)
def test_a_reader_file_cannot_name_a_file_that_is_run_or_secret(session, fields):
    session.add_reader(
        "bad",
        'name = "Bad"\nchoice = "usage-statistics"\nprograms = ["/bin/sh"]\n[file]\nformat = "shell"\n'
        f'{fields}\nkey = ["A"]\non = "yes"\noff = "no"\nmissing = "on"\n',
    )
    done = session.ctl("readers")
    assert done.returncode == 2
    assert "expected a" in done.stderr
