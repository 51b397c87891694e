# SPDX-License-Identifier: GPL-3.0-or-later
"""A session's real Zeitgeist, called as other programs call it.

A separate process makes each call, since a process keeps the bus with which it was started.
"""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from support.harness import wait_for
from support.whoopsie import BEHAVIOURS, MOCK

CLIENT = """
import json, sys, time
import dbus
from zeitgeist.client import ZeitgeistDBusInterface
from zeitgeist.datamodel import Event, Interpretation, Manifestation

command, arguments = json.load(sys.stdin)
log = ZeitgeistDBusInterface()
rules = dbus.Interface(
    dbus.SessionBus().get_object("org.gnome.zeitgeist.Engine", "/org/gnome/zeitgeist/blacklist"),
    "org.gnome.zeitgeist.Blacklist",
)

def event(age, file, kind, actor):
    file = file or f"/home/x/folder{age % 50}/file{age}.txt"
    return Event.new_for_values(
        timestamp=int(time.time() * 1000) - age * 60000 - 5000,
        interpretation=Interpretation.ACCESS_EVENT.uri,
        manifestation=Manifestation.USER_ACTIVITY.uri,
        actor="application://" + actor,
        subject_uri="file://" + file.replace(" ", "%20"),
        subject_origin="file://" + file.rpartition("/")[0],
        subject_interpretation=getattr(Interpretation, kind).uri,
        subject_manifestation=Manifestation.FILE_DATA_OBJECT.uri,
        subject_mimetype="text/plain",
        subject_text=file.rpartition("/")[2],
    )

if command == "record":
    ages = arguments.pop("ages")
    for begin in range(0, len(ages), 1000):
        log.InsertEvents([event(age, **arguments) for age in ages[begin:begin + 1000]])
    print("null")
elif command == "ids":
    print(json.dumps([int(i) for i in log.FindEventIds((0, 2**63 - 1), [], 2, 0, 0)]))
elif command == "templates":
    print(json.dumps({str(name): str(event) for name, event in rules.GetTemplates().items()}))
elif command == "add":
    rules.AddTemplate(arguments["name"], Event.new_for_values(**arguments["values"]))
    print("null")
elif command == "remove":
    rules.RemoveTemplate(arguments["name"])
    print("null")
"""

# Reports one event after the other, and prints the number of each and the time when it is recorded.
WRITER = """
import itertools, time
import dbus
from zeitgeist.client import ZeitgeistDBusInterface
from zeitgeist.datamodel import Event, Interpretation, Manifestation
log = ZeitgeistDBusInterface()
for number in itertools.count():
    event = Event.new_for_values(
        timestamp=int(time.time() * 1000) + number,
        interpretation=Interpretation.ACCESS_EVENT.uri,
        manifestation=Manifestation.USER_ACTIVITY.uri,
        actor="application://writer.desktop",
        subject_uri=f"file:///tmp/meanwhile{number}",
    )
    try:
        log.InsertEvents([event])
    except dbus.DBusException as error:
        # Zeitgeist may end without a reply. The event isn't lost.
        if not error.get_dbus_name().endswith(".NoReply"):
            raise
    print(number, time.time(), flush=True)
"""

NAME = "org.gnome.zeitgeist.Engine"
HELPERS = ("org.gnome.zeitgeist.datahub", "org.gnome.zeitgeist.SimpleIndexer")
PATH = "/org/gnome/zeitgeist/blacklist"
RULES = "org.gnome.zeitgeist.Blacklist"
HAS_OWNER = (
    *("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus"),
    *("--object-path", "/org/freedesktop/DBus", "--method", "org.freedesktop.DBus.NameHasOwner"),
)


