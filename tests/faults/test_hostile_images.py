# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies in hostile images: no command reads or writes anything outside, or waits without end.

The tests make devices and give files to other users, so they need root.
"""

import collections
import concurrent.futures
import contextlib
import itertools
import os
import re
import struct
import subprocess
import time

import pytest
from support.computer import DATABASE, PROFILE
from support.faults import PRIVACYCTL, calm, one_sentence, snapshot
from support.hostile_image import (
    DB,
    FOLDERS,
    LINKS,
    OURS,
    PROFILES,
    SECRET,
    STRANGE,
    Image,
    a_socket,
    deep_database,
)
from support.names import BAD, NOT_SAVED


def commands(image, computer):
    """Runs all commands on an image, in order."""
    policy = ["/etc/privacy-panel/A.toml"] if not (image.root / "own").exists() else []
    root = ["--root", image.root]
    for words in (["apply", *policy, "--dry-run"], ["status"], ["apply", *policy], ["remove"]):
        yield words, calm(computer.policy(*words, *root, timeout=120))


def check_image(image, computer):
    before = snapshot(image.outside, ids=True)
    for words, done in commands(image, computer):
        allowed = {0, 1, BAD, NOT_SAVED} if words == ["status"] else {0, BAD, NOT_SAVED}
        assert done.returncode in allowed, done
        assert done.returncode in (0, 1) or done.stderr, done
        assert SECRET.lower() not in (done.stdout + done.stderr).lower()
        assert snapshot(image.outside, ids=True) == before, words
        for path in image.root.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 2**20:
                assert SECRET.encode().lower() not in path.read_bytes().lower(), (words, path)


def check_images(folder, computer, plants):
    """Checks each in a separate image, several at a time."""

    def check(number):
        name, what, plant = plants[number]
        (folder / str(number)).mkdir()
        image = Image(folder / str(number))
        if name in ("etc", "etc/privacy-panel", "etc/privacy-panel/policy.toml"):
            # The image’s own policy counts.
            (image.root / "own").touch()
        plant(image)
        try:
            check_image(image, computer)
        except Exception as error:
            raise AssertionError(f"{name}: {what}") from error

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(check, range(len(plants))))


@pytest.mark.parametrize("kind", LINKS)
def test_no_link_leads_out_of_an_image(computer, tmp_path, kind):
    plants = [
        (name, kind, lambda image, name=name: LINKS[kind](image, name))
        for name in [*FOLDERS, *OURS]
    ]
    check_images(tmp_path, computer, plants)


def test_the_etc_of_this_computer_is_not_an_images(computer, tmp_path):
    image = Image(tmp_path)
    image.link("etc", "/etc")
    computer.write("/etc/privacy-panel/policy.toml", f'[organisation]\nname = "{SECRET}"\n')
    computer.write(PROFILE, "user-db:user\n")
    before = snapshot(computer.file("/etc"), ids=True)
    check_image(image, computer)
    (image.root / "own").touch()
    check_image(image, computer)
    assert snapshot(computer.file("/etc"), ids=True) == before


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_files_in_an_image_stop_nothing(computer, tmp_path, kind):
    """They cause no endless wait, no crash, and no endless read."""
    plants = [
        (name, kind, lambda image, name=name: image.put(name, STRANGE[kind])) for name in OURS
    ]
    check_images(tmp_path, computer, plants)


def test_reader_files_of_an_image_that_lead_out_are_left_out(computer, tmp_path):
    image = Image(tmp_path)
    readers = image.root / "etc/privacy-panel/readers.d"
    outside = image.outside / "etc/privacy-panel/readers.d/a.toml"
    (readers / "absolute.toml").symlink_to(outside)
    (readers / "relative.toml").symlink_to(os.path.relpath(outside, readers))
    (readers / "masked.toml").symlink_to("/dev/null")
    (readers / "circle.toml").symlink_to("circle.toml")
    os.mkfifo(readers / "pipe.toml")
    a_socket(readers / "socket.toml")
    (readers / "folder.toml").mkdir()
    check_image(image, computer)
    done = computer.policy("apply", "/etc/privacy-panel/A.toml", "--root", image.root)
    assert done.returncode == 0
    for name in ("absolute", "relative", "circle", "pipe", "socket", "folder"):
        assert f"/{name}.toml" in done.stderr, name
    assert "masked" not in done.stderr


def test_links_within_an_image_and_to_it_are_followed_or_refused(computer, tmp_path):
    image = Image(tmp_path)
    (image.root / "usr").mkdir()
    (image.root / "etc/dconf").rename(image.root / "usr/dconf")
    image.link("etc/dconf", "../usr/dconf")
    check_image(image, computer)
    image = Image(tmp_path / "other")
    link = tmp_path / "link"
    link.symlink_to(image.root)
    done = computer.policy("apply", "/etc/privacy-panel/A.toml", "--root", link)
    assert done.returncode == 0, done
    assert (image.root / f"{DB}/privacy_panel").is_file() and link.is_symlink()


# A filter that answers openat2 with ENOSYS, as kernels before Linux 5.6 do; seccomp(2).
OPENAT2, ENOSYS = 437, 38
NO_OPENAT2 = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in (
        (0x20, 0, 0, 0),  # load the number of the system call
        (0x15, 0, 1, OPENAT2),
        (0x06, 0, 0, 0x00050000 | ENOSYS),
        (0x06, 0, 0, 0x7FFF0000),
    )
)


def test_without_openat2_relative_links_of_an_image_are_followed_and_absolute_ones_refused(
    computer, tmp_path
):
    (tmp_path / "filter").write_bytes(NO_OPENAT2)

    def apply(image):
        words = ["privacyctl", "policy", "apply", "/etc/privacy-panel/A.toml", "--root", image.root]
        script = 'file=$1; shift; exec bwrap --dev-bind / / --seccomp 9 "$@" 9<"$file"'
        return computer.session.run("sh", "-c", script, "sh", tmp_path / "filter", *words)

    image = Image(tmp_path / "relative")
    (image.root / "usr").mkdir()
    (image.root / "etc/dconf").rename(image.root / "usr/dconf")
    image.link("etc/dconf", "../usr/dconf")
    assert apply(image).returncode == 0
    assert (image.root / f"{DB}/privacy_panel").is_file()
    for name, target in (("absolute", "/usr/dconf"), ("outside", "../../outside/etc/dconf")):
        image = Image(tmp_path / name)
        (image.root / "usr").mkdir()
        (image.root / "etc/dconf").rename(image.root / "usr/dconf")
        image.link("etc/dconf", target)
        before = snapshot(tmp_path / name)
        done = apply(image)
        assert done.returncode == NOT_SAVED, done
        assert "without openat2 (Linux 5.6) only relative links" in one_sentence(done)
        assert snapshot(tmp_path / name) == before


def test_the_policy_of_an_image_cannot_name_databases_outside(computer, tmp_path):
    image = Image(tmp_path)
    database = image.outside / "etc/dconf/db/site"
    keys = image.outside / "site.d"
    keys.mkdir()
    path = "org/gnome/desktop/search-providers"
    (keys / "site").write_text(f"[{path}]\ndisabled=['{SECRET}']\n")
    subprocess.run(["dconf", "compile", database, keys], check=True)
    for entry in (
        f"file-db:{database}",
        f"file-db:/../../../../../../../../../{database}",
        f"system-db:../../../../..{database}",
        f"system-db:/{database}",
        "file-db:relative",
        "service-db:x",
        "user-db:../../x",
    ):
        (image.root / PROFILES / "user").write_text(f"user-db:user\n{entry}\n")
        check_image(image, computer)
    image.link(f"{DB}/site", database)
    (image.root / PROFILES / "user").write_text("user-db:user\nsystem-db:site\n")
    check_image(image, computer)


def test_links_that_come_and_go_meanwhile_lead_out_of_no_image(computer, tmp_path):
    image = Image(tmp_path)
    pairs = []
    for name in (DB, PROFILES, "etc/privacy-panel", f"{DB}/privacy_panel.d", f"{DB}/privacy_panel"):
        pairs += [str(image.root / name), str(image.root / f"{name}.other")]
        image.link(f"{name}.other", image.outside / name)
    before = snapshot(image.outside, ids=True)
    swapper = subprocess.Popen(["/usr/bin/python3", "-c", SWAPPER, *pairs])
    try:
        results = collections.Counter()
        # It is in time at least once, and at least once it is not.
        for turn in itertools.takewhile(lambda turn: turn < 48 or len(results) == 1, range(500)):
            words = (
                ["remove"]
                if turn % 4 == 3
                else ["apply", f"/etc/privacy-panel/{'AB'[turn % 2]}.toml"]
            )
            done = calm(computer.policy(*words, "--root", image.root, timeout=120))
            results[done.returncode] += 1
            assert done.returncode in (0, BAD, NOT_SAVED), done
            assert SECRET not in done.stdout + done.stderr
        assert swapper.poll() is None
    finally:
        swapper.kill()
        swapper.wait()
    assert len(results) > 1, results
    assert snapshot(image.outside, ids=True) == before


# Exchanges the names of each pair, all the time: renameat2() with RENAME_EXCHANGE.
SWAPPER = """
import ctypes, os, random, sys, time
names = [os.fsencode(name) for name in sys.argv[1:]]
libc = ctypes.CDLL(None)
while True:
    pair = 2 * random.randrange(len(names) // 2)
    libc.renameat2(-100, names[pair], -100, names[pair + 1], 2)
    # Mostly links for a moment only. Some pauses are longer than a run on a busy computer.
    time.sleep(random.uniform(0, 0.001))
    libc.renameat2(-100, names[pair], -100, names[pair + 1], 2)
    time.sleep(10 ** random.uniform(-4, 0))
"""

WRITING = re.compile(
    r"\b(open|openat|openat2|creat)\(.*(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)"
    r"|\b(mkdir|rename|unlink|rmdir|link|symlink|mknod|chmod|fchmod|chown|fchown|lchown|truncate"
    r"|ftruncate|utime|utimes|setxattr|fsetxattr|lsetxattr|removexattr|mount|utimens|futimes)[a-z0-9]*\("
)


def test_an_image_is_all_that_is_opened_of_computers(computer, tmp_path):
    image = Image(tmp_path)
    log = tmp_path / "log"
    computer.write("/etc/privacy-panel/policy.toml", SECRET)
    computer.write("/etc/privacy-panel/readers.d/x.toml", SECRET)
    computer.write(PROFILE, f"user-db:user\nsystem-db:{SECRET}\n")
    for words in (["apply"], ["apply", "--dry-run"], ["status"], ["remove"]):
        done = computer.session.run(
            *["strace", "-f", "-y", "-s", "4096", "-o", log, "-e", "trace=%file,%desc"],
            *[PRIVACYCTL, "policy", *words, "--root", image.root],
        )
        assert done.returncode in (0, 1), done
        calls = [line for line in log.read_text().splitlines() if " = -1 ENOENT" not in line]
        assert len(calls) > 100
        writes = [call for call in calls if WRITING.search(call) and str(image.root) in call]
        assert bool(writes) == (words in (["apply"], ["remove"]))
        temporary = "/run/privacy-panel."
        for call in calls:
            touched = re.findall(
                r'(?<![^<"])(/(?:etc/dconf|etc/privacy-panel|usr/share/privacy-panel)\b[^">]*)',
                call,
            )
            # The kernel looks such a name up below the image's folder.
            below = f"<{image.root}>" in call and "RESOLVE_IN_ROOT" in call
            assert not touched or below, call
            if not WRITING.search(call):
                continue
            # Its own folder, or another folder on its path.
            call = re.sub(r"AT_FDCWD<[^>]*>", "", call).replace('</run>, "', "</run/")
            places = re.findall(r'(?<=[<"])/[^">]*', call)
            assert places, call
            inside = (str(image.root), temporary, "/dev/null", "/proc/")
            assert all(place.startswith(inside) for place in places), call
        assert not list((computer.root / "run").iterdir()), "what was made there is taken out"


def test_a_device_in_an_image_is_not_even_opened(computer, tmp_path):
    """Opening a watchdog starts it, and opening a tape rewinds it."""
    for name in (*OURS[2:3], *OURS[4:5], OURS[7], OURS[9], "etc/privacy-panel/readers.d/x.toml"):
        folder = tmp_path / name.replace("/", "-")
        folder.mkdir()
        image = Image(folder)
        image.put(name, STRANGE["a device"])
        log = folder / "log"
        policy = [] if name == OURS[9] else ["/etc/privacy-panel/A.toml"]
        computer.session.run(
            # A log for each process, so that no line is cut in two by another's.
            *["strace", "-ff", "-y", "-o", log, "-e", "trace=open,openat,openat2"],
            *[PRIVACYCTL, "policy", "apply", *policy, "--root", image.root],
        )
        lines = [line for file in folder.glob("log.*") for line in file.read_text().splitlines()]
        assert lines
        opened = [line for line in lines if f"{image.root / name}>" in line]
        assert not [line for line in opened if "O_PATH" not in line], name


@pytest.mark.parametrize("root", ["/nonexistent", "/dev/null", "file", "/proc"])
def test_an_image_that_is_none_is_refused(computer, tmp_path, root):
    if root == "file":
        root = tmp_path / root
        root.touch()
    for words in (["apply", "/etc/privacy-panel/A.toml"], ["remove"], ["status"]):
        done = calm(computer.policy(*words, "--root", root))
        if root != "/proc":
            assert done.returncode == BAD and done.stderr.count("\n") == 1
        else:
            assert done.returncode in (0, 1, NOT_SAVED)


def test_a_database_of_an_image_that_lists_gigabytes_takes_neither_time_nor_memory(
    computer, image, tmp_path
):
    words = ["/etc/privacy-panel/A.toml", "--root", image]
    assert computer.policy("apply", *words).returncode == 0
    database = image / DATABASE.relative_to("/")
    database.write_bytes(deep_database(200, 60_000))
    for command, status in (["status"], 1), (["apply"], 0), (["status"], 0):
        peak = tmp_path / "peak"
        file = words if command == ["apply"] else words[1:]
        done = computer.session.run(
            *["/usr/bin/time", "--format=%M", f"--output={peak}"],
            *[PRIVACYCTL, "policy", *command, *file],
        )
        assert done.returncode == status, done
        assert int(peak.read_text().split()[-1]) < 300 * 1024


def test_an_image_cannot_fill_this_computers_disk(computer, tmp_path):
    image = Image(tmp_path)
    with open(image.root / DB / "site", "wb") as file:
        file.truncate(40 * 2**20)
    (image.root / PROFILES / "user").write_text("user-db:user\n" + "system-db:site\n" * 4)
    temporary = computer.root / "run"
    most = 0
    child = computer.session.spawn(
        ["privacyctl", "policy", "apply", "/etc/privacy-panel/A.toml", "--root", str(image.root)]
    )
    while child.poll() is None:
        found = 0
        # A file may have disappeared since, and its folder with it.
        with contextlib.suppress(FileNotFoundError):
            found += sum(path.stat().st_blocks * 512 for path in temporary.rglob("*"))
        most = max(most, found)
        time.sleep(0.005)
    assert child.returncode in (0, NOT_SAVED)
    assert most < 20 * 2**20, f"{most >> 20} MiB"


@pytest.mark.parametrize("layer", ["usr/share/privacy-panel/readers.d", "etc/privacy-panel/readers.d"])
def test_a_policy_is_not_applied_while_reader_files_of_an_image_are_lost(computer, tmp_path, layer):
    image = Image(tmp_path)
    image.link(layer, "/opt/readers.d")
    before = snapshot(image.root)
    for words in (["apply", "--dry-run"], ["apply"]):
        done = computer.policy(*words, "/etc/privacy-panel/A.toml", "--root", image.root)
        assert (done.returncode, done.stdout) == (NOT_SAVED, ""), words
        assert layer in done.stderr
    assert snapshot(image.root) == before
    # In the image, an absolute link leads to the image's own folder.
    (image.root / "opt/readers.d").mkdir(parents=True)
    done = computer.policy("apply", "/etc/privacy-panel/A.toml", "--root", image.root)
    assert (done.returncode, done.stderr) == (0, "")
