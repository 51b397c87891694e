# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of a desktop, each asked by its own means what it would send or record.

Run as root in a clean Debian, by scripts/desktops, with the desktop's name. Prints JSON: a list of
tables, each with a title, column heads, rows, and what is wrong.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

import wire
from names import CHOICES

UID = 1000
HOME = Path("/home/person")
RUN = Path("/run/user") / str(UID)
POLICY = Path("/etc/privacy-panel/policy.toml")

# The settings of readers that are keys of GSettings.
KEYS = {
    "epiphany-suggestions": ("org.gnome.Epiphany", "use-google-search-suggestions"),
    "gnome-shell-app-usage": ("org.gnome.desktop.privacy", "remember-app-usage"),
    "gnome-software-reviews": ("org.gnome.software", "review-server"),
    "gnome-software-statistics": ("org.gnome.desktop.privacy", "send-software-usage-stats"),
    "gtk-recent-files": ("org.gnome.desktop.privacy", "remember-recent-files"),
}
# The values of readers that are values of KConfig: the file, the group, the key, the program's default,
# a value that turns it on, and those that are off.
VALUES = {
    "drkonqi": ("drkonqirc", "DrKonqi", "Sentry", "false", "true", {"false"}),
    "kde-activities": (
        "kactivitymanagerd-pluginsrc",
        "Plugin-org.kde.ActivityManager.Resources.Scoring",
        *("what-to-remember", "0", "0", {"2"}),
    ),
    "kde-krunner-history": (
        *("krunnerrc", "General", "historyBehavior", "CompletionSuggestion"),
        *("CompletionSuggestion", {"Disabled"}),
    ),
    "kde-plasma-feedback": ("PlasmaUserFeedback", "Global", "FeedbackLevel", "0", "16", {"0"}),
    "kde-recent-documents": ("kdeglobals", "RecentDocuments", "UseRecent", "true", "true", {"false"}),
}
PREFERENCES = {
    "firefox-esr": {
        "firefox-usage": (
            "datareporting.healthreport.uploadEnabled",
            "datareporting.usage.uploadEnabled",
            "app.shield.optoutstudies.enabled",
        ),
        "firefox-search-suggestions": (
            "browser.search.suggest.enabled",
            "browser.urlbar.suggest.searches",
        ),
        "firefox-crash-reports": ("browser.crashReports.unsubmittedCheck.autoSubmit2",),
    },
    "thunderbird": {"thunderbird-usage": ("datareporting.healthreport.uploadEnabled",)},
}
GTK = """
import gi
gi.require_version("Gtk", "{}.0")
from gi.repository import Gtk
Gtk.init([]) if {} == 3 else Gtk.init()
print(Gtk.Settings.get_default().props.gtk_recent_files_enabled)
"""


class Answer:
    """What a program says of itself: whether it would send or record, in which words, and whether its
    user could change that. `locked` is None if the program cannot say."""

    def __init__(self, on, words, locked=None):
        self.on, self.words, self.locked = on, words, locked

    def __str__(self):
        lock = {True: ", locked", False: "", None: ""}[self.locked]
        return f"{'on' if self.on else 'off'} ({self.words}{lock})"