class Log:
    def __init__(self, session):
        self.session = session

    def _ask(self, command, **arguments):
        done = subprocess.run(
            ["/usr/bin/python3", "-W", "ignore", "-c", CLIENT],
            env=self.session.env,
            input=json.dumps([command, arguments]),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def record(self, ages, file=None, kind="DOCUMENT", actor="editor.desktop"):
        """Records an event of each age, in minutes."""
        self._ask("record", ages=list(ages), file=file, kind=kind, actor=actor)

    def ids(self):
        """The ids of all events, the most recent first."""
        return self._ask("ids")

    def templates(self):
        return self._ask("templates")

    def add_template(self, name, actor="application://other", **values):
        self._ask("add", name=name, values={"actor": actor, **values})

    def remove_template(self, name):
        self._ask("remove", name=name)

    def records(self, age, **event):
        """Whether Zeitgeist records an event now."""
        before = len(self.ids())
        self.record([age], **event)
        return len(self.ids()) == before + 1

    def fill(self, count, ages=None):
        """Adds that many events directly to the database, of these ages in minutes; by default, all are
        older than two hours. Zeitgeist must have an event, and ends."""
        self.quit()
        now = int(time.time() * 1000)
        numbers = range(count)
        ages = ages or range(120, 120 + count)
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            last = database.execute("SELECT MAX(id) FROM event").fetchone()[0]
            first = {}
            for table, name in [("uri", "file:///home/x/filled/{}.txt"), ("text", "filled{}")]:
                first[table] = database.execute(f"SELECT MAX(id) FROM {table}").fetchone()[0] + 1
                values = ((first[table] + n, name.format(n)) for n in numbers)
                database.executemany(f"INSERT INTO {table} VALUES (?, ?)", values)
            database.executemany(
                "INSERT INTO event VALUES (?, ?, 1, 1, 1, 0, ?, 2, 2, 1, 1, ?, 1, NULL, ?, 1)",
                (
                    (
                        last + 1 + n,
                        now - int(ages[n] * 60_000),
                        first["uri"] + n,
                        first["text"] + n,
                        first["uri"] + n,
                    )
                    for n in numbers
                ),
            )

    def rows(self):
        """How many rows the database has, without asking Zeitgeist."""
        uri = f"file:{self.database}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
            return database.execute("SELECT COUNT(*) FROM event").fetchone()[0]

    @property
    def database(self):
        return self.session.root / "data" / "zeitgeist" / "activity.sqlite"

    def is_running(self, name=NAME):
        return self.session.ask(*HAS_OWNER, name) == "(true,)"

    def pid(self, name):
        """The process that owns a name on the bus."""
        answer = self.session.ask(
            *("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus"),
            *("--object-path", "/org/freedesktop/DBus"),
            *("--method", "org.freedesktop.DBus.GetConnectionUnixProcessID", name),
        )
        return int(answer.strip("(,)").split()[-1])

    def quit(self):
        """Ends the daemon, as its user does."""
        process = self.process()
        # The daemon has started them. One that is in the middle of a question would start it again.
        for name in HELPERS:
            wait_for(f"{name} has started", lambda name=name: self.is_running(name))
            os.kill(self.pid(name), signal.SIGKILL)
        # It ends without a reply.
        self.session.run(
            *("gdbus", "call", "--session", "--dest", NAME),
            *("--object-path", "/org/gnome/zeitgeist/log/activity"),
            *("--method", "org.gnome.zeitgeist.Log.Quit"),
        )
        wait_for("it has ended", lambda: not Path(f"/proc/{process}").exists())

    def has_run(self):
        return self.database.exists()

    def process(self):
        """The daemon's process."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                name = (process / "comm").read_text().strip()
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            if name == "zeitgeist-daemo" and str(self.session.root).encode() in environment:
                return int(process.name)
        raise AssertionError("no Zeitgeist runs in this session")

    def kill(self):
        """Kills the daemon in the middle of its work."""
        process = self.process()
        os.kill(process, signal.SIGKILL)
        wait_for("it is gone", lambda: not Path(f"/proc/{process}").exists())


class StandIn:
    """A service with Zeitgeist's name, for behaviour that a test cannot cause in the real one.

    It has the real methods for rules, and the modes of the mock of whoopsie.
    """

    def __init__(self, session, behaviour="obey", answer="a{s(asaasay)}"):
        self.session = session
        self.process = session.spawn(["/usr/bin/python3", "-m", "dbusmock", NAME, PATH, RULES])
        # A call before that starts the real one.
        wait_for("it has the name", lambda: session.ask(*HAS_OWNER, NAME) == "(true,)")
        wait_for("it answers", lambda: self._call(f"{MOCK}.Reset").returncode == 0)
        rules = "rules = self.__dict__.setdefault('rules', {})\n"
        listed = f"ret = dbus.Dictionary(rules, signature='{answer[2:-1]}')"
        self._method("GetTemplates", "", answer, rules + listed)
        instead = BEHAVIOURS[behaviour] + "\n"
        self._method("AddTemplate", "s(asaasay)", "", instead + rules + "rules[args[0]] = args[1]")
        self._method("RemoveTemplate", "s", "", instead + rules + "rules.pop(args[0], None)")

    def _method(self, *method):
        done = self._call(f"{MOCK}.AddMethod", RULES, *method)
        assert done.returncode == 0, done.stderr

    def _call(self, method, *arguments):
        return self.session.run(
            *("gdbus", "call", "--session", "--dest", NAME, "--object-path", PATH),
            *("--method", method, "--", *arguments),
        )
