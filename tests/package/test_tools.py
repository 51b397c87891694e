# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's own tools that install, test and remove packages: autopkgtest and piuparts."""

import re
import subprocess

from rooms import Room, mirror, root


def test_the_packages_own_tests_pass_where_they_are_installed(packages, tmp_path):
    # Each test changes its testbed, so each gets a separate one.
    for name in ("switch", "policy", "purge"):
        own = Room(root("desktop"), tmp_path / name)
        own.share(*packages.both)
        # Unpacks the source package without the crates, which take the longest.
        sources = own.shared / "source"
        for archive in (*packages.folder.glob("*.orig.tar.xz"), *packages.folder.glob("*.debian.tar.xz")):
            inside = sources if archive.name.endswith(".orig.tar.xz") else sources / "debian"
            inside.mkdir(exist_ok=True)
            subprocess.run(["tar", "-x", "-C", inside, "--strip-components=1", "-f", archive], check=True)
        debs = [f"/shared/{package.name}" for package in packages.both]
        # No other test uses this testbed, so a test may break it.
        options = [f"--test-name={name}", "--ignore-restrictions=breaks-testbed"]
        done = own.try_("autopkgtest", *options, *debs, "/shared/source/", "--", "null", network=True)
        summary = done.stdout[done.stdout.rfind(" summary") :]
        assert done.returncode == 0, done.stdout[-8000:]
        assert re.search(rf"^{name} +PASS", summary, re.M), summary


def test_piuparts_finds_nothing_left_behind(packages, tmp_path):
    # dconf depends on a session bus, which depends on systemd. piuparts could not remove systemd
    # again, so the base contains it.
    room = Room(root("trixie"), tmp_path / "base")
    room.run("apt-get", "install", "-q", "-y", "--no-install-recommends", "systemd-sysv", network=True)
    pack = "tar -C / --one-file-system --exclude=./shared -c . | gzip -1 >/shared/base.tar.gz"
    room.run("sh", "-c", pack)
    base = room.shared / "base.tar.gz"
    # A repository, so that apt finds one package as a dependency of the other.
    repository = tmp_path / "repository"
    repository.mkdir()
    for package in packages.both:
        (repository / package.name).write_bytes(package.read_bytes())
    index = subprocess.run(
        ["dpkg-scanpackages", "."], cwd=repository, check=True, stdout=subprocess.PIPE
    ).stdout
    (repository / "Packages").write_bytes(index)
    command = [
        "piuparts", "--apt", "--distribution=trixie", f"--mirror={mirror()} main",
        f"--basetgz={base}", f"--bindmount={repository}", "--no-eatmydata",
        f"--extra-repo=deb [trusted=yes] file:{repository} ./", "privacyctl", "privacy-panel",
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-6000:]
    assert "PASS: All tests." in done.stdout
