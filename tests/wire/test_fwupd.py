# SPDX-License-Identifier: GPL-3.0-or-later
"""fwupd in a closed network: the report of an update goes to the vendors' service while the choice is on.
While it is off, fwupd asks first, and sends nothing without a yes."""

import shlex
import sqlite3

import pytest
from support.everyone import CHOICE, LVFS, OFF, ON, PERSON, Everyone
from support.harness import wait_for
from support.wire import ClosedNetwork

DAEMON = "/usr/libexec/fwupd/fwupd"
REPORT = "^POST fwupd.org /lvfs/firmware/report$"
UPDATE = """
INSERT INTO history (device_id, update_state, filename, display_name, plugin, device_created,
    device_modified, checksum, flags, guid_default, version_old, version_new, release_id)
VALUES ('0000000000000000000000000000000000000000', 2, 'update.cab', 'Device', 'test', 1,
    2, 'beefdead', 0, '2082b5e0-7a64-478a-b1b2-e3404fab6dad', '1', '2', '123')
"""


class Fwupd:
    """The daemon, as it is after an update of a device, and its program for the user."""

    def __init__(self, session, computer):
        self.state = session.root / "fwupd"
        self.state.mkdir()
        binds = [(computer.root / "etc", "/etc"), (self.state, "/var/lib/fwupd")]
        self.network = ClosedNetwork(session, binds)
        self.output = session.root / "output"
        self.network.start(DAEMON, STATE_DIRECTORY=str(self.state))
        wait_for("the daemon", lambda: "o history" in self.ask("get-history"), seconds=120)

    def ask(self, *arguments):
        """What fwupdmgr prints while it gets a no to each question."""
        command = f"yes n | fwupdmgr {shlex.join(arguments)} >{shlex.quote(str(self.output))} 2>&1"
        self.network.run("sh", "-c", command, seconds=120)
        return self.output.read_text()

    def updated(self):
        """A device was updated, and the report is not sent yet."""
        with sqlite3.connect(self.state / "pending.db") as database:
            database.execute("DELETE FROM history")
            database.execute(UPDATE)

    def follows(self, on):
        """The running daemon reads a changed file again."""
        words = "Automatic Reporting: true"
        wait_for(
            f"automatic reports: {on}", lambda: (words in self.ask("get-remotes")) == on, seconds=120
        )


@pytest.mark.session(system_bus=True)
@pytest.mark.proof("fwupd", "traffic")
def test_fwupd_sends_the_report_of_an_update_without_asking_only_while_the_choice_is_on(session):
    shipped = LVFS.read_text()
    assert "AutomaticReports=false" in shipped
    with Everyone({OFF: "YES", ON: "YES"}, {LVFS: shipped}) as computer:
        fwupd = Fwupd(session, computer)
        for on in (True, False, True):
            done = computer.ctl("set", CHOICE, "on" if on else "off", uid=PERSON)
            assert done.returncode == 0, done
            assert f"AutomaticReports={str(on).lower()}\n" in computer.read(LVFS)
            fwupd.follows(on)
            fwupd.updated()
            fwupd.network.forget()
            output = fwupd.ask("report-history", "--force")
            assert ("Proceed with upload?" in output) == (not on)
            assert bool(fwupd.network.seen(REPORT)) == on
            assert bool(fwupd.network.seen("^NAME fwupd.org$")) == on
        (report,) = fwupd.network.bodies(REPORT)
        assert '"MachineId"' in report
