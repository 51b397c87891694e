# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/readers.md is true: its files load, and its mistakes give the messages that it says."""

import re
import subprocess

import pytest
from support.harness import SOURCE

PAGE = (SOURCE / "docs" / "readers.md").read_text()
BLOCKS = re.findall(r"^```(.*?)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILES = [text for kind, text in BLOCKS if kind == "toml"]
# Each broken file, and the message below it.
BROKEN = [
    (text, BLOCKS[at + 1]) for at, (kind, text) in enumerate(BLOCKS) if kind == "toml broken"
]
# The rows of the table of types: the type, on and off.
TYPES = re.findall(r"^\| (`\w+`|an enumeration|flags) \| `([^`]+)` \| `([^`]+)` \|$", PAGE, re.M)


def test_every_block_on_the_page_is_a_file_or_a_message():
    assert {kind for kind, _ in BLOCKS} == {"toml", "toml broken", "text"}
    assert len(FILES) == 13
    assert len(BROKEN) == 3
    assert len(TYPES) == 13


def test_every_file_on_the_page_loads_without_a_mistake(session):
    for number, text in enumerate(FILES):
        session.add_reader(f"page-{number}", text)
    done = session.ctl("readers")
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.split()[0] for line in done.stdout.splitlines()]
    for number in range(len(FILES)):
        assert f"page-{number}" in listed


@pytest.mark.parametrize("text, message", BROKEN)
def test_every_broken_file_on_the_page_is_reported_as_the_page_says(session, text, message):
    session.add_reader("example", text)
    done = session.ctl("readers")
    assert done.returncode == 2
    said = done.stderr.replace(str(session.config), "~/.config")
    assert ("text", said) == message


def schema_key(kind, on, off):
    """A key of that type that is off by default, and the text that it needs beside the schema."""
    default = f"<default>{off}</default>"
    nicks = "".join(
        f'<value nick="{nick}" value="{2**at}"/>'
        for at, nick in enumerate(re.findall(r"'(\w+)'", on + off))
    )
    match kind:
        case "an enumeration":
            return f'<enum id="org.example.T">{nicks}</enum>', f'enum="org.example.T">{default}'
        case "flags":
            return f'<flags id="org.example.T">{nicks}</flags>', f'flags="org.example.T">{default}'
        case _:
            return "", f'type="{kind.strip("`")}">{default}'


@pytest.mark.parametrize("kind, on, off", TYPES)
def test_a_key_of_every_type_on_the_page_is_read_and_written(session, kind, on, off):
    beside, key = schema_key(kind, on, off)
    schemas = session.share / "glib-2.0" / "schemas"
    schemas.mkdir(parents=True)
    (schemas / "test.gschema.xml").write_text(
        f'<schemalist>{beside}<schema id="org.example.Types" path="/org/example/types/">'
        f'<key name="key" {key}</key></schema></schemalist>'
    )
    subprocess.run(["glib-compile-schemas", "--strict", schemas], check=True)
    session.add_reader(
        "types",
        'name = "Types"\nchoice = "error-reports"\n[gsettings]\nschema = "org.example.Types"\n'
        f'path = "/org/example/types/"\nkey = "key"\non = "{on}"\noff = "{off}"\n',
    )

    def state():
        return session.reader("error-reports", "types")["state"]

    assert state() == "off"
    session.ask("privacyctl", "set", "error-reports", "on")
    assert state() == "on"
    session.ask("privacyctl", "set", "error-reports", "off")
    assert state() == "off"


def test_the_last_example_gives_a_name_to_a_program_that_reads_the_panels_own_key(session):
    session.add_reader("search", FILES[-1].replace("/usr/bin/example-search", "/bin/sh"))
    session.ask("privacyctl", "set", "online-search", "on")
    reader = session.reader("online-search", "search")
    assert (reader["installed"], reader["program"], reader["state"]) == (True, True, "on")
    session.ask("privacyctl", "reset", "online-search")
    assert session.status("online-search")["state"] == "off"
