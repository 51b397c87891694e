# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders of a session that are on a slow disk."""

import contextlib
import subprocess

from support.harness import SUPPORT, wait_for


@contextlib.contextmanager
def slow_folders(session, *names, milliseconds=50, stuck=""):
    """Lets each file in some of the session's folders take a while to be opened. Files whose names begin
    with `stuck` wait until the function is called that this yields."""
    servers = []
    gate = session.root / "gate"
    try:
        for name in names:
            place = session.root / name
            real = place.rename(place.with_suffix(".real"))
            place.mkdir()
            program = SUPPORT / "slow_home.py"
            command = ["/usr/bin/python3", program, real, place, milliseconds, stuck, gate]
            servers.append((place, session.spawn([str(word) for word in command])))
            wait_for(f"{name} is slow", place.is_mount)
        yield gate.touch
    finally:
        gate.touch()
        for place, server in servers:
            subprocess.run(["umount", "--lazy", place], check=False)
            server.terminate()