def wait_for(what, question, seconds=90):
    """Asks until the answer is true. The limit only ends a run that is stuck."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: still not so after {seconds} s")
        time.sleep(0.1)
    return answer


class Programs(wire.Network):
    """Starts programs in the room, which has no network."""

    def __init__(self):
        self.children = []
        self.connections = []

    def connect(self, port, seconds=120):
        return super().connect(port, seconds)

    def wait(self, number, seconds=60):
        return super().wait(number, seconds)


class Login:
    """A session of the user: a bus, a screen, and programs in it."""

    def __init__(self, desktop):
        self.programs = Programs()
        self.env = {
            "HOME": str(HOME),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "XDG_RUNTIME_DIR": str(RUN),
            "XDG_CURRENT_DESKTOP": {"gnome": "GNOME", "kde": "KDE"}[desktop],
            "LC_ALL": "C.UTF-8",
            "GDK_BACKEND": "x11",
            "QT_QPA_PLATFORM": "offscreen",
            "GSK_RENDERER": "cairo",
            # The menu of input methods and the accessibility bus would only write files.
            "NO_AT_BRIDGE": "1",
        }
        if desktop == "kde":
            self.env |= {"KDE_FULL_SESSION": "true", "KDE_SESSION_VERSION": "6"}
        self.children = []
        self.env["DBUS_SESSION_BUS_ADDRESS"] = self._line(
            "dbus-daemon", "--session", "--nofork", "--print-address={}"
        )
        screen = ("-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset")
        self.env["DISPLAY"] = ":" + self._line("Xvfb", "-displayfd", "{}", *screen)
        if desktop == "gnome":
            self.start("/usr/libexec/gsd-xsettings")
            name = "org.gnome.SettingsDaemon.XSettings"
            wait_for(name, lambda: name in self.ask("busctl", "--user", "--acquired", "list"))

    def command(self, words):
        clean = [f"{name}={value}" for name, value in self.env.items()]
        user = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
        return ["env", "-i", *clean, *user, *(str(word) for word in words)]

    def _line(self, *words):
        """Starts a daemon, and returns the line that it writes into the pipe of the number {}."""
        read, write = os.pipe()
        words = [word.replace("{}", str(write)) for word in words]
        self.start(*words, pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as pipe:
            return pipe.readline().strip()

    def start(self, *words, **options):
        silent = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
        }
        child = subprocess.Popen(
            self.command(words), cwd=HOME, start_new_session=True, **(silent | options)
        )
        self.children.append(child)
        return child

    def run(self, *words):
        return subprocess.run(
            self.command(words), cwd=HOME, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    def ask(self, *words):
        done = self.run(*words)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def end(self):
        """Ends the session with all processes of the user."""
        for child in reversed(self.children):
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
                child.wait(30)
        for way in (signal.SIGTERM, signal.SIGKILL):
            for _ in range(100):
                left = [
                    process for process in Path("/proc").glob("[0-9]*") if process.stat().st_uid == UID
                ]
                if not left:
                    return
                for process in left:
                    os.kill(int(process.name), way)
                time.sleep(0.1)


# The programs, each with the answers for its readers


def ask_mozilla(login, program):
    """A Mozilla program without a window, asked through Marionette."""
    options = ("--headless", "--marionette", "-remote-allow-system-access")
    network = login.programs
    browser = wire.Marionette(network, network.start(login.command([program, *options]), {}), 2828)
    readers = PREFERENCES[program]
    found = browser.prefs(*{name for names in readers.values() for name in names})
    browser.quit()
    for reader, names in readers.items():
        values = [found[name][0] for name in names]
        words = " ".join(str(value).lower() for value in values)
        yield reader, Answer(any(values), words, all(found[name][1] for name in names))


def call(place, data=None, method=None, headers=None):
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(place, body, headers or {}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or "null")


def ask_chromium(login):
    """Chromium with its own profile, which it saves when it ends; then a copy of the profile, since
    Chromium takes no commands with its own, on its page of settings."""
    profile = HOME / ".config" / "chromium"
    options = ("--no-sandbox", "--no-first-run", "--disable-gpu")
    preferences = profile / "Default" / "Preferences"
    before = preferences.stat().st_mtime_ns if preferences.exists() else None
    program = login.start("chromium", *options, "about:blank")
    lock = profile / "SingletonLock"
    wait_for("Chromium has its profile", lambda: lock.is_symlink() and preferences.exists())
    # It saves its preferences once it has read them.
    wait_for("Chromium saves", lambda: preferences.stat().st_mtime_ns != before)
    program.terminate()
    program.wait(60)
    copy = Path("/tmp/chromium")
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run(["cp", "-a", profile, copy], check=True)
    driver = login.start("chromedriver", "--port=9515")
    place = "http://127.0.0.1:9515"

    def ready():
        try:
            return call(f"{place}/status")["value"]["ready"]
        except OSError:
            return False

    wait_for("Chromium's driver answers", ready)
    chrome = {"args": [*options, f"--user-data-dir={copy}"], "binary": "/usr/bin/chromium"}
    wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": chrome}}}
    session = f"{place}/session/" + call(f"{place}/session", wanted)["value"]["sessionId"]
    call(f"{session}/url", {"url": "chrome://settings/syncSetup"})
    script = """
        const done = arguments[arguments.length - 1];
        chrome.settingsPrivate.getPref("search.suggest_enabled", done);
    """
    found = call(f"{session}/execute/async", {"script": script, "args": []})["value"]
    call(session, method="DELETE")
    driver.terminate()
    driver.wait(30)
    locked = found.get("enforcement") == "ENFORCED"
    yield "chromium-suggestions", Answer(found["value"], str(found["value"]).lower(), locked)


def ask_syncthing(login):
    folders = (HOME / ".local/state/syncthing", HOME / ".config/syncthing")
    program = login.start("syncthing", "--no-browser", "--no-restart")

    def options():
        for folder in folders:
            try:
                text = (folder / "config.xml").read_text()
                key = re.search("<apikey>(.*?)</apikey>", text)[1]
                address = re.search("<gui[^>]*>.*?<address>(.*?)</address>", text, re.DOTALL)[1]
                return call(f"http://{address}/rest/config/options", headers={"X-API-Key": key})
            except (OSError, TypeError):
                continue
        return None

    found = wait_for("Syncthing answers", options)
    program.terminate()
    program.wait(60)
    asked, crashes = found["urAccepted"], found["crashReportingEnabled"]
    yield "syncthing-usage", Answer(asked > 0, str(asked))
    yield "syncthing-crashes", Answer(crashes, str(crashes).lower())


def ask_settings(login, installed):
    for reader, (schema, key) in KEYS.items():
        if reader in installed:
            value = login.ask("gsettings", "get", schema, key)
            writable = login.ask("gsettings", "writable", schema, key) == "true"
            yield reader, Answer(value not in ("false", "''"), value, not writable)
    if "gnome-shell-search" in installed:
        schema = "org.gnome.desktop.search-providers"
        value = login.ask("gsettings", "get", schema, "disabled")
        writable = login.ask("gsettings", "writable", schema, "disabled") == "true"
        asked = "'org.gnome.Epiphany.desktop'" not in value
        # It only goes online while Web itself asks its search engine.
        asked = asked and login.ask("gsettings", "get", *KEYS["epiphany-suggestions"]) == "true"
        yield "gnome-shell-search", Answer(asked, value, not writable)
    if "privacy-panel" in installed:
        found = [
            login.ask("gsettings", "get", "net.launchpad.PrivacyPanel", choice) for choice in CHOICES
        ]
        writable = [
            login.ask("gsettings", "writable", "net.launchpad.PrivacyPanel", choice)
            for choice in CHOICES
        ]
        yield "privacy-panel", Answer("true" in found, " ".join(found), "true" not in writable)


def ask_kde(login, installed, try_to_change):
    for reader, (file, group, key, default, on, off) in VALUES.items():
        if reader not in installed:
            continue
        where = ("--file", file, "--group", group, "--key", key)
        # KDE's own default is not in a file.
        read = ("kreadconfig6", *where, "--default", default)
        value, locked = login.ask(*read), None
        if try_to_change:
            # kwriteconfig says with 2 that the value is locked.
            locked = login.run("kwriteconfig6", *where, on).returncode == 2
            value = login.ask(*read)
        yield reader, Answer(value not in off, value, locked)


def ask_gtk(login):
    found = []
    for version in (3, 4):
        found.append(login.ask("/usr/bin/python3", "-c", GTK.format(version, version)).splitlines()[-1])
    yield "gtk-recent-files-settings", Answer("True" in found, " ".join(found).lower())


def ask_zeitgeist(login):
    """Zeitgeist, which gets an event and is asked whether it kept it."""
    bus = ("gdbus", "call", "--session", "--timeout", "30", "--dest", "org.gnome.zeitgeist.Engine")
    kept = login.ask(
        *(*bus, "--object-path", "/org/gnome/zeitgeist/log/activity"),
        *("--method", "org.gnome.zeitgeist.Log.InsertEvents"),
        "[(['', '1700000000000', 'http://www.zeitgeist-project.com/ontologies/2010/01/27/zg#AccessEvent',"
        " 'http://www.zeitgeist-project.com/ontologies/2010/01/27/zg#UserActivity',"
        " 'application://test.desktop', ''], [['file:///test', "
        "'http://www.semanticdesktop.org/ontologies/2007/03/22/nfo#Document',"
        " 'http://www.semanticdesktop.org/ontologies/2007/03/22/nfo#FileDataObject', 'file:///',"
        " 'text/plain', 'test', '', '', '']], @ay [])]",
    )
    number = re.search(r"uint32 (\d+)|\[(\d+)\]", kept)
    on = bool(number) and (number[1] or number[2]) != "0"
    yield "zeitgeist", Answer(on, "keeps an event" if on else "keeps no event")


def ask_popularity_contest():
    """Debian's own script, which would collect the list of packages and cannot send it from here."""
    script = ["sh", "-x", "/etc/cron.daily/popularity-contest"]
    # It has sent nothing yet: it would not do it twice a week.
    for file in Path("/var/log").glob("popularity-contest*"):
        file.unlink()
    done = subprocess.run(script, capture_output=True, text=True)
    on = "+ /usr/sbin/popularity-contest " in done.stderr
    yield "popularity-contest", Answer(on, "collects" if on else "ends at once")


