# SPDX-License-Identifier: GPL-3.0-or-later
"""Netdata in a closed network: it tells its makers that it has started while the choice is on."""

import os
import signal

import pytest
from support.everyone import CHOICE, NETDATA, OFF, ON, PERSON, Everyone
from support.harness import wait_for
from support.wire import ClosedNetwork

REQUEST = "^POST posthog.netdata.cloud /capture/$"
# Its state in the test's folder, and no plugin: how the computer is doing has no part here.
CONFIGURATION = """[global]
    run as user = root
[directories]
    cache = {root}/netdata
    lib = {root}/netdata
    log = {root}/netdata
[plugins]
    enable running new plugins = no
    proc = no
    diskspace = no
    cgroups = no
    tc = no
    idlejitter = no
    statsd = no
    timex = no
[web]
    mode = none
"""

class Netdata:
    """The real program."""

    def __init__(self, network, folder):
        self.network = network
        self.log, self.pid = folder / "error.log", folder / "pid"

    def start(self):
        """Starts it, until it does nothing more than to wait for signals."""
        self.pid.unlink(missing_ok=True)
        self.log.unlink(missing_ok=True)
        number = self.network.start("netdata", "-D", "-P", self.pid)
        wait_for("its start", lambda: self.says("initialization completed"), seconds=60)
        # It has sent what it sends by then.
        wait_for("its answer", lambda: self.signal(signal.SIGHUP) or self.says("SIGHUP"), seconds=60)
        # Told to end, it would take its time.
        self.signal(signal.SIGKILL)
        self.network.wait(number)

    def signal(self, number):
        os.kill(int(self.pid.read_text()), number)

    def says(self, words):
        return self.log.exists() and words in self.log.read_text()


@pytest.mark.proof("netdata", "traffic")
def test_netdata_sends_something_when_it_starts_only_while_the_choice_is_on(session):
    folder = session.root / "netdata"
    folder.mkdir()
    text = CONFIGURATION.format(root=session.root)
    with Everyone({OFF: "YES", ON: "YES"}, {"/etc/netdata/netdata.conf": text}) as computer:
        network = ClosedNetwork(session, [(computer.root / "etc", "/etc")])
        netdata = Netdata(network, folder)
        for on in (True, False, True):
            done = computer.ctl("set", CHOICE, "on" if on else "off", uid=PERSON)
            assert done.returncode == 0, done
            assert computer.file(NETDATA).exists() != on
            network.forget()
            netdata.start()
            assert bool(network.seen(REQUEST)) == on
            assert bool(network.seen("^NAME posthog.netdata.cloud$")) == on
        assert '"action": "START"' in network.bodies(REQUEST)[0]
