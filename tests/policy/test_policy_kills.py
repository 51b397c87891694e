# SPDX-License-Identifier: GPL-3.0-or-later
"""`policy apply` killed at any moment, with policies that reach every kind of place: the policy's own
files, values in other programs' files, units of systemd, and dconf's database."""

import itertools
import json
import os
import random
import re
import signal
import subprocess
import time
import tomllib

import pytest
from support.computer import BACKUPS, SOURCES, Computer
from support.harness import SOURCE, programs_at, wait_for
from support.names import CHOICES, DONE

KILLS = int(os.environ.get("PRIVACY_PANEL_KILLS", "8"))
SHIPPED = [tomllib.loads(file.read_text()) for file in (SOURCE / "data/readers.d").glob("*.toml")]
# The possible decisions about a choice, from the one that turns the least off to the one that turns the
# most off.
DECISIONS = {
    "on": 'state = "on"\nlocked = true',
    "nothing": None,
    "preset": 'state = "off"\nlocked = false',
    "off": 'state = "off"\nlocked = true',
}
RANK = list(DECISIONS)
NOTHING = dict.fromkeys(CHOICES, "nothing")
# The contents of programs and of the administrator in the same files.
HAD = {
    "/etc/abrt/abrt.conf": "# Configuration\n\nAutoreportingEnabled =   yes\nDumpLocation = /var/spool/abrt\n",
    "/etc/default/motd-news": "# news\nENABLED=1\n\nWAIT=5\n",
    "/etc/firefox/policies/policies.json": '{ "policies" : {"DisableTelemetry":false,\n\t"Other": [1,2]} }',
    "/etc/fwupd/remotes.d/lvfs.conf": "[fwupd Remote]\n\nEnabled=true\nAutomaticReports=true\n",
    "/etc/gtk-3.0/settings.ini": "# ours\n[Settings]\ngtk-menu-images = 1\n",
    "/etc/netdata/netdata.conf": "",
    "/etc/ubuntu-insights/system-config.toml": "# ours\nother = 1\n",
    "/etc/vscode/policy.json": '{"UpdateMode": "none"}\n',
    "/etc/xdg/kdeglobals": "[RecentDocuments]\r\nMaxEntries=5\r\n\r\n[Icons]\r\nTheme=breeze",
}
# These files have no effect: `apply` keeps them for its next run.
KEPT = re.compile(rf"^({SOURCES}|{BACKUPS}|/etc/dconf/db/\.)")
# Unfinished files of `apply` or of its dconf.
UNDER_WAY = re.compile(r"\.privacy-panel|^/etc/dconf/db/privacy_panel\.[A-Z0-9]{6}$")


def text_of(policy):
    decisions = ((choice, DECISIONS[name]) for choice, name in policy.items())
    return "".join(f"[choices.{choice}]\n{decision}\n" for choice, decision in decisions if decision)


def most_off(policies):
    """The policy that turns off as much as all of these together; None is no policy."""
    policies = [policy or NOTHING for policy in policies]
    return {
        choice: max((policy[choice] for policy in policies), key=RANK.index) for choice in CHOICES
    }


def meaning(path):
    """A file's content without the order of its values, which depends on the earlier content."""
    if path.is_symlink():
        return os.readlink(path)
    if not path.is_file():
        return None
    content = path.read_bytes()
    if path.suffix == ".json":
        return json.loads(content)
    return content if b"\0" in content else sorted(content.splitlines())


class Place:
    """A computer, or an image on it, and the effects of policies there."""

    def __init__(self, computer, image=None):
        self.computer = computer
        self.root = computer.file("/run/image") if image else computer.root
        self.options = ["--root", "/run/image"] if image else []
        for name, text in HAD.items():
            file = self.root / name[1:]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.units = self.root / "etc/systemd/system"
        self.units.mkdir(parents=True, exist_ok=True)
        for unit in ("whoopsie.path", "whoopsie.service"):
            (self.units / unit).unlink(missing_ok=True)

    def everything(self):
        """Every file in /etc, with its bytes, mode and owner."""
        found = {}
        for path in (self.root / "etc").rglob("*"):
            about = path.lstat()
            content = os.readlink(path) if path.is_symlink() else path.is_file() and path.read_bytes()
            found[path] = content, about.st_mode, about.st_uid, about.st_gid
        return found

    def effect(self):
        """What programs find in /etc: the meaning of each file, by its path."""
        found = {}
        for path in (self.root / "etc").rglob("*"):
            name = f"/{path.relative_to(self.root)}"
            if not (KEPT.match(name) or path.is_dir() and not path.is_symlink()):
                found[name] = meaning(path)
        return found

    def command(self, policy):
        self.computer.write("/run/policy.toml", text_of(policy))
        return ["privacyctl", "policy", "apply", "/run/policy.toml", *self.options]

    def apply(self, policy):
        done = self.computer.session.run(*self.command(policy))
        assert (done.returncode, done.stderr) == (DONE, ""), done
        assert done.stdout.splitlines()[-1] in ("changed", "unchanged")

    def removal(self):
        return ["privacyctl", "policy", "remove", *self.options]

    def remove(self):
        done = self.computer.session.run(*self.removal())
        assert (done.returncode, done.stderr) == (DONE, ""), done