def ask_fwupd():
    command = ["fwupdtool", "get-remotes", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    text = done.stdout[done.stdout.find("{") :]
    remotes = {remote["Id"]: remote for remote in json.loads(text)["Remotes"]}
    names = ("AutomaticReports", "AutomaticSecurityReports")
    found = [str(remotes["lvfs"].get(name, False)).lower() for name in names]
    yield "fwupd", Answer("true" in found, " ".join(found))


def ask_all(login, installed, try_to_change=False):
    """The answers of all installed programs, by reader."""
    found = {}

    def take(answers):
        found.update((reader, answer) for reader, answer in answers if reader in installed)

    def wanted(*readers):
        return installed & set(readers)

    for program, readers in PREFERENCES.items():
        if wanted(*readers):
            take(ask_mozilla(login, program))
    if wanted("chromium-suggestions"):
        take(ask_chromium(login))
    if wanted("syncthing-usage"):
        take(ask_syncthing(login))
    take(ask_settings(login, installed))
    take(ask_kde(login, installed, try_to_change))
    if wanted("gtk-recent-files-settings"):
        take(ask_gtk(login))
    if wanted("zeitgeist"):
        take(ask_zeitgeist(login))
    if wanted("popularity-contest"):
        take(ask_popularity_contest())
    if wanted("fwupd"):
        take(ask_fwupd())
    return found


# What files say


def files(*folders):
    """Every file and folder below the folders: its kind, mode, owner and content."""
    found = {}
    for folder in folders:
        for path in [folder, *folder.rglob("*")]:
            try:
                about = path.lstat()
            except FileNotFoundError:
                continue
            if path.is_symlink():
                content = os.readlink(path)
            elif path.is_file():
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            elif stat.S_ISDIR(about.st_mode):
                content = None
            else:
                continue
            found[path] = (
                stat.S_IFMT(about.st_mode),
                about.st_mode & 0o7777,
                about.st_uid,
                about.st_gid,
                content,
            )
    return found


def differences(one, other):
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


def states(login):
    """What `privacyctl` reads back of each reader, by reader."""
    found = {}
    for choice in json.loads(login.ask("privacyctl", "status", "--json"))["choices"]:
        for reader in choice["readers"]:
            found.setdefault(reader["id"], {"choice": choice["id"], **reader})
    return found


def disagree(state, answer):
    """Whether a program would send or record other than `privacyctl` says."""
    return (state["state"] in ("on", "mixed")) != answer.on


def as_root(*words, status=(0,)):
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode not in status:
        raise RuntimeError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


class Desktop:
    """A computer with a user, and the tables of what its programs say."""

    def __init__(self, name):
        self.name = name
        self.tables = []
        self.installed = set()
        self.not_obeyed = []

    def table(self, title, *head):
        table = {"title": title, "head": head, "rows": [], "notes": [], "wrong": []}
        self.tables.append(table)
        return table

    def prepare(self):
        """Adds a user, lets the settings that hold for everyone send, and starts each program once,
        which makes its profile."""
        with open("/etc/passwd", "a") as users:
            users.write(f"person:x:{UID}:{UID}::{HOME}:/bin/sh\n")
        for folder in (HOME, RUN):
            folder.mkdir(parents=True, mode=0o700)
            os.chown(folder, UID, UID)
        Path("/etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
        for file, old, new in (
            ("/etc/popularity-contest.conf", 'PARTICIPATE="no"', 'PARTICIPATE="yes"'),
            ("/etc/fwupd/remotes.d/lvfs.conf", "Reports=false", "Reports=true"),
        ):
            text = Path(file).read_text()
            if old not in text:
                raise RuntimeError(f"{file} has no {old}")
            Path(file).write_text(text.replace(old, new))
        # Otherwise Marionette replaces preferences, among them those of reports.
        for folder in ("firefox-esr", "thunderbird/pref"):
            Path("/etc", folder, "marionette.js").write_text(
                'pref("remote.prefs.recommended", false);\n'
            )
        login = Login(self.name)
        there = {reader for reader, state in states(login).items() if state["program"]}
        ask_all(login, there)
        # Some programs count once they have a profile; the panel's own keys, once they are changed.
        found = states(login).items()
        self.installed = {reader for reader, state in found if state["counts"]} | {"privacy-panel"}
        self.not_obeyed = sorted(
            reader for reader in there - self.installed if not states(login)[reader]["obeyed"]
        )
        # What the user has in the same files.
        kept = {
            "gtk-3.0/settings.ini": "# mine\n[Settings]\ngtk-menu-images = 1\n",
            "kdeglobals": "[General][$i]\nColorScheme=BreezeDark\n\n[Icons]\nTheme=breeze",
            "environment.d/mine.conf": "EDITOR=vi\n",
        }
        for name, text in kept.items():
            self.write(HOME / ".config" / name, text)
        for profile in (
            *HOME.glob(".mozilla/firefox/*/prefs.js"),
            *HOME.glob(".thunderbird/*/prefs.js"),
        ):
            self.write(
                profile.with_name("user.js"), '// mine\nuser_pref("browser.tabs.warnOnClose", true);'
            )
        login.end()

    @staticmethod
    def write(file, text):
        subprocess.run(
            ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "sh", "-c"]
            + ['mkdir -p "${1%/*}" && cat >"$1"', "sh", file],
            input=text,
            text=True,
            check=True,
        )

    def session(self, work):
        """Does some work in a session of the user, and returns its result and all files afterwards."""
        login = Login(self.name)
        try:
            result = work(login)
        finally:
            login.end()
        return result, files(HOME, Path("/etc"))

    def ask(self, **options):
        """What `privacyctl` and the programs say once the programs have started, and all files."""

        def both(login):
            answers = ask_all(login, self.installed, **options)
            return states(login), answers

        return self.session(both)

    def turn_off(self, login):
        done = login.run("privacyctl", "set", "--all", "off", "--only-me")
        as_root("privacyctl", "set", "--all", "off", "--for-everyone")
        return done, states(login)

    def reset(self, login):
        done = login.run("privacyctl", "reset", "--all")
        # A reset leaves settings of the whole computer as they are; docs/readers.md.
        as_root("privacyctl", "set", "--all", "on", "--for-everyone")
        return done, states(login), login.ask("dconf", "dump", "/")

    def compare(self, table, what, before, after, allowed):
        for path in sorted(differences(before, after)):
            # dconf's database is compared by its contents. Zeitgeist runs and writes meanwhile.
            own = (HOME / ".config/dconf", HOME / ".local/share/zeitgeist")
            if path in allowed or any(path.is_relative_to(folder) for folder in own):
                continue
            words = "gone" if path not in after else "new" if path not in before else "changed"
            # An empty folder of a program says nothing. The files in /etc are the administrator's.
            is_folder = after.get(path, before.get(path))[4] is None
            is_note = is_folder or path.is_relative_to("/etc")
            table["notes" if is_note else "wrong"].append(f"{what}: `{path}` is {words}")

    def person(self):
        table = self.table(
            "a user turns everything off, and goes back to the defaults",
            *("reader", "before", "after “off”", "started again", "after “reset”", ""),
        )

        def dump(login):
            return login.ask("dconf", "dump", "/")

        (known, before), _ = self.ask()
        first, one = self.session(dump)
        _, two = self.session(dump)
        # What a session changes on its own.
        noise = differences(one, two)

        # At once, with no program in between: all files are as before.
        (done, off_at_once), _ = self.session(self.turn_off)
        (undone, back, dumped), after = self.session(self.reset)
        for command in (done, undone):
            if command.returncode != 0:
                table["wrong"].append(
                    f"{command.args[-4:]} ended with {command.returncode}: {command.stderr}"
                )
        self.compare(table, "reset at once", two, after, noise)
        if dumped != first:
            table["wrong"].append(f"dconf has other keys after a reset: {first!r}, now {dumped!r}")

        # With programs that start in between.
        _, off = self.session(self.turn_off)
        (off_states, off_answers), used = self.ask()
        rewritten = differences(off, used) | noise
        (_, _, dumped), after = self.session(self.reset)
        self.compare(table, "reset after the programs ran", two, after, rewritten)
        (end_states, end), _ = self.ask()
        if dumped != first:
            table["notes"].append(f"dconf has other keys after programs ran and a reset: {dumped!r}")
        here = [path for path in differences(two, after) if path in rewritten]
        table["notes"].append(
            f"Files that the programs rewrote meanwhile and that differ now: {len(here)}"
        )

        if self.not_obeyed:
            table["notes"].append(f"Not obeyed in this session: {', '.join(self.not_obeyed)}")
        for reader in sorted(self.installed):
            wrong = []
            was, now = before.get(reader), end.get(reader)
            asked = off_answers.get(reader)
            if not was or not now or not asked:
                wrong.append("was not asked")
            else:
                if asked.on:
                    wrong.append("still on")
                if (was.on, was.words) != (now.on, now.words):
                    wrong.append("not as before")
                pairs = ((known, was), (off_states, asked), (end_states, now))
                if any(disagree(state[reader], answer) for state, answer in pairs):
                    wrong.append("privacyctl says something else")
            for when, state in (("at once", off_at_once), ("started again", off_states)):
                if state[reader]["state"] != "off":
                    wrong.append(f"{when}: privacyctl says {state[reader]['state']}")
                if when == "started again" and state[reader].get("pending"):
                    wrong.append("still pending")
            for when, state in (("at once", back), ("in the end", end_states)):
                names = ("state", "origin")
                same = [state[reader].get(name) == known[reader].get(name) for name in names]
                if not all(same):
                    said = f"{state[reader]['state']}, {state[reader]['origin']}"
                    wrong.append(f"{when} after the reset, privacyctl says {said}")
            table["rows"].append(
                [
                    f"`{reader}`",
                    f"{known[reader]['state']}; {was}",
                    off_at_once[reader]["state"],
                    f"{off_states[reader]['state']}; {asked}",
                    f"{end_states[reader]['state']}; {now}",
                    "; ".join(wrong) or "right",
                ]
            )
            table["wrong"] += [f"`{reader}`: {what}" for what in wrong]

    def administrator(self):
        table = self.table(
            "an administrator locks everything off, for a user who had turned it on",
            *(
                "reader",
                "the user’s choice",
                "with the policy",
                "what `policy check` says",
                "without it",
                "",
            ),
        )
        text = "".join(f'[choices.{choice}]\nstate = "off"\nlocked = true\n\n' for choice in CHOICES)
        POLICY.parent.mkdir(exist_ok=True)
        POLICY.write_text(text)

        def turn_on(login):
            login.run("privacyctl", "set", "--all", "on", "--only-me")
            return {reader for reader, state in states(login).items() if state["counts"]}

        # Some programs send only if others do.
        self.installed |= self.session(turn_on)[0]
        (chosen_states, chosen), _ = self.ask()
        etc = files(Path("/etc"))
        said = as_root("privacyctl", "policy", "check")
        for words in ("changed", "unchanged"):
            last = as_root("privacyctl", "policy", "apply").splitlines()[-1]
            if last != words:
                table["wrong"].append(f"apply says {last}, expected {words}")
        done = subprocess.run(["privacyctl", "policy", "status"], capture_output=True, text=True)
        if done.returncode != 0:
            table["wrong"].append(f"`policy status` ended with {done.returncode}: {done.stderr}")
        (locked_states, locked), _ = self.ask(try_to_change=True)
        for choice in CHOICES:
            done, _ = self.session(
                lambda login, choice=choice: login.run("privacyctl", "set", choice, "on")
            )
            table["notes"].append(f"`privacyctl set {choice} on` ends with {done.returncode}")
            if done.returncode != 3:
                table["wrong"].append(f"`privacyctl set {choice} on` ended with {done.returncode}")
        for unit in ("whoopsie.path", "whoopsie.service"):
            found = as_root("systemctl", "is-enabled", unit, status=(0, 1))
            table["notes"].append(f"`systemctl is-enabled {unit}`: {found}")
            if found != "masked":
                table["wrong"].append(f"{unit} is {found}")
        written = sorted(differences(etc, files(Path("/etc"))))
        if as_root("privacyctl", "policy", "remove").splitlines()[-1] != "changed":
            table["wrong"].append("remove did not say that it changed something")
        left = differences(etc, files(Path("/etc")))
        table["notes"].append(
            f"The policy wrote {len(written)} files and folders in `/etc`; `remove` left {len(left)}"
        )
        table["wrong"] += [f"`{path}` is not as before the policy" for path in sorted(left)]
        (_, end), _ = self.ask()
        for reader in sorted(self.installed):
            wrong = []
            own, answer, now = chosen.get(reader), locked.get(reader), end.get(reader)
            name = chosen_states[reader]["name"]
            lines = [
                line.removeprefix(f"{name}: ")
                for line in said.splitlines()
                if line.startswith(f"{name}: ")
            ]
            # A policy does not lock what it says it cannot lock.
            beyond = [line for line in lines if "People can change it" in line or "not reached" in line]
            if not own or not answer or not now:
                wrong.append("was not asked")
            elif not beyond:
                if answer.on:
                    wrong.append("does not obey")
                if answer.locked is False:
                    wrong.append("its user can change it")
                found = locked_states[reader]
                # A reader that sends only if another does may have nothing left to send.
                if found["counts"] and (found["state"] != "off" or not found["locked"]):
                    wrong.append(f"privacyctl says {found}")
            pairs = ((chosen_states, own), (locked_states, answer))
            if any(said_by and disagree(state[reader], said_by) for state, said_by in pairs):
                wrong.append("privacyctl says something else")
            if own and now and (own.on, own.words) != (now.on, now.words):
                wrong.append("is not as before the policy")
            table["rows"].append(
                [
                    f"`{reader}`",
                    f"{chosen_states[reader]['state']}; {own}",
                    f"{locked_states[reader]['state']}; {answer}",
                    " ".join(beyond) or "-",
                    now,
                    "; ".join(wrong) or "right",
                ]
            )
            table["wrong"] += [f"`{reader}`: {what}" for what in wrong]
        POLICY.unlink()


def main():
    desktop = Desktop(sys.argv[1])
    try:
        desktop.prepare()
        desktop.person()
        desktop.administrator()
    finally:
        text = json.dumps(desktop.tables, default=str, ensure_ascii=False)
        Path("/shared/tables.json").write_text(text)


if __name__ == "__main__":
    main()
