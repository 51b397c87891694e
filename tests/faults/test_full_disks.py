# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies on full and read-only disks, without a folder for temporary files, and with a dconf that
is missing or fails.

The tests mount file systems, so they need root.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support.computer import PROFILE
from support.faults import (
    ALL,
    BOTH,
    PRIVACYCTL,
    OTHER_USER,
    Place,
    calm,
    gone,
    one_sentence,
    snapshot,
)
from support.names import NOT_SAVED


@contextlib.contextmanager
def mounted(computer, *commands):
    """A mount namespace in which those commands have run: the command prefix that enters it, and
    the folder of its files as seen from outside."""
    script = " && ".join([*commands, "echo ready", "exec sleep 1000"])
    holder = subprocess.Popen(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", script],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "ready\n", commands
        yield ["nsenter", "-m", "-t", str(holder.pid), "--"], f"/proc/{holder.pid}/root"
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


@contextlib.contextmanager
def on_an_overlay(computer):
    """Puts dconf's files into the lower layer of an overlay, as on live and embedded systems. Yields
    the small disk of the upper layer, the words that enter, and where the test sees it."""
    dconf = computer.file("/etc/dconf")
    lower, upper = computer.root / "lower", computer.root / "upper"
    if dconf.exists() and any(dconf.iterdir()):
        shutil.rmtree(lower, ignore_errors=True)
        shutil.move(dconf, lower)
        dconf.mkdir()
    upper.mkdir(exist_ok=True)
    with mounted(
        computer,
        f"mount -t tmpfs -o size=200k none {upper}",
        f"mkdir {upper}/files {upper}/work",
        f"mount -t overlay -o lowerdir={lower},upperdir={upper}/files,workdir={upper}/work"
        f" none {dconf}",
    ) as (into, seen_at):
        yield Path(f"{seen_at}{upper}"), into, seen_at


def fill(disk, blocks=None, files=None):
    """Leaves that number of free blocks, or of new files, on a disk."""
    free(disk)
    status = os.statvfs(disk)
    if blocks is not None:
        (disk / "filler").write_bytes(b"x" * max(0, status.f_bavail - blocks) * status.f_bsize)
    else:
        (disk / "filler").mkdir()
        for number in range(status.f_favail - 1 - files):
            (disk / "filler" / str(number)).touch()


def free(disk):
    filler = disk / "filler"
    if filler.is_dir():
        shutil.rmtree(filler)
    else:
        filler.unlink(missing_ok=True)


@pytest.mark.parametrize("where", ["this computer", "an image"])
@pytest.mark.parametrize("scarce", ["blocks", "files"])
def test_on_a_full_disk_the_old_policy_stays_in_force(computer, image, where, scarce):
    here = where == "this computer"
    disk = computer.file("/etc/dconf") if here else image
    disk.mkdir(exist_ok=True)
    mount = f"mount -t tmpfs -o size=400k,nr_inodes=60,mode=755 none {disk}"
    with mounted(computer, mount, f"mkdir -p {image}/etc") as (into, seen_at):
        place = Place(computer, None if here else image, into, seen_at)
        place.kind = f"a small disk for {where}"
        disk = Path(f"{seen_at}{disk}")
        place.learn()
        # Without a policy, and with another policy in force.
        for before in ("none", "A"):
            said = set()
            for left in range(40):
                place.mended(before)
                fill(disk, **{scarce: left})
                done = place.go("B")
                if done.returncode == 0:
                    break
                said.add(one_sentence(done))
                assert place.now() == before, left
                done = place.go("none")
                if done.returncode:
                    one_sentence(done)
                assert place.now() == (before if done.returncode else "none"), left
                free(disk)
                place.mended("B")
            free(disk)
            assert done.returncode == 0 and left >= 2, said
            assert place.now() == "B"
            place.mended("none")
            place.untouched()
        place.close()


@pytest.mark.parametrize("fault", ["a full disk", "kills"])
def test_where_folders_cannot_be_exchanged_it_is_the_same(computer, fault, moments, orphans):
    """On an overlay with the sources in a lower layer, as on live and embedded systems."""
    computer.write(PROFILE, "user-db:user\n")
    place = Place(computer)
    place.kind = "no site"
    place.learn()
    place.mended("A")
    turns = range(24) if fault == "a full disk" else range(12)
    for turn in turns:
        with on_an_overlay(computer) as (upper, into, seen_at):
            over = Place(computer, None, into, seen_at)
            over.states, over.names = place.states, place.names
            assert over.now() == "A"
            if fault == "a full disk":
                fill(upper, blocks=turn)
                done = over.go("B")
                if done.returncode:
                    one_sentence(done)
                    assert over.now() == "A", turn
                free(upper)
            else:
                child = over.start("B")
                time.sleep(moments.uniform(0, place.lasts["B"]))
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                gone(child)
                assert over.now() in ("A", "B")
            over.mended("B")
            over.mended("A")
            over.close()
            if fault == "a full disk" and done.returncode == 0:
                break
    place.close()
    assert fault == "kills" or (done.returncode == 0 and turn > 2)


def test_a_failed_application_leaves_the_administrators_own_mask_to_the_next_ones(computer):
    """Where folders cannot be exchanged, a full disk may keep the backups, but not the record."""
    computer.write(PROFILE, "user-db:user\n")
    place = Place(computer)
    mask = computer.file("/etc/systemd/system/whoopsie.service")
    mask.parent.mkdir(parents=True)
    mask.symlink_to("/dev/null")
    assert place.go("A").returncode == 0
    for turn in range(24):
        with on_an_overlay(computer) as (upper, into, seen_at):
            over = Place(computer, None, into, seen_at)
            fill(upper, blocks=turn)
            failed = over.go("B").returncode
            free(upper)
            for step in ("B", "A", "B", "none"):
                done = over.go(step)
                assert done.returncode == 0, (turn, done)
                assert os.readlink(mask) == "/dev/null", (turn, step)
            over.close()
        if not failed:
            break
    place.close()
    assert not failed and turn > 2


@BOTH
def test_where_nothing_can_be_written_one_sentence_says_so(place):
    place.learn()
    place.mended("A")
    wrap = list(place.computer.session.wrap)
    root = place.etc.parent
    read_only = ["--ro-bind", root, root] if place.options else ["--remount-ro", "/etc"]
    place.computer.session.wrap = wrap + [str(word) for word in read_only]
    before = snapshot(place.etc / "dconf", ids=True)
    for step in ("B", "none", "A"):
        assert "Read-only file system" in one_sentence(place.go(step))
    for words in (["status", *place.options], [*place.words("B")[1:], "--dry-run"]):
        assert calm(place.run("policy", *words)).returncode in (0, 1)
    assert snapshot(place.etc / "dconf", ids=True) == before
    place.computer.session.wrap = wrap
    assert place.now() == "A"


RUN = {
    "read-only": "ro",
    "another user's": f"uid={OTHER_USER},mode=755",
    "writable for all": "mode=777",
    **{f"full at {files}": f"size=4k,nr_inodes={files}" for files in range(1, 7)},
}


@ALL
@pytest.mark.parametrize("options", RUN.values(), ids=RUN)
def test_without_a_folder_for_temporary_files_nothing_is_half_done(place, options):
    place.learn()
    place.mended("A")
    folder = place.computer.root / "run"
    with mounted(place.computer, f"mount -t tmpfs -o {options} none {folder}") as (into, _):
        place.before = into
        before = snapshot(place.etc / "dconf")
        done = place.go("B")
        if done.returncode == 0:
            assert place.now() == "B"
            return
        said = one_sentence(done)
        assert place.now() == "A"
        assert snapshot(place.etc / "dconf") == before
        assert "“/run" in said, "it names the folder that is to blame"


@BOTH
def test_without_dconf_one_sentence_says_so_and_nothing_changes(place):
    place.learn()
    place.mended("A")
    before = snapshot(place.etc / "dconf")
    done = place.computer.session.run("env", "PATH=/nonexistent", PRIVACYCTL, *place.words("B"))
    assert "dconf-cli" in one_sentence(done)
    assert snapshot(place.etc / "dconf") == before
    assert place.now() == "A"


@BOTH
@pytest.mark.parametrize("script", ["exit 3", "echo nonsense >&2; exit 1", "kill -9 $$", "exit 0"])
def test_a_dconf_that_fails_leaves_the_old_policy_in_force(place, script):
    place.learn()
    place.mended("A")
    folder = place.computer.root / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "dconf").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "dconf").chmod(0o755)
    before = snapshot(place.etc / "dconf")
    done = place.computer.session.run("env", f"PATH={folder}:/bin", PRIVACYCTL, *place.words("B"))
    calm(done)
    assert done.returncode == NOT_SAVED and done.stderr
    assert not re.search(r":\s*$", done.stderr, re.MULTILINE), "a sentence without its end"
    assert place.now() == "A"
    if script != "exit 0":
        assert snapshot(place.etc / "dconf") == before
    place.mended("B")


def test_root_makes_temporary_files_in_run_and_nowhere_else(computer):
    """In another user's folder, that user could replace them."""
    theirs = computer.root / "theirs"
    theirs.mkdir()
    os.chown(theirs, OTHER_USER, OTHER_USER)
    names = ("TMPDIR", "TEMP", "TMP", "HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    computer.session.env |= {name: str(theirs) for name in names}
    computer.write(PROFILE, "user-db:user\nsystem-db:site\n")
    before = theirs.stat().st_mtime_ns
    for words in (["apply", "/etc/privacy-panel/A.toml"], ["status"], ["remove"]):
        log = computer.root / "log"
        strace = ["strace", "-f", "-o", log, "-e", "trace=mkdir,mkdirat"]
        computer.session.run(*strace, PRIVACYCTL, "policy", *words)
        made = re.findall(r'mkdirat\(.*"(privacy-panel.scratch-[0-9a-f]{16})", 0700\) = 0', log.read_text())
        assert made or words == ["remove"]
        assert theirs.stat().st_mtime_ns == before and not list(theirs.iterdir())
        left = [path.name for path in computer.file("/run").iterdir()]
        assert left in ([], ["privacy-panel.lock"])
