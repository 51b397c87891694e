# SPDX-License-Identifier: GPL-3.0-or-later
"""privacyctl policy on computers and images of sites with other databases and profiles: compiled or
not, stale or broken, with locks and lists, in any order."""

import json
import os
import random

import pytest
from support.computer import DATABASES, NAME, OUR_LINE, POLICIES, POLICY, PROFILE, SOURCES, contents
from support.names import DONE, NO, NOT_SAVED
from support.policy import (
    DISABLED,
    LENSES_PATH,
    MINIMAL,
    OFF_LOCKED,
    OFF_PRESET,
    ON_LOCKED,
)

PRESET_LISTS = (POLICIES / "lists-preset.toml").read_text()

SITE = "user-db:user\nsystem-db:site\n"
GROUP = "[org/gnome/desktop/search-providers]\n"
WIKI = "org.example.Wiki.desktop"
WIKI_OFF = f"{GROUP}disabled=['{WIKI}']\n"


def disabled(computer):
    return computer.session.get(*DISABLED.split())


def test_a_list_in_sources_that_are_not_compiled_is_kept_and_status_agrees_at_once(computer):
    computer.write(PROFILE, SITE)
    computer.database("site", WIKI_OFF)
    assert computer.apply(OFF_LOCKED)[-1] == "changed"
    assert WIKI in disabled(computer)
    assert computer.policy("status").returncode == DONE
    before = computer.stamps()
    assert computer.apply()[-1] == "unchanged"
    assert computer.stamps() == before


def test_a_list_that_changed_in_the_sources_is_compiled_by_the_next_apply(computer):
    computer.write(PROFILE, SITE)
    computer.database("site", WIKI_OFF)
    computer.session.ask("dconf", "update")
    computer.apply(OFF_LOCKED)
    computer.database("site", f"{GROUP}disabled=['org.example.Late.desktop']\n")
    # Times don't tell either: all files of an image may have the same one.
    for path in [computer.file(DATABASES), *computer.file(DATABASES).rglob("*")]:
        os.utime(path, (0, 0))
    done = computer.policy("apply", "--dry-run")
    assert f"The database “{DATABASES}/site” would be compiled anew." in done.stdout
    assert computer.apply()[-1] == "changed"
    assert WIKI not in disabled(computer) and "org.example.Late.desktop" in disabled(computer)
    assert computer.apply()[-1] == "unchanged"


def test_locks_alone_that_are_not_compiled_are_compiled_and_noticed(computer):
    computer.write(PROFILE, SITE)
    computer.database("site")
    computer.session.ask("dconf", "update")
    computer.apply(OFF_PRESET)
    computer.database("site", locks=[LENSES_PATH])
    done = computer.policy("apply")
    assert done.returncode == NOT_SAVED
    # dconf reads no value above a lock.
    words = f"{LENSES_PATH} is nothing, locked by the database “site”, and should be 'none'"
    assert words in done.stderr
    assert computer.policy("status").returncode == NO


def test_a_key_file_that_dconf_cannot_read_is_said_each_time_and_the_old_list_kept(computer):
    computer.write(PROFILE, SITE)
    computer.database("site", WIKI_OFF)
    computer.session.ask("dconf", "update")
    computer.write(DATABASES / "site.d" / "99-late", "[broken\n")
    computer.write(POLICY, OFF_LOCKED)
    for last in ("changed", "unchanged"):
        done = computer.policy("apply")
        assert (done.returncode, done.stdout.splitlines()[-1]) == (DONE, last)
        assert f"{DATABASES}/site.d: 99-late: " in done.stderr
        assert WIKI in disabled(computer)
    done = computer.policy("apply", "--dry-run")
    assert f"{DATABASES}/site.d: 99-late: " in done.stderr
    assert done.stdout == "unchanged\n"


def test_a_database_without_sources_counts_as_it_is(computer):
    computer.write(PROFILE, SITE)
    computer.database("site", WIKI_OFF)
    computer.session.ask("dconf", "update")
    computer.session.ask("rm", "-r", DATABASES / "site.d")
    computer.apply(OFF_LOCKED)
    assert WIKI in disabled(computer)
    assert computer.apply()[-1] == "unchanged"


