# SPDX-License-Identifier: GPL-3.0-or-later
"""What several files of tests start from."""

import pytest
from support.computer import Computer
from support.zeitgeist import Log


@pytest.fixture(scope="module")
def shared():
    """One computer for a file of tests; it is started once."""
    with Computer() as computer:
        yield computer


@pytest.fixture
def computer(shared):
    """A computer without a screen on which nobody has decided anything, without a folder of
    dconf's."""
    shared.clean()
    yield shared


@pytest.fixture
def log(session):
    """What the session’s Zeitgeist has recorded."""
    return Log(session)
