# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that several test files share."""

import pytest
from support.computer import Computer
from support.crashes import Crashes
from support.harness import Session
from support.names import SCREEN
from support.zeitgeist import Log

MARKERS = (
    "clock: measures how long something takes, so nothing else may run at the same time",
    # The mark of pytest-xdist, so that one test also runs without it.
    "xdist_group(name): tests of one group run one after the other in one process",
    "proof(reader, how): shows with the program itself, or on the network, that it obeys its setting",
    "session(**options): options of support.harness.Session for the sessions of these tests",
)


def pytest_configure(config):
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def options(request):
    """The options for sessions that the test or its file gives."""
    marks = reversed(list(request.node.iter_markers("session")))
    return {name: value for mark in marks for name, value in mark.kwargs.items()}


@pytest.fixture
def session(request):
    """A private session for the test, without a screen unless the test asks for one."""
    with Session(**options(request)) as session:
        yield session


@pytest.fixture
def screen(request):
    """A private session for the test, with a screen."""
    with Session(**{"screen": SCREEN} | options(request)) as session:
        yield session


@pytest.fixture(scope="module")
def shared():
    """One computer for all tests of a file; it is started once."""
    with Computer() as computer:
        yield computer


@pytest.fixture
def computer(shared):
    """A computer without a screen, without any decisions, and without dconf's folder."""
    shared.clean()
    yield shared


@pytest.fixture
def crashes(tmp_path):
    """The reports of a computer; there are none yet."""
    return Crashes(tmp_path)


@pytest.fixture
def log(session):
    """The events that the session’s Zeitgeist has recorded."""
    return Log(session)
