# SPDX-License-Identifier: GPL-3.0-or-later
"""The libraries that the built programs load."""

import subprocess

import pytest
from support.harness import INSTALLED


@pytest.mark.parametrize(
    ("library", "program"),
    [
        ("libgtk-4", "privacy-panel"),
        # Loading it takes a seventh of the time of `privacyctl get`.
        ("libsqlite3", "privacy-panel-zeitgeist"),
    ],
)
def test_only_one_program_loads(library, program):
    programs = [file for folder in ("bin", "libexec") for file in (INSTALLED / folder).iterdir()]
    loads = {
        file.name
        for file in programs
        if library in subprocess.run(["ldd", file], capture_output=True, text=True, check=True).stdout
    }
    assert loads == {program}
