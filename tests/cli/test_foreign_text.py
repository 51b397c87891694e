# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and answers of other programs: they cannot control a terminal or change the direction of
a sentence, and long ones are cut."""

import json
import os
import pty
import subprocess
import unicodedata

import pytest
from support.harness import INSTALLED, Session, make_locale
from support.names import UNITY_KEY, UNITY_SCHEMA
from support.screen import Panel

# Characters that a terminal obeys, that change the order of letters, or that are invisible.
HOSTILE = "\x1b]0;pwned\x07\x1b[2J\x9b1m\x7f\xad\u061c\u200b\u200f\u202e\u2066\u2068\ufeff\ufff9\U000e0041"

# A service that answers every call with this text, under the names of other services.
SQUATTER = """
import sys
from gi.repository import Gio, GLib
words = open(sys.argv[1], newline="").read()
names = {
    Gio.BusType.SESSION: ("org.gnome.zeitgeist.Engine",),
    Gio.BusType.SYSTEM: ("com.ubuntu.WhoopsiePreferences",),
}
flags = {name: GLib.Variant("b", True) for name in
         ("ReportCrashes", "ReportMetrics", "AutomaticallyReportCrashes")}
template = ["", "", "", "", words, ""]
answers = {
    "GetTemplates": GLib.Variant("(a{s(asaasay)})", ({words: (template, [], [])},)),
    "GetIdentifier": GLib.Variant("(s)", (words[:900],)),
    "GetAll": GLib.Variant("(a{sv})", (flags,)),
}
def answer(bus, message, incoming):
    if not incoming or message.get_message_type() != Gio.DBusMessageType.METHOD_CALL:
        return message
    member = message.get_member()
    if member in answers:
        reply = Gio.DBusMessage.new_method_reply(message)
        reply.set_body(answers[member])
    else:
        reply = Gio.DBusMessage.new_method_error_literal(message, "org.example.Error", words)
    bus.send_message(reply, Gio.DBusSendMessageFlags.NONE)
buses = []
for kind, wanted in names.items():
    bus = Gio.bus_get_sync(kind)
    buses.append(bus)
    bus.add_filter(answer)
    for name in wanted:
        bus.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                      "RequestName", GLib.Variant("(su)", (name, 4)), None, 0, -1, None)
