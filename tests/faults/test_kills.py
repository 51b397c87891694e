# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies while programs are killed, replaced or slow, and while two commands run at once.

The tests check that new programs read one complete policy with its values and locks, or another
one, or none. They need root.
"""

import collections
import contextlib
import fcntl
import itertools
import os
import shutil
import signal
import subprocess
import time

import pytest
from support.computer import DATABASE, NOBODY, PROFILE, SOURCES
from support.faults import (
    BOTH,
    HERE,
    PRIVACYCTL,
    Place,
    calm,
    gone,
    names,
    one_sentence,
    start,
    without_sites,
)
from support.harness import INSTALLED, wait_for


KILLS = 150
# If a race was not won and lost often enough by then, it never is.
LONGEST = 4


# Killed


@BOTH
def test_killed_at_any_moment_it_leaves_the_old_policy_in_force_or_the_new_one(
    place, moments, orphans
):
    place.learn(again=True)
    lasts = dict(place.lasts)
    counts = collections.Counter()
    before = "none"

    def enough():
        return counts["hit"] > 0.6 * KILLS and min(counts["old"], counts["new"]) > 0.05 * KILLS

    for turn in itertools.takewhile(lambda turn: turn < KILLS or not enough(), itertools.count()):
        assert turn < LONGEST * KILLS, (counts, lasts)
        target = moments.choice([step for step in place.states if step != before])
        child = place.start(target)
        # Another program, such as the package manager, at the same time.
        other = None
        if not place.options and moments.random() < 0.2:
            time.sleep(moments.uniform(0, 0.3 * lasts[target]))
            other = place.computer.session.spawn(["dconf", "update"])
            place.computer.session.children.remove(other)
            time.sleep(moments.uniform(0, 0.5 * lasts[target]))
        else:
            time.sleep(moments.uniform(0, lasts[target]))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        gone(child, other)
        if other:
            assert other.wait(30) in (0, 1), "it may find a folder gone"
        after = place.now()
        assert place.profile() in place.profiles
        hit = child.returncode == -signal.SIGKILL
        counts["hit" if hit else "missed"] += 1
        # Its duration depends on the load of the computer.
        lasts[target] *= 1.03 if hit else 0.8
        if not other:
            assert after in (before, target), f"{turn}: {before} to {target}: {after}"
            if hit and before != target:
                counts["old" if after == before else "new"] += 1
        before = after
        if turn % 15 == 14:
            before = moments.choice(["A", "B"])
            place.mended(before)
        if turn % 30 == 29:
            before = "none"
            place.mended(before)
            place.untouched()
    place.mended("none")
    place.untouched()


@HERE
def test_told_to_end_it_leaves_the_old_policy_in_force_or_the_new_one(place, moments, orphans):
    place.learn()
    before = "none"
    for _ in range(20):
        target = moments.choice([step for step in place.states if step != before])
        child = place.start(target)
        time.sleep(moments.uniform(0, place.lasts[target]))
        # Only privacyctl gets the signal. The kernel then kills its dconf.
        os.kill(child.pid, moments.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
        gone(child)
        after = place.now()
        assert after in (before, target)
        before = after
    place.mended("A")
    place.mended("none")
    place.untouched()


@HERE
def test_dconf_killed_in_the_middle_leaves_the_old_policy_and_no_file(place):
    place.learn()
    place.mended("A")
    session = place.computer.session
    words = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        "trace=rename",
        "-e",
        "inject=rename:signal=KILL",
    ]
    done = session.run(*words, PRIVACYCTL, *place.words("B"))
    one_sentence(done)
    assert place.now() == "A"
    place.mended("B")
    place.mended("none")
    place.untouched()


@pytest.mark.parametrize("call", [f"openat -P {SOURCES / 'locks'}", "rename"])
@pytest.mark.parametrize("target", ["B", "none"])
def test_what_a_slow_update_by_another_process_does_is_noticed_and_mended(
    computer, tmp_path, call, target
):
    computer.write(PROFILE, "user-db:user\n")
    computer.file(DATABASE.parent).mkdir()
    place = Place(computer)
    place.kind = "no databases"
    place.learn()
    place.mended("A")
    log = tmp_path / "log"
    name, *path = call.split()
    # It has read the keys; it reads the locks, or replaces the database, after our apply.
    other = place.computer.session.spawn(
        ["strace", "-f", "-o", str(log), "-e", f"trace={name}", *path]
        + ["-e", f"inject={name}:delay_enter=10s", "dconf", "update"]
    )
    wait_for("another process", lambda: log.exists() and f"{name}(" in log.read_text(), every=0.01)
    done = place.go(target)
    assert done.returncode == 0
    assert "DELAYED" not in log.read_text(), "it is still there"
    assert other.wait(120) in (0, 1), "it may find a folder gone"
    # It had read old files, and cannot be kept from writing the result.
    status = place.run("policy", "status").returncode
    if target == "B":
        try:
            found = place.now()
        except AssertionError:
            found = "a mixture"
        assert status == (0 if found == "B" else 1)
    place.mended(target)
    place.close()


def test_a_run_removes_the_temporary_files_of_a_killed_run(computer):
    computer.write(PROFILE, "user-db:user\n")
    computer.with_dconf("kill -9 $PPID", PRIVACYCTL, "policy", "apply", "/etc/privacy-panel/A.toml")
    left = [path.name for path in computer.file("/run").iterdir()]
    assert any(name.startswith("privacy-panel.scratch-") for name in left)
    assert calm(computer.policy("status")).returncode in (0, 1)
    assert [path.name for path in computer.file("/run").iterdir()] == ["privacy-panel.lock"]


@pytest.mark.parametrize("where", ["this computer", "an image"])
def test_a_removal_takes_out_the_folders_of_a_first_application_that_was_killed(computer, image, where):
    etc = image / "etc" if where == "an image" else computer.file("/etc")
    options = ["--root", image] if where == "an image" else []
    # Only folders exist when the first source file is flushed.
    kill = ["strace", "-f", "-o", "/dev/null", "-e", "inject=fsync:signal=KILL:when=3"]
    words = ["apply", "/etc/privacy-panel/A.toml", *options]
    computer.session.run(*kill, PRIVACYCTL, "policy", *words)
    assert (etc / "dconf").is_dir() and not list((etc / "dconf").rglob("*.d/policy"))
    assert computer.policy("remove", *options).stdout == "changed\n"
    assert not (etc / "dconf").exists()
    assert computer.policy("remove", *options).stdout == "unchanged\n"


def runs(child, program):
    """Whether a child has become that program, or has ended."""
    try:
        return os.readlink(f"/proc/{child.pid}/exe") == str(program)
    except FileNotFoundError:
        return True


@HERE
def test_a_program_that_is_replaced_while_it_runs_does_not_go_wrong(place, moments):
    """As the package manager does during an upgrade."""
    place.learn()
    tree = place.computer.root / "installed"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "bin").mkdir(parents=True)
    (tree / "share").symlink_to(INSTALLED / "share")
    session = place.computer.session
    for turn in range(12):
        step = "AB"[turn % 2]
        program = tree / "bin" / "privacyctl"
        shutil.copy(PRIVACYCTL, program)
        child = subprocess.Popen(
            [*place.computer.way_in, program, *place.words(step)],
            env=session.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for("it", lambda: runs(child, program), every=0.0005)
        time.sleep(moments.uniform(0, 0.01))
        program.unlink()
        _, said = child.communicate(timeout=120)
        assert (child.returncode, place.now()) == (0, step), said


def test_a_dconf_that_does_not_end_holds_no_caller_up(computer):
    computer.write(PROFILE, "user-db:user\n")
    began = time.monotonic()
    words = ["policy", "apply", "/etc/privacy-panel/A.toml"]
    done = computer.with_dconf("trap '' TERM; exec sleep 1000", PRIVACYCTL, *words)
    assert time.monotonic() - began < 50
    assert "Timer expired" in one_sentence(done)
    assert calm(computer.policy(*words[1:])).returncode == 0


# Two at once


@BOTH
def test_of_two_at_once_one_waits_for_the_other(place, moments):
    place.learn()
    ends = collections.Counter()
    for turn in itertools.takewhile(
        lambda turn: turn < 20 or ends["waited"] < 4, range(LONGEST * 20)
    ):
        steps = moments.sample(["A", "B"], 2) if turn % 4 else moments.sample(["A", "B", "none"], 2)
        pair = []
        for step in steps:
            pair.append(place.start(step))
            time.sleep(moments.uniform(0, 0.02))
        for step, child in zip(steps, pair):
            _, said = child.communicate(timeout=60)
            assert child.returncode == 0, (steps, said)
            assert said in (
                "",
                "privacyctl: Another privacyctl is at work on the policy. Waiting.\n",
            )
            ends["waited" if said else "at once"] += 1
        now = place.now()
        assert now in steps
        assert without_sites(names(place.seen / "dconf")) == without_sites(place.names[now])
    assert ends["waited"] > 3, ends
    place.mended("none")
    place.untouched()


def test_it_waits_for_the_lock_and_says_so(computer):
    computer.write(PROFILE, "user-db:user\n")
    assert computer.policy("apply", "/etc/privacy-panel/A.toml").returncode == 0
    with open(computer.file("/run/privacy-panel.lock")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = start(computer, ["policy", "apply", "/etc/privacy-panel/B.toml"])
        assert "Waiting" in child.stderr.readline()
        # As long as commands that need not wait.
        for _ in range(3):
            assert computer.policy("status").returncode == 0
        assert child.poll() is None
        fcntl.flock(lock, fcntl.LOCK_UN)
        child.communicate(timeout=120)
        assert child.returncode == 0


def test_a_user_who_can_only_read_an_image_cannot_block_others(computer):
    """Every user who can open a file can lock it."""
    computer.root.chmod(0o755)
    image = computer.root / "image"
    (image / "etc").mkdir(parents=True, exist_ok=True)
    other = [*NOBODY, "flock", "--shared", str(image), "sleep", "1000"]
    holder = subprocess.Popen([*computer.way_in, *other], start_new_session=True)
    try:
        lock = ["flock", "--nonblock", image, "true"]
        wait_for("it is locked", lambda: computer.session.run(*lock).returncode == 1)
        done = calm(computer.policy("apply", "/etc/privacy-panel/A.toml", "--root", image))
        assert (done.returncode, done.stderr) == (0, "")
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()
    assert not list(computer.file("/run").iterdir()), "there may be many images"


def test_two_at_one_image_wait_for_each_other_by_a_file_that_root_alone_can_open(computer, image):
    status = image.stat()
    lock = computer.file(f"/run/privacy-panel.{status.st_dev:x}-{status.st_ino:x}.lock")
    lock.touch(0o600)
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        words = ["policy", "apply", "/etc/privacy-panel/A.toml", "--root", str(image)]
        child = start(computer, words)
        assert "Waiting" in child.stderr.readline()
        assert child.poll() is None and lock.stat().st_mode & 0o7777 == 0o600
        fcntl.flock(file, fcntl.LOCK_UN)
        child.communicate(timeout=120)
        assert child.returncode == 0
    assert not lock.exists()
