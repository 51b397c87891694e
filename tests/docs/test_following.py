# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs in docs/following-a-choice.md do what the page says.

The tests take each program from the page, build it, and run it in a private session.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from queue import Empty, Queue

import pytest
from support.harness import SOURCE
from support.names import PANEL_SCHEMA

# These tests share fixtures that take long to create.
pytestmark = pytest.mark.xdist_group("following")

PAGE = SOURCE / "docs" / "following-a-choice.md"
CHOICE = "online-search"
LANGUAGES = ["c", "python", "sh", "rust", "js"]
WATCHING = [language for language in LANGUAGES if language != "sh"]
SEND = "send"
SILENT = "do not send"

OTHER_SCHEMA = """
<schemalist>
  <schema id="org.example.Other" path="/org/example/other/">
    <key name="other" type="b"><default>true</default></key>
  </schema>
</schemalist>
"""

OLDER_PANEL = """
<schemalist>
  <schema id="net.launchpad.PrivacyPanel" path="/net/launchpad/PrivacyPanel/">
    <key name="another-choice" type="b"><default>true</default></key>
  </schema>
</schemalist>
"""


def blocks():
    """Every fenced block of the page: its language and its text."""
    return re.findall(r"^```(.*?)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def build(*command, stderr=subprocess.STDOUT, **options):
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        **options,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def build_c(text, folder):
    source = folder / "follow.c"
    source.write_text(text)
    flags = build("pkg-config", "--cflags", "--libs", "gio-2.0").split()
    build("cc", "-Wall", "-Wextra", "-Werror", "-o", folder / "follow-c", source, *flags)
    return [folder / "follow-c"]


def build_rust(text, folder):
    source = folder / "follow.rs"
    source.write_text(text)
    # With the panel's own crate gio: to compile it again takes long.
    cargo = ["cargo", "build", "--locked", "--lib"]
    said = build(*cargo, "--message-format=json", cwd=SOURCE, stderr=None)
    crates = [json.loads(line) for line in said.splitlines()]
    crates = [crate for crate in crates if crate["reason"] == "compiler-artifact"]
    (gio,) = (
        Path(file)
        for crate in crates
        for file in crate["filenames"]
        if crate["target"]["name"] == "gio" and file.endswith(".rlib")
    )
    words = ["--edition=2021", "-Dwarnings", "-L", f"dependency={gio.parent}", "--extern", f"gio={gio}"]
    build("rustc", *words, "-o", folder / "follow-rust", source)
    return [folder / "follow-rust"]


def interpreted(name, *command):
    def write(text, folder):
        assert shutil.which(command[0]), f"{command[0]} is not installed"
        (folder / name).write_text(text)
        return [*command, folder / name]

    return write


BUILD = {
    "c": build_c,
    "python": interpreted("follow.py", "/usr/bin/python3"),
    "sh": interpreted("follow.sh", "sh", "-eu"),
    "rust": build_rust,
    "js": interpreted("follow.js", "gjs", "-m"),
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The command of a language's program; builds the program on first use."""
    texts = dict(blocks())
    commands = {}

    def program(language):
        if language not in commands:
            folder = tmp_path_factory.mktemp(language)
            commands[language] = BUILD[language](texts[language], folder)
        return commands[language]

    return program


def answer(session, command, **options):
    """The output of the program, which must succeed without messages on standard error."""
    done = session.run(*command, **options)
    assert done.returncode == 0, done
    assert done.stderr == "", done
    return done.stdout.removesuffix("\n")


def schemas(folder, text):
    """A data folder with only that schema."""
    below = folder / "glib-2.0" / "schemas"
    below.mkdir(parents=True)
    (below / "test.gschema.xml").write_text(text)
    build("glib-compile-schemas", "--strict", below)
    return {"GSETTINGS_SCHEMA_DIR": str(below), "XDG_DATA_DIRS": str(folder)}


def test_every_block_on_the_page_is_a_program_that_is_run_here():
    assert [language for language, _ in blocks()] == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_sends_nothing_until_the_user_decides(session, programs, language):
    assert answer(session, programs(language)) == SILENT


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_sends_while_the_choice_is_on_and_no_longer(session, programs, language):
    session.ask("privacyctl", "set", CHOICE, "on")
    assert answer(session, programs(language)) == SEND
    session.ask("privacyctl", "set", CHOICE, "off")
    assert answer(session, programs(language)) == SILENT


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_sends_nothing_without_the_schema(session, programs, language, tmp_path):
    # The user decided, and then removed the panel.
    session.ask("privacyctl", "set", CHOICE, "on")
    command = programs(language)
    other = schemas(tmp_path / "other", OTHER_SCHEMA)
    assert answer(session, command, env=other) == SILENT
    nothing = {"GSETTINGS_SCHEMA_DIR": "/nonexistent", "XDG_DATA_DIRS": "/nonexistent"}
    assert answer(session, command, env=nothing) == SILENT


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_sends_nothing_with_a_panel_that_is_older_than_the_choice(
    session, programs, language, tmp_path
):
    older = schemas(tmp_path / "older", OLDER_PANEL)
    assert answer(session, programs(language), env=older) == SILENT


@pytest.mark.parametrize("language", WATCHING)
def test_every_language_ends_rather_than_waits_without_the_schema(
    session, programs, language, tmp_path
):
    other = schemas(tmp_path / "other", OTHER_SCHEMA)
    assert answer(session, [*programs(language), "--watch"], env=other) == SILENT


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_obeys_an_administrators_lock(session, programs, language, tmp_path):
    session.ask("privacyctl", "set", CHOICE, "on")
    policy = tmp_path / "policy.d"
    (policy / "locks").mkdir(parents=True)
    (policy / "choices").write_text(f"[net/launchpad/PrivacyPanel]\n{CHOICE}=false\n")
    (policy / "locks" / "choices").write_text(f"/net/launchpad/PrivacyPanel/{CHOICE}\n")
    session.ask("dconf", "compile", tmp_path / "policy", policy)
    profile = tmp_path / "profile"
    profile.write_text(f"user-db:user\nfile-db:{tmp_path / 'policy'}\n")
    locked = {"DCONF_PROFILE": str(profile)}
    assert answer(session, programs(language), env=locked) == SILENT


@pytest.mark.parametrize("language", WATCHING)
def test_every_language_is_told_when_another_process_changes_the_choice(
    session, programs, language
):
    lines = Queue()
    program = session.spawn(
        [str(word) for word in programs(language)] + ["--watch"],
        stdout=subprocess.PIPE,
        text=True,
    )

    def read():
        for line in program.stdout:
            lines.put(line.removesuffix("\n"))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()

    def next_line():
        try:
            return lines.get(timeout=120)
        except Empty:
            raise AssertionError("nothing was printed") from None

    def changes(before, after):
        """The program's next line that differs. dconf tells of a change twice if the change comes while
        the program begins to listen (dconf, engine/dconf-engine.c, dconf_engine_watch_established())."""
        while (line := next_line()) == before:
            pass
        assert line == after

    try:
        assert next_line() == SILENT
        session.ask("privacyctl", "set", CHOICE, "on")
        changes(SILENT, SEND)
        session.set(PANEL_SCHEMA, CHOICE, "false")
        changes(SEND, SILENT)
    finally:
        os.killpg(program.pid, signal.SIGTERM)
        program.wait(60)
        reader.join(10)
        program.stdout.close()


def test_the_shell_asks_privacyctl_where_there_is_no_gsettings(session, programs, tmp_path):
    shell, *rest = programs("sh")
    command = [shutil.which(shell), *rest]
    privacyctl = tmp_path / "privacyctl"
    privacyctl.mkdir()
    where = shutil.which("privacyctl", path=session.env["PATH"])
    (privacyctl / "privacyctl").symlink_to(where)
    alone = {"PATH": str(privacyctl)}
    neither = {"PATH": "/nonexistent"}
    other = schemas(tmp_path / "other", OTHER_SCHEMA)

    assert answer(session, command, env=alone) == SILENT
    assert answer(session, command, env=neither) == SILENT
    session.ask("privacyctl", "set", CHOICE, "on")
    assert answer(session, command, env=alone) == SEND
    assert answer(session, command, env=alone | other) == SILENT
    assert answer(session, command, env=neither) == SILENT


def test_is_on_is_no_permission_to_send_when_the_panel_is_not_installed(session, tmp_path):
    # As the page says of `is-on`: an unknown state does not count as off.
    other = schemas(tmp_path / "other", OTHER_SCHEMA)
    assert session.ctl("is-on", CHOICE).returncode == 1
    assert session.ctl("is-on", CHOICE, env=other).returncode == 0
