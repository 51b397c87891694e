# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks each program of a desktop, by its own means, what it would send or record."""

import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
import wave
from pathlib import Path

import wire
from desktop_login import HOME, UID, wait_for
from names import CHOICES

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

# LibreOffice's own view of a value, and whether it would take another one.
OFFICE = """
import time
import uno
local = uno.getComponentContext()
resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
while True:
    try:
        office = resolver.resolve("uno:pipe,name=desktop;urp;StarOffice.ComponentContext")
        break
    except Exception:
        time.sleep(0.2)
create = office.ServiceManager.createInstanceWithContext
settings = create("com.sun.star.configuration.ConfigurationProvider", office)
where = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
where.Name, where.Value = "nodepath", "/org.openoffice.Office.Common/History"
access = "com.sun.star.configuration.ConfigurationUpdateAccess"
history = settings.createInstanceWithArguments(access, (where,))
read_only = uno.getConstantByName("com.sun.star.beans.PropertyAttribute.READONLY")
locked = history.getPropertySetInfo().getPropertyByName("PickListSize").Attributes & read_only
print(history.PickListSize, bool(locked))
create("com.sun.star.frame.Desktop", office).terminate()
"""


class Answer:
    """What a program says of itself: whether it would send or record, in which words, and whether its
    user could change that. `locked` is None if the program cannot say."""

    def __init__(self, on, words, locked=None):
        self.on, self.words, self.locked = on, words, locked

    def __str__(self):
        lock = {True: ", locked", False: "", None: ""}[self.locked]
        return f"{'on' if self.on else 'off'} ({self.words}{lock})"


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


def ask_vlc(login):
    """VLC, which plays a second of silence and is asked whether it kept its name."""
    media = HOME / "silence.wav"
    if not media.exists():
        with wave.open("/tmp/silence.wav", "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(2 * 2 * 8000))
        shutil.copy("/tmp/silence.wav", media)
        os.chown(media, UID, UID)
    lists = HOME / ".config/vlc/vlc-qt-interface.conf"
    # An entry from before proves nothing.
    lists.unlink(missing_ok=True)
    options = ("--intf", "qt", "--no-qt-privacy-ask", "--aout", "dummy", "--play-and-exit")
    program = login.start("vlc", *options, media, env={"QT_QPA_PLATFORM": "xcb"})
    program.wait(120)
    on = lists.exists() and media.name in lists.read_text()
    yield "vlc-recent-media", Answer(on, "keeps what it played" if on else "keeps nothing")


def ask_libreoffice(login):
    program = login.start(
        "soffice", "--headless", "--norestore", "--nologo", "--accept=pipe,name=desktop;urp;"
    )
    size, locked = login.ask("timeout", "120", "/usr/bin/python3", "-c", OFFICE).split()
    program.wait(60)
    yield "libreoffice-recent-documents", Answer(size != "0", size, locked == "True")


def ask_kde_app(login):
    """Dolphin, which tries to send as soon as it has started, and says that it cannot."""
    read, write = os.pipe()
    log = {"QT_LOGGING_RULES": "*=false;org.kde.UserFeedback=true", "QT_FORCE_STDERR_LOGGING": "1"}
    program = login.start("dolphin", HOME, env=log, stderr=write)
    os.close(write)
    os.set_blocking(read, False)
    said = b""

    def says(words):
        nonlocal said
        try:
            said += os.read(read, 65536)
        except BlockingIOError:
            pass
        return words in said

    wait_for("Dolphin has its feedback", lambda: says(b"org.kde.UserFeedback:"))
    end = time.monotonic() + 15
    while time.monotonic() < end and not says(b"failed to probe"):
        time.sleep(0.1)
    on = says(b"failed to probe")
    program.terminate()
    program.wait(60)
    os.close(read)
    yield "kde-app-feedback", Answer(on, "tries to send" if on else "does not try to send")


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
    # It must not have sent anything yet: it sends once a week.
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
    if wanted("vlc-recent-media"):
        take(ask_vlc(login))
    if wanted("libreoffice-recent-documents"):
        take(ask_libreoffice(login))
    if wanted("kde-app-feedback"):
        take(ask_kde_app(login))
    if wanted("zeitgeist"):
        take(ask_zeitgeist(login))
    if wanted("popularity-contest"):
        take(ask_popularity_contest())
    if wanted("fwupd"):
        take(ask_fwupd())
    return found