print("ready", flush=True)
GLib.MainLoop().run()
"""

COMMANDS = [
    ["status"],
    ["status", "--json"],
    ["set", "error-reports", "off"],
    ["set", "activity-history", "off"],
    ["mode", "error-reports"],
    ["mode", "error-reports", "ask"],
    ["identifier"],
    ["identifier", "--json"],
    ["readers"],
    ["readers", "--json"],
    ["history"],
    ["history", "--json"],
    ["history", "clear", "--all", "--yes"],
    ["history", "never-record", "list"],
    ["history", "never-record", "list", "--json"],
    ["history", "never-record", "add", "folder", "/x"],
]


@pytest.fixture
def session():
    with Session(system_bus=True) as session:
        yield session


def squat(session, words):
    folder = session.root / "data" / "zeitgeist"
    folder.mkdir()
    (folder / "activity.sqlite").write_text("x")
    (session.root / "words").write_text(words)
    command = ["/usr/bin/python3", "-c", SQUATTER, str(session.root / "words")]
    child = session.spawn(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"


def said(done):
    return done.stdout + done.stderr


def assert_harmless(text):
    """Allows line ends, since they are layout. Other characters must be visible and in order."""
    bad = {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")}
    assert not bad, f"{bad!r} in {text[:500]!r}"


def test_answers_of_services_do_not_speak_to_the_terminal(session):
    squat(session, HOSTILE + "evil")
    shown = 0
    for command in COMMANDS:
        text = said(session.ctl(*command))
        assert_harmless(text)
        shown += "evil" in text
    # The answers are shown, not omitted.
    assert shown >= 5


def test_an_answer_of_any_length_is_printed_in_part_and_ends_no_program(session):
    squat(session, "x" * 200_000)
    for command in COMMANDS:
        done = session.ctl(*command)
        assert done.returncode in (0, 1, 3, 4), said(done)
        assert "panicked" not in done.stderr
        if "--json" not in command:
            assert len(said(done)) < 50_000


def test_names_of_files_and_arguments_do_not_speak_to_the_terminal(session):
    name = HOSTILE.replace("\0", "") + "\nname"
    data = session.root / "data" / name
    data.mkdir()
    (data / "recently-used.xbel").write_text("broken")
    env = {"XDG_DATA_HOME": str(data)}
    session.add_reader("x\x1b[2J\u202ey", "broken")
    done = session.ctl("history", env=env)
    line = next(line for line in done.stdout.splitlines() if "recently-used.xbel" in line)
    assert "\\u{1b}[2J" in line and "\\nname" in line and "cannot be understood" in line
    assert_harmless(said(done))
    for command in (
        ["status"],
        ["readers"],
        ["get", HOSTILE],
        [HOSTILE],
        ["reports", "show", HOSTILE],
        ["reports", "show", "--field", HOSTILE, HOSTILE],
        ["history", "clear", "--since", HOSTILE],
        ["policy", "check", f"/{HOSTILE}"],
        ["policy", "status", "--root", f"/{HOSTILE}"],
    ):
        assert_harmless(said(session.ctl(*command)))


def test_json_holds_the_names_as_they_are_and_does_not_speak_to_a_terminal(session):
    words = HOSTILE + "\u200d\ufe0f evil"
    squat(session, words)
    text = session.ask("privacyctl", "history", "never-record", "list", "--json")
    assert text.isascii() and text.isprintable()
    values = [rule["value"] for rule in json.loads(text)["never_record"]]
    assert words in values


def test_a_name_in_the_other_direction_keeps_to_itself(session):
    folder = session.root / "data" / "שלום"
    folder.mkdir()
    (folder / "recently-used.xbel").write_text("broken")
    text = session.ask("privacyctl", "history", env={"XDG_DATA_HOME": str(folder)})
    assert f"“\u2068{folder}/recently-used.xbel\u2069” cannot be understood" in text
    # Nothing is added to text in one direction.
    (session.root / "data" / "recently-used.xbel").write_text("broken")
    assert_harmless(session.ask("privacyctl", "history"))


def test_a_path_does_not_fall_apart_in_a_sentence_from_right_to_left(session):
    hebrew = make_locale("he_IL")
    (session.root / "data" / "recently-used.xbel").write_text("broken")
    text = session.ask("privacyctl", "history", env=hebrew)
    assert f"\u2068{session.root}/data/recently-used.xbel\u2069" in text


@pytest.mark.parametrize(
    ("answer", "cleared"), [("y\n", True), ("YES\n", True), ("yikes\n", False), ("\n", False), ("\4", False)]
)
def test_only_a_clear_yes_clears_history(session, answer, cleared):
    history = session.root / "cache" / "xfce4" / "xfce4-appfinder"
    history.mkdir(parents=True)
    (history / "history").write_text("ls\nmake\n")
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        ["privacyctl", "history", "clear", "--all"],
        env=session.env,
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    asked = ""
    while "[y/N] " not in asked:
        asked += os.read(ours, 1000).decode()
    assert "Remove these for good? [y/N] " in asked
    os.write(ours, answer.encode())
    assert child.wait(20) == (0 if cleared else 1)
    assert (history / "history").exists() != cleared
    os.close(ours)
    os.close(theirs)


def test_names_of_files_in_an_image_do_not_speak_to_the_terminal(computer, tmp_path):
    readers = tmp_path / "usr/share/privacy-panel/readers.d"
    sources = tmp_path / "etc/dconf/db/privacy_panel.d"
    for folder in (readers, sources, tmp_path / "etc/privacy-panel"):
        folder.mkdir(parents=True)
    policy = '[choices.online-search]\nstate = "off"\n'
    (tmp_path / "etc/privacy-panel/policy.toml").write_text(policy)
    (readers / "x\x1b[2J\u202ey.toml").write_text("broken")
    done = computer.policy("apply", "--root", str(tmp_path))
    assert "x\\u{1b}[2J\\u{202e}y.toml:1:7: key with no value" in done.stderr
    assert_harmless(said(done))
    (sources / "y\x1b[31mz").touch()
    done = computer.policy("apply", "--root", str(tmp_path))
    assert "y\\u{1b}[31mz” was not put there" in done.stderr
    assert_harmless(said(done))


def test_a_long_list_in_another_database_is_shown_in_part(computer):
    names = [f"org.example.provider{number}.desktop" for number in range(3000)]
    computer.apply('[choices.online-search]\nstate = "off"\nlocked = true\n')
    computer.write(
        "/etc/dconf/db/other.d/k",
        f"[org/gnome/desktop/search-providers]\ndisabled={names!r}\n",
    )
    computer.set_profile("user-db:user\nsystem-db:privacy_panel\nsystem-db:other\n")
    computer.session.ask("dconf", "update")
    done = computer.policy("status")
    assert done.returncode in (0, 1), done.stderr
    assert len(done.stdout) < 10_000 and "panicked" not in done.stderr
    assert "org.example.provider0.desktop" in done.stdout and "…" in done.stdout


def test_a_contact_that_is_no_address_of_a_page_or_of_mail_is_not_offered(computer):
    for contact, kept in (
        ("https://it.example.edu/privacy", True),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("https://it.example.edu/\u202e", False),
    ):
        computer.write(
            "/etc/dconf/db/other.d/k",
            "[net/launchpad/PrivacyPanel/policy]\norganisation-name='Other'\n"
            f"organisation-contact='{contact}'\n"
            "[net/launchpad/PrivacyPanel]\nonline-search=false\n",
        )
        computer.set_profile("user-db:user\nsystem-db:other\n")
        computer.session.ask("dconf", "update")
        found = computer.session.status("online-search")["organisation"]
        assert found == {"name": "Other", "contact": contact if kept else None}


def test_what_the_panel_shows_of_others_is_seen_as_it_is():
    with Session(screen="800x1200x24", system_bus=True) as session:
        dash = (INSTALLED / "share/privacy-panel/readers.d/unity-dash.toml").read_text()
        session.add_reader("mine", dash.replace("Unity Dash", "<b>&amp; שלום"))
        squat(session, f"<b>&{HOSTILE}evil")
        with Panel(session, "--choice=online-search") as panel:
            name = "<b>&amp; שלום"
            panel.wait("no markup", lambda: panel.find(role="list item", name=name))
            session.set(UNITY_SCHEMA, UNITY_KEY, "all")
            # The name does not change the direction of the text that follows.
            panel.wait("a sentence", lambda: panel.says(f"\u2068{name}\u2069"))
            for node in panel.tree():
                text = node["name"] + node["description"]
                assert text.count("\u2068") == text.count("\u2069")
                assert_harmless(text.replace("\u2068", "").replace("\u2069", ""))
