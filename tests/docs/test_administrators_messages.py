# SPDX-License-Identifier: GPL-3.0-or-later
"""Every message that docs/administrators.md explains is printed for its cause, and it explains every
message."""

import os
import re
import shutil
import subprocess
import time

import pytest
from support.administrators import EXAMPLE, as_user, last, table
from support.computer import DATABASE, OUR_LINE, POLICY, PROFILE, READERS, SOURCES
from support.harness import INSTALLED, SOURCE
from support.names import UNITY_KEY, UNITY_SCHEMA

SENTENCES = [row[0] for row in table("it says | what to do")]
CLI = "".join(
    (SOURCE / "src" / "cli" / name).read_text() for name in ("policy.rs", "policy/text.rs")
)


def sentence(beginning):
    """The page's message with that beginning, as a pattern: a word in capitals is any text."""
    (found,) = [text for text in SENTENCES if text == beginning] or [
        text for text in SENTENCES if text.startswith(beginning)
    ]
    parts = re.split(r"\b[A-Z]{3,}\b", found)
    return re.compile("privacyctl: " + "[^\n]+".join(map(re.escape, parts)) + r"$", re.MULTILINE)


def no_policy(computer):
    return computer.policy("apply"), 2


def not_writable(computer):
    computer.write(POLICY, EXAMPLE)
    return as_user(computer, "apply"), 4


def read_only_image(computer):
    computer.write(POLICY, EXAMPLE)
    image = computer.root / "image"
    (image / "etc").mkdir(parents=True)
    read_only = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", image, image]
    done = computer.session.run(
        *read_only, "privacyctl", "policy", "apply", POLICY, "--root", image
    )
    shutil.rmtree(image)
    return done, 4