def test_a_profile_whose_user_database_a_service_keeps_gets_the_policy_after_it(computer):
    profile = "service-db:keyfile/user\nsystem-db:site\n"
    computer.write(PROFILE, profile)
    computer.database("site", WIKI_OFF)
    computer.apply(OFF_LOCKED)
    assert computer.read(PROFILE) == f"service-db:keyfile/user\n{OUR_LINE}\nsystem-db:site\n"
    assert WIKI in disabled(computer)
    assert computer.policy("remove").stdout == "changed\n"
    assert computer.read(PROFILE) == profile


def test_the_databases_of_an_image_are_compiled_in_it(computer, tmp_path):
    def plant(name, text):
        file = tmp_path / "image" / str(name).lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    plant(PROFILE, SITE)
    plant(DATABASES / "site.d" / "00-site", WIKI_OFF)
    policy = plant("/policy.toml", OFF_LOCKED)
    root = ["--root", tmp_path / "image"]
    done = computer.policy("apply", policy, *root, "--dry-run")
    assert f"{tmp_path}/image{DATABASES}/site” would be compiled anew." in done.stdout
    assert not (tmp_path / "image" / str(DATABASES)[1:] / "site").exists()
    done = computer.policy("apply", policy, *root)
    assert (done.returncode, done.stderr) == (DONE, "")
    sources = tmp_path / "image" / str(SOURCES)[1:] / "policy"
    assert WIKI in sources.read_text()
    assert (tmp_path / "image" / str(DATABASES)[1:] / "site").read_bytes()[:8] == b"GVariant"
    assert computer.policy("status", *root).returncode == DONE
    before = contents(tmp_path)
    assert computer.policy("apply", policy, *root).stdout.splitlines()[-1] == "unchanged"
    assert contents(tmp_path) == before
    plant(DATABASES / "site.d" / "99-late", "[broken\n")
    done = computer.policy("apply", policy, *root)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (DONE, "unchanged")
    assert "site.d: 99-late: " in done.stderr


# Any site

# How many random sites are tried, and the number that they begin with.
SITES = int(os.environ.get("PRIVACY_PANEL_SITES", "24"))
FIRST = int(os.environ.get("PRIVACY_PANEL_SITES_FROM", "1"))

KEYS = {
    "/org/gnome/desktop/search-providers/disabled": ["@as []", f"['{WIKI}']", "['b.desktop']"],
    "/org/gnome/desktop/search-providers/enabled": ["@as []", "['org.gnome.Epiphany.desktop']"],
    "/org/gnome/shell/disabled-extensions": ["['x@y']", "['snapd-search-provider@canonical.com']"],
    LENSES_PATH: ["'all'", "'none'"],
    "/net/launchpad/PrivacyPanel/error-reports": ["true", "false"],
    "/org/gnome/desktop/interface/clock-show-date": ["true", "5"],
}


