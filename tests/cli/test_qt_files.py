# SPDX-License-Identifier: GPL-3.0-or-later
"""A value in a file of Qt's QSettings changes as Qt itself reads it, and everything else stays."""

import json

CHOICE = "usage-statistics"
READER = "kde-app-feedback"

# Reads or writes a file, in a process of its own.
QT = """
import json, sys
from PyQt5.QtCore import QByteArray, QSettings, QSize
settings = QSettings(sys.argv[1], QSettings.IniFormat)
if len(sys.argv) > 2:
    for key, value in json.loads(sys.argv[2]).items():
        settings.setValue(key, value)
    settings.setValue("bytes", QByteArray(b"\\0\\x01a"))
    settings.setValue("Window/size", QSize(3, 4))
    settings.sync()
print(json.dumps({key: repr(settings.value(key)) for key in settings.allKeys()}))
"""
VALUES = {
    "plain": "a",
    "general/x": "1",
    "a b/c%d": " x ",
    "ä/ö": "ü;\n\t\"\\",
    "list/all": ["a, b", "c", ""],
    "UserFeedback/CompletedSurveys": ["{1}"],
    "UserFeedback/ApplicationStartCount": 3,
    "UserFeedback/Deep/StatisticsCollectionMode": "other",
}


def qt(session, *arguments):
    return json.loads(session.ask("/usr/bin/python3", "-c", QT, *map(str, arguments)))


def test_qt_reads_the_new_value_and_all_others_as_before(session):
    session.unmask(READER)
    file = session.config / "KDE" / "UserFeedback.org.kde.kate.conf"
    file.parent.mkdir()
    qt(session, file, json.dumps(VALUES))
    before = qt(session, file)
    text = file.read_bytes()
    key = "UserFeedback/StatisticsCollectionMode"
    for state, value in (("on", "BasicSystemInformation"), ("off", "NoTelemetry"), ("on", "BasicSystemInformation")):
        assert session.ctl("set", CHOICE, state, "--only-me").returncode == 0
        assert session.reader(CHOICE, READER)["state"] == state
        assert qt(session, file) == before | {key: repr(value)}
        changed = file.read_bytes()
        # Qt sorts the keys when it writes the file itself.
        qt(session, file, json.dumps({key: value}))
        assert session.reader(CHOICE, READER)["state"] == state, "what Qt wrote"
        file.write_bytes(changed)
    assert session.ctl("reset", CHOICE).returncode == 0
    assert file.read_bytes() == text and session.reader(CHOICE, READER)["state"] == "off"


def test_any_level_of_kdes_feedback_but_none_is_on(session):
    session.unmask(READER)
    file = session.config / "kde.org" / "UserFeedback.org.kde.dolphin.conf"
    assert session.reader(CHOICE, READER).get("obeyed") is False, "it was never started"
    file.parent.mkdir()
    for mode, state in (
        ("DetailedUsageStatistics", "on"),
        ("NoTelemetry", "off"),
        ("BasicUsageStatistics", "on"),
        ("a;b", "mixed"),
    ):
        file.write_text(f"[UserFeedback]\nStatisticsCollectionMode={mode}\n")
        assert session.reader(CHOICE, READER)["state"] == state, mode


def test_the_feedback_file_of_newer_kde_programs_counts_where_they_move_it(session):
    session.unmask(READER)
    folder = session.root / "home" / ".local" / "state"
    folder.mkdir(parents=True)
    file = folder / "UserFeedback.org.kde.kate"
    file.write_text("[UserFeedback]\nStatisticsCollectionMode=DetailedUsageStatistics\n")
    assert session.reader(CHOICE, READER)["state"] == "on"
    assert session.ctl("set", CHOICE, "off", "--only-me").returncode == 0
    assert file.read_text() == "[UserFeedback]\nStatisticsCollectionMode=NoTelemetry\n"
    assert session.reader(CHOICE, READER)["state"] == "off"
