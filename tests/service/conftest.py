# SPDX-License-Identifier: GPL-3.0-or-later
"""Computers with the system service, by what polkit's rule says to the user."""

import pytest
from support.everyone import ALLOWED, OFF, Everyone


@pytest.fixture
def allowed():
    """The user may turn choices off and on."""
    with Everyone(ALLOWED) as computer:
        yield computer


@pytest.fixture
def may_turn_off():
    """The user may turn choices off. For on, an administrator is asked."""
    with Everyone({OFF: "YES"}) as computer:
        yield computer
