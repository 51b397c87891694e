# SPDX-License-Identifier: GPL-3.0-or-later
"""The built programs contain neither symbols nor paths of the build computer."""

import os
import subprocess
from pathlib import Path

import pytest
from support.harness import INSTALLED, SOURCE

PROGRAMS = ["bin/privacyctl", "bin/privacy-panel", "libexec/privacy-panel-search-provider"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_has_no_symbols(program):
    symbols = subprocess.run(["nm", INSTALLED / program], capture_output=True, text=True)
    assert (symbols.stdout, "no symbols" in symbols.stderr) == ("", True), symbols.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_names_no_folder_of_the_computer_that_it_was_built_on(program):
    rust = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True)
    cargo = os.environ.get("CARGO_HOME", Path.home() / ".cargo")
    # The programs need the path of the translations; in a test tree, it is below the sources.
    # The installed tree's own folder of data, with the translations, is where it looks.
    found = (INSTALLED / program).read_bytes().replace(os.fsencode(INSTALLED / "share"), b"")
    for folder in (SOURCE, cargo, rust.stdout.strip()):
        assert os.fsencode(folder) not in found, folder