def the_systems_own(computer):
    computer.write(POLICY, EXAMPLE)
    lock = computer.file("/run/privacy-panel.lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()
    done = computer.policy("apply")
    lock.rmdir()
    return done, 4


def in_the_way(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write(SOURCES, "")
    return computer.policy("apply"), 4


def another_programs_file(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write(SOURCES / "mine", "")
    return computer.policy("apply"), 4


def a_link(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write("/etc/dconf/profile/elsewhere", "user-db:user\n")
    computer.file(PROFILE).symlink_to("elsewhere")
    return computer.policy("apply"), 4


def our_line_in_a_link(computer):
    a_link(computer)
    computer.write("/etc/dconf/profile/elsewhere", f"user-db:user\n{OUR_LINE}\n")
    assert last(computer.policy("apply")) == "changed"
    assert computer.file(PROFILE).is_symlink()
    return computer.policy("remove"), 4


def no_user_database(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write(PROFILE, "system-db:site\n")
    return computer.policy("apply"), 4


def a_contradiction(computer):
    computer.write(POLICY, EXAMPLE)
    unity = (SOURCE / "data" / "readers.d" / "unity-dash.toml").read_text()
    unity = unity.replace("on =", "x =").replace("off =", "on =").replace("x =", "off =")
    computer.write(READERS / "other.toml", unity)
    return computer.policy("apply"), 2


def no_dconf(computer):
    computer.write(POLICY, EXAMPLE)
    program = INSTALLED / "bin" / "privacyctl"
    return computer.session.run("env", "PATH=/nonexistent", program, "policy", "apply"), 4


def not_compiled(computer):
    computer.write(POLICY, EXAMPLE)
    folder = computer.root / "stub"
    folder.mkdir(exist_ok=True)
    (folder / "dconf").write_text("#!/bin/sh\necho 'no space left' >&2\nexit 1\n")
    (folder / "dconf").chmod(0o755)
    path = f"{folder}:{computer.session.env['PATH']}"
    # The sandbox itself needs the old PATH.
    return computer.session.run("env", f"PATH={path}", "privacyctl", "policy", "apply"), 4


def not_in_force(computer):
    path = UNITY_SCHEMA.replace(".", "/").lower()
    computer.administrator(f"[{path}]\n{UNITY_KEY}='all'\n", [f"/{path}/{UNITY_KEY}"])
    computer.write(POLICY, EXAMPLE)
    return computer.policy("apply"), 4


def hidden(computer):
    computer.apply(EXAMPLE)
    computer.file(DATABASE).chmod(0o600)
    return computer.policy("status"), 1


def hidden_profile(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write(PROFILE, "user-db:user\n").chmod(0o600)
    return computer.policy("apply"), 4


def exposed(computer):
    computer.apply(EXAMPLE)
    computer.file(DATABASE).chmod(0o666)
    return computer.policy("status"), 0


def a_broken_reader(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write(READERS / "broken.toml", "name = 1\n")
    return computer.policy("apply"), 0


def another_at_work(computer):
    computer.write(POLICY, EXAMPLE)
    lock = "/run/privacy-panel.lock"
    holder = computer.session.spawn(["flock", lock, "sleep", "60"])
    end = time.monotonic() + 10
    while computer.session.run("flock", "-n", lock, "true").returncode == 0:
        assert time.monotonic() < end
    waiting = computer.session.spawn(
        ["privacyctl", "policy", "apply"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = waiting.stderr.readline()
    os.killpg(holder.pid, 15)
    out, more = waiting.communicate(timeout=30)
    assert out.splitlines()[-1] == "changed", "it goes on when the other one is done"
    return subprocess.CompletedProcess([], waiting.returncode, out, said + more), 0


def a_broken_opt_out(computer):
    computer.write("/etc/ubuntu-insights/system-config.toml", "system_opt_out = = true\n")
    computer.write(POLICY, '[choices.usage-statistics]\nstate = "off"\nlocked = true\n')
    done = computer.policy("apply")
    shutil.rmtree(computer.file("/etc/ubuntu-insights"))
    return done, 4


def a_profile_without_the_line(computer):
    computer.write("/etc/dconf/profile/alice", "user-db:user\n")
    computer.apply(EXAMPLE)
    return computer.policy("status"), 1


def setting(computer, profile):
    computer.apply(EXAMPLE)
    file = computer.write("/etc/environment.d/90-site.conf", f"DCONF_PROFILE={profile}\n")
    done = computer.policy("status")
    file.unlink()
    return done, 1


def a_profile_elsewhere(computer):
    computer.write("/etc/dconf/elsewhere", "user-db:user\n")
    return setting(computer, "/etc/dconf/elsewhere")


def a_missing_profile(computer):
    return setting(computer, "missing")


def a_variable_profile(computer):
    return setting(computer, "/home/$USER/profile")


def an_unreadable_profile(computer):
    computer.apply(EXAMPLE)
    computer.write("/etc/dconf/profile/alice", "user-db:user\n").chmod(0o600)
    return as_user(computer, "status"), 1


def a_packages_profile(computer):
    image = computer.root / "image"
    profiles = image / "usr" / "share" / "dconf" / "profile"
    profiles.mkdir(parents=True)
    (profiles / "vendor").write_text("user-db:user\n")
    (image / "etc").mkdir()
    computer.write(POLICY, EXAMPLE)
    done = computer.policy("apply", POLICY, "--root", image)
    shutil.rmtree(image)
    return done, 0


CAUSES = {
    "There is no policy": no_policy,
    "Nothing can be written in “FOLDER”: REASON. The": not_writable,
    "Nothing can be written in “FOLDER”: REASON.": read_only_image,
    "“FILE”: REASON.": the_systems_own,
    "“FILE” is in the way": in_the_way,
    "“FILE” was not put there": another_programs_file,
    "“FILE” is a link, so that something else takes care of it. Add": a_link,
    "“FILE” is a link, so that something else takes care of it. Take": our_line_in_a_link,
    "“FILE” has no line": no_user_database,
    "The readers": a_contradiction,
    "dconf is not installed": no_dconf,
    "The database could not be compiled": not_compiled,
    "Another privacyctl is at work on the policy. Waiting.": another_at_work,
    "The policy was written, but is not": not_in_force,
    "The policy was written, but not everybody": hidden_profile,
    "People cannot read": hidden,
    "Others than the administrator": exposed,
    "The dconf profile “FILE” leaves the policy out. Add": a_profile_without_the_line,
    "The dconf profile “FILE”, which NAMES sets, leaves": a_profile_elsewhere,
    "The dconf profile “FILE” leaves the policy out. Copy": a_packages_profile,
    "There is no dconf profile": a_missing_profile,
    "The dconf profile “FILE” cannot be read": an_unreadable_profile,
    "The dconf profile “FILE”, which NAMES sets, is known": a_variable_profile,
    "FILE:LINE:COLUMN: MISTAKE. It": a_broken_reader,
    "FILE:LINE:COLUMN: MISTAKE. Mend": a_broken_opt_out,
}
# It waits for a minute.
NOT_RUN = "Another privacyctl is at work on the policy and does not come to an end"


@pytest.mark.parametrize("beginning", CAUSES)
def test_every_sentence_on_the_page_is_said_for_its_cause(computer, beginning):
    done, status = CAUSES[beginning](computer)
    assert done.returncode == status, done
    assert sentence(beginning).match(done.stderr), done.stderr


def test_every_sentence_of_the_program_is_on_the_page():
    assert len(SENTENCES) == len(CAUSES) + 1
    (not_run,) = [text for text in SENTENCES if text.startswith(NOT_RUN)]
    assert f'"{not_run}"' in CLI
    # Every message that ends a command or warns is in these two functions, and in `wait`.
    functions = [CLI.split(f"fn {name}(", 1)[1].split("\n}\n", 1)[0] for name in
                 ("sentence", "warn", "wait", "left_out")]  # fmt: skip
    said = re.findall(r'"((?:[^"\\]|\\.)*\.)"', "".join(functions))
    assert len(said) == 29

    def bare(text):
        return re.sub(r"\{\w+\}|\b[A-Z]{3,}\b", "_", text)

    on_page = {bare(text) for text in SENTENCES}
    for text in said:
        text = text.replace("{line}", OUR_LINE).replace("{all}", 'profiles = "all"')
        # Some messages have two parts.
        parts = [page for page in on_page if bare(text).removeprefix("_") in page]
        assert parts, text
