# SPDX-License-Identifier: GPL-3.0-or-later
"""The index of reader files makes the programs fast, and never changes an answer."""

import os

READER = """
name = "Example"
choice = "error-reports"

[gsettings]
schema = "org.gnome.desktop.privacy"
path = "/org/gnome/desktop/privacy/"
key = "report-technical-problems"
on = "ON"
off = "OFF"
"""


def test_an_index_that_is_damaged_or_outdated_or_of_another_user_changes_no_answer(session):
    folder = session.share / "privacy-panel" / "readers.d"
    session.add_reader("example", READER.replace("ON", "true").replace("OFF", "false"), session.share)
    index = folder.parent / "readers.index"

    def answers():
        return session.ask("privacyctl", "get", "error-reports"), session.ask("privacyctl", "status", "--json")

    plain = answers()
    session.ask("privacyctl", "readers", "--write-index", folder)
    written = index.read_bytes()
    assert answers() == plain
    for damaged in (b"", written[: len(written) // 2], b"\xff" * len(written), written[::-1]):
        index.write_bytes(damaged)
        assert answers() == plain
    index.write_bytes(written)
    index.chmod(0o666)
    assert answers() == plain
    index.chmod(0o644)
    # The file changes, and keeps its size and its folder's time.
    times = folder.stat()
    session.add_reader("example", READER.replace("ON", "false").replace("OFF", "true "), session.share)
    os.utime(folder, ns=(times.st_atime_ns, times.st_mtime_ns))
    changed = answers()
    assert changed != plain
    index.unlink()
    assert answers() == changed