class Site:
    """A random site: its databases, their sources, and a profile."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.names = ["local", "site", "site.more", "ünï"][: self.rng.randrange(1, 5)]
        self.profile = self.make_profile()
        policies = [OFF_LOCKED, OFF_PRESET, ON_LOCKED, PRESET_LISTS, MINIMAL, "[choices]\n"]
        self.policy = self.rng.choice(policies)

    def make_profile(self):
        rng = self.rng
        others = [f"system-db:{name}" for name in self.names]
        others += [f"file-db:{DATABASES}/{rng.choice(self.names)}", "system-db:missing"]
        lines = rng.sample(others, rng.randrange(len(others) + 1))
        user = rng.choice([["user-db:user"]] * 4 + [["service-db:keyfile/user"], [], None])
        if user is None:
            user = ["service-db:keyfile/user", "user-db:user"]
        # System databases come first now and then.
        at = rng.randrange(len(lines) + 1) if rng.random() < 0.2 else 0
        lines[at:at] = user
        if rng.random() < 0.2:
            lines.insert(rng.randrange(len(lines) + 1), f"{OUR_LINE} # by hand")
        if rng.random() < 0.3:
            lines.insert(rng.randrange(len(lines) + 1), "# The site's own")
        if rng.random() < 0.2 and lines:
            lines.append(rng.choice(lines))
        end = rng.choice(["\n", "\n", "\n", "\r\n"])
        return end.join(lines) + rng.choice([end, end, ""])

    def keyfile(self):
        rng = self.rng
        if rng.random() < 0.06:
            return rng.choice(["[broken\n", "[a]\nb=nonsense\n", "no group\n"])
        text = ""
        for key, values in KEYS.items():
            if rng.random() < 0.4:
                folder, name = key[1:].rsplit("/", 1)
                text += f"[{folder}]\n{name}={rng.choice(values)}\n"
        return text

    def write_sources(self, write, name):
        for number in range(self.rng.randrange(1, 3)):
            write(DATABASES / f"{name}.d" / f"{number:02} keys", self.keyfile())
        if self.rng.random() < 0.5:
            locks = [key for key in KEYS if self.rng.random() < 0.12]
            text = "# Ours\n" + "".join(f"{key}\n" for key in locks)
            write(DATABASES / f"{name}.d" / "locks" / "site", text)

    def build(self, write, update):
        """Each database is compiled, stale, or was never compiled; some have no sources any more."""
        for name in self.names:
            if self.rng.random() < 0.5:
                self.write_sources(write, name)
        update()
        for name in self.names:
            if self.rng.random() < 0.5:
                self.write_sources(write, name)
        write(PROFILE, self.profile)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SITES))
def test_at_any_site_a_second_apply_changes_nothing_and_status_agrees(computer, tmp_path, seed):
    print(f"PRIVACY_PANEL_SITES=1 PRIVACY_PANEL_SITES_FROM={seed}")
    site = Site(seed)
    policy = tmp_path / "policy.toml"
    policy.write_text(site.policy)
    if image := seed % 3 == 0:
        root = tmp_path / "image"
        place = ["--root", root]
        file = lambda path: root / str(path).lstrip("/")  # noqa: E731
    else:
        place = []
        file = computer.file

    def write(path, text):
        file(path).parent.mkdir(parents=True, exist_ok=True)
        file(path).write_bytes(text.encode())

    def update():
        file(DATABASES).mkdir(parents=True, exist_ok=True)
        # It ends with 2 where one database is broken.
        computer.session.run("dconf", "update", *([file(DATABASES)] if image else []))

    def run(*words):
        return computer.policy(*words, *place)

    site.build(write, update)
    before = contents(file("/etc/dconf"))
    planned = run("apply", policy, "--dry-run")
    assert contents(file("/etc/dconf")) == before
    first = run("apply", policy)
    assert planned.returncode in (DONE, first.returncode), (planned, first)
    if "has no line that begins with" in first.stderr:
        assert contents(file("/etc/dconf")) == before
        return
    status = run("status")
    report = json.loads(run("status", "--json").stdout)
    assert first.returncode in (DONE, NOT_SAVED), first
    assert (first.returncode == DONE) == (status.returncode == DONE), (first, status)
    assert report["in_force"] == (status.returncode == DONE)
    if first.returncode == DONE:
        assert planned.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]
        again = run("apply", policy)
        assert (again.returncode, again.stdout.splitlines()[-1]) == (DONE, "unchanged"), again
        assert run("apply", policy, "--dry-run").stdout.splitlines()[-1] == "unchanged"
        # dconf itself changes nothing in what programs read.
        update()
        assert run("status").returncode == DONE
        assert run("apply", policy).stdout.splitlines()[-1] == "unchanged"
    removed = run("remove")
    assert (removed.returncode, removed.stdout.splitlines()[-1]) == (DONE, "changed"), removed
    left = {name for name in contents(file("/etc/dconf")) if NAME in name}
    assert not left
    if OUR_LINE not in site.profile:
        assert file(PROFILE).read_bytes() == site.profile.encode()