class Model(Place):
    """Another such computer or image, where no program is killed."""

    def __init__(self, computer, image):
        super().__init__(computer, image)
        self.effects = {None: self.effect()}

    def effect_of(self, policy):
        text = policy and text_of(policy)
        if text not in self.effects:
            self.apply(policy)
            self.effects[text] = self.effect()
            self.remove()
        return self.effects[text]


def differences(effect, allowed):
    """The places that match none of the effects, except unfinished files."""
    names = set(effect).union(*allowed)
    return {
        name: effect.get(name)
        for name in names
        if not UNDER_WAY.search(name)
        and not any(effect.get(name) == other.get(name) for other in allowed)
    }


def is_compiling(computer):
    """Whether a dconf that an application started still runs, which is not killed with it."""
    return any(program.endswith("/dconf") for _, program in programs_at(computer.root))


def test_the_policies_reach_every_place_that_a_reader_names():
    places = {entry["place"] for reader in SHIPPED for entry in reader.get("policy", [])}
    page = (SOURCE / "docs/readers.md").read_text()
    rows = re.findall(r"^\| ((?:`\"[^`]+\"`(?:, )?)+) \|.*\| (?:yes|no) \| (?:yes|no) \|$", page, re.M)
    known = {name for names in rows for name in re.findall(r'"([^"]+)"', names)}
    # No reader is for Edge: its settings cannot be checked.
    assert known - places == {"edge"}


@pytest.mark.parametrize("image", [False, True], ids=["computer", "image"])
def test_killed_at_any_moment_every_place_is_as_before_or_after_or_turns_more_off(image):
    """Until the next application completes: a place is as one of the policies says that were applied
    since, or as the one that turns off as much as any of them."""
    seed = int(os.environ.get("PRIVACY_PANEL_SEED", time.time_ns() % 1_000_000_007))
    print(f"PRIVACY_PANEL_SEED={seed}")
    chance = random.Random(seed)
    number, hit = 0, 0
    with Computer() as computer, Computer() as other:
        place, model = Place(computer, image), Model(other, image)
        first = place.everything()
        begin = time.monotonic()
        model.effect_of(dict.fromkeys(CHOICES, "off"))
        lasts = time.monotonic() - begin
        since = [None]
        while hit < KILLS:
            # Few policies, since the model applies each one and each mixture.
            if number % 40 == 0:
                some = [{choice: chance.choice(RANK) for choice in CHOICES} for _ in range(3)]
            number += 1
            policy = chance.choice([policy for policy in some if policy != since[-1]])
            child = computer.session.spawn(place.command(policy))
            try:
                child.wait(chance.uniform(0, lasts))
                lasts *= 0.8
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait(30)
                hit += 1
                lasts *= 1.03
            wait_for("the end of dconf", lambda: not is_compiling(computer))
            since.append(policy)
            several = [
                most_off(policies)
                for count in range(2, len(since) + 1)
                for policies in itertools.combinations(since, count)
            ]
            allowed = [model.effect_of(one) for one in (*since, *several)]
            unlike = differences(place.effect(), allowed)
            assert not unlike, (number, since)
            if len(since) > 2 or chance.random() < 0.5:
                place.apply(policy)
                now = place.effect()
                assert now == model.effect_of(policy), number
                since = [policy]
                if chance.random() < 0.25:
                    place.remove()
                    assert place.everything() == first, number
                    since = [None]
        place.remove()
        assert place.everything() == first


@pytest.mark.parametrize("words", ["apply", "remove"])
@pytest.mark.parametrize("image", [False, True], ids=["computer", "image"])
def test_killed_at_any_flush_a_removal_leaves_no_trace(image, words):
    """A process that is killed at a flush has written a file that has not got its name yet, or has just
    renamed one."""
    policy = NOTHING | {"error-reports": "off"}
    with Computer() as computer:
        place = Place(computer, image)
        (place.root / "etc/dconf/profile").mkdir(parents=True, exist_ok=True)
        first = place.everything()
        command = place.command(policy) if words == "apply" else place.removal()
        moment = 0
        is_killed = True
        while is_killed:
            moment += 1
            if words == "remove":
                place.apply(policy)
            inject = f"inject=fsync:signal=KILL:when={moment}"
            kill = ["strace", "-f", "-o", "/dev/null", "-e", "trace=fsync", "-e", inject]
            done = computer.session.run(*kill, *command)
            is_killed = done.returncode != DONE
            wait_for("the end of dconf", lambda: not is_compiling(computer))
            place.remove()
            assert place.everything() == first, moment
        assert moment > 10
