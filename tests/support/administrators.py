# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/administrators.md as tests read it: its blocks of code, its tables, and its example policies."""

import re
import subprocess

from support.computer import NOBODY
from support.harness import INSTALLED, SOURCE

PAGE = (SOURCE / "docs" / "administrators.md").read_text()
BLOCKS = re.findall(r"^```(.*?)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(kind):
    return [text for found, text in BLOCKS if found == kind]


def block(kind):
    (text,) = blocks(kind)
    return text


# The complete example and the small one.
EXAMPLE, SMALL = blocks("toml")


def table(heading):
    """The rows of the table that begins with this row, without the backquotes of code."""
    rows = PAGE.split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def as_user(computer, *arguments):
    """Runs privacyctl policy as a user without any rights to write."""
    # Other users may not be able to enter the folder where it is installed.
    copy = computer.root / "copy"
    if not copy.exists():
        for name in ("bin/privacyctl", "share/privacy-panel", "share/glib-2.0"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-r", INSTALLED / name, copy / name], check=True)
        computer.root.chmod(0o755)
    program = copy / "bin" / "privacyctl"
    return computer.session.run(*NOBODY, program, "policy", *arguments, env={"TMPDIR": "/tmp"})


def last(done):
    assert done.returncode == 0, done
    return done.stdout.splitlines()[-1]
