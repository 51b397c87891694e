# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/deny accepts the crates in Cargo.lock, and refuses the crates that deny.toml forbids."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.harness import SOURCE

# The manifest of a crate of each forbidden kind.
FOREIGN = '[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\nlicense = "{license}"\n'


def run(*command, env=None):
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, env=os.environ | (env or {})
    )


def cargo_home(folder):
    """A copy of Cargo's folder by links, without Git repositories: those of a test must disappear
    with the test."""
    folder.mkdir()
    real = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    for entry in real.iterdir():
        if entry.name != "git":
            (folder / entry.name).symlink_to(entry)
    return {"CARGO_HOME": str(folder)}


@pytest.fixture
def crate(tmp_path):
    """A copy of our crate, to which a test adds another crate."""
    for name in ("src", "examples", "tests", "README.md"):
        (tmp_path / name).symlink_to(SOURCE / name)
    for name in ("Cargo.toml", "Cargo.lock"):
        shutil.copy(SOURCE / name, tmp_path)
    return tmp_path


def add(crate, dependency, name="foreign", version="1.0.0", license="MIT"):
    """Adds a crate in a separate folder; `dependency` is its entry in Cargo.toml."""
    folder = crate / "foreign"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "lib.rs").write_text("")
    (folder / "Cargo.toml").write_text(FOREIGN.format(name=name, version=version, license=license))
    manifest = crate / "Cargo.toml"
    text = manifest.read_text()
    assert "\n[dependencies]\n" in text
    manifest.write_text(text.replace("\n[dependencies]\n", f"\n[dependencies]\nadded = {dependency}\n"))


def deny(crate):
    # Cargo.lock gets this crate, and no other change.
    env = cargo_home(crate / "cargo-home")
    locked = run("cargo", "update", "--workspace", "--manifest-path", crate / "Cargo.toml", env=env)
    assert locked.returncode == 0, locked
    return run(SOURCE / "scripts" / "deny", crate, env=env)


BY_PATH = '{{ package = "{name}", path = "foreign", version = "{version}" }}'


def by_path(name="foreign", version="1"):
    return BY_PATH.format(name=name, version=version)


def test_the_crates_in_cargo_lock_pass():
    done = run(SOURCE / "scripts" / "deny")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "bans ok, licenses ok, sources ok" in done.stdout


def test_another_crate_of_a_licence_that_is_allowed_passes(crate):
    add(crate, by_path())
    done = deny(crate)
    assert done.returncode == 0, done


@pytest.mark.parametrize("license", ["AGPL-3.0-only", "CDDL-1.0", "LicenseRef-Proprietary"])
def test_a_licence_that_is_not_allowed_fails(crate, license):
    add(crate, by_path(), license=license)
    done = deny(crate)
    assert done.returncode != 0
    assert "bans ok, licenses FAILED, sources ok" in done.stdout
    assert f'license = "{license}"' in done.stderr


def test_a_second_version_of_a_crate_fails(crate):
    add(crate, by_path("libc", "0.1"), name="libc", version="0.1.0")
    done = deny(crate)
    assert done.returncode != 0
    assert "bans FAILED, licenses ok, sources ok" in done.stdout
    assert "found 2 duplicate entries for crate 'libc'" in done.stderr


def test_any_version_that_there_is_fails(crate):
    add(crate, '{ package = "foreign", path = "foreign" }')
    done = deny(crate)
    assert done.returncode != 0
    assert "bans FAILED" in done.stdout


def test_a_crate_that_is_not_from_crates_io_fails(crate):
    add(crate, "{}")
    folder = crate / "foreign"
    git = ["git", "-C", folder, "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        done = run(*git, *command)
        assert done.returncode == 0, done
    manifest = crate / "Cargo.toml"
    dependency = f'{{ package = "foreign", git = "file://{folder}", version = "1" }}'
    manifest.write_text(manifest.read_text().replace("added = {}", f"added = {dependency}"))
    done = deny(crate)
    assert done.returncode != 0
    assert "bans ok, licenses ok, sources FAILED" in done.stdout
    assert "source-not-allowed" in done.stderr
