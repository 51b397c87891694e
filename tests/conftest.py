# SPDX-License-Identifier: GPL-3.0-or-later
"""What several files of tests start from."""

import pytest
from support.computer import Computer
from support.crashes import Crashes
from support.harness import Session
from support.names import SCREEN
from support.zeitgeist import Log

MARKERS = (
    "clock: measures how long something takes, so that nothing else may run meanwhile",
    # pytest-xdist's own, so that one test runs where that is not installed.
    "xdist_group(name): tests of one group run one after the other in one process",
    "session(**options): what is special to the sessions of these tests, in support.harness.Session's words",
)


def pytest_configure(config):
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def options(request):
    """What the test or its file says of its sessions."""
    marks = reversed(list(request.node.iter_markers("session")))
    return {name: value for mark in marks for name, value in mark.kwargs.items()}


@pytest.fixture
def session(request):
    """A session of the test's own, without a screen unless it asks for one."""
    with Session(**options(request)) as session:
        yield session


@pytest.fixture
def screen(request):
    """A session of the test's own with a screen."""
    with Session(**{"screen": SCREEN} | options(request)) as session:
        yield session


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
def crashes(tmp_path):
    """A computer's reports, of which there are none yet."""
    return Crashes(tmp_path)


@pytest.fixture
def log(session):
    """What the session’s Zeitgeist has recorded."""
    return Log(session)
