# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's command line in a closed network: it sends which commands are run only while the choice is on."""

import pytest
from support.debian_13 import Debian13, install, turn
from support.environment import generated
from support.wire import ClosedNetwork

CHOICE = "usage-statistics"
READER = "azure-cli"
SERVER = "dc.services.visualstudio.com"
REQUEST = f"^POST {SERVER} "
COMMAND = ["az", "cloud", "list", "--query", "[0].name", "--output", "tsv"]


def run_after_login(session, network, folder):
    """Runs a command as after the next login."""
    env = {"AZURE_CONFIG_DIR": str(folder)} | generated(session)
    assert network.wait(Debian13().start(session, network, *COMMAND, **env)) == 0


@Debian13.GROUP
@pytest.mark.proof("azure-cli", "traffic")
def test_azure_sends_which_commands_are_run_only_while_the_choice_is_on(session):
    install(session, READER)
    network = ClosedNetwork(session)
    # It writes what it will send in this folder while the command runs, and sends it in another process.
    # A new home each time: it sends something every ten minutes at most.
    for number, on in enumerate((True, False, True, False)):
        turn(session, CHOICE, READER, on)
        network.forget()
        folder = session.root / f"azure-{number}"
        run_after_login(session, network, folder)
        assert (folder / "telemetry").exists() == on
        if on:
            network.wait_for(REQUEST)
            assert "cloud list" in network.bodies(REQUEST)[0]
        else:
            assert not network.seen(SERVER)
