# SPDX-License-Identifier: GPL-3.0-or-later
"""A real GNOME Shell without a screen: which providers does it ask about a search?"""

import pytest
from support.computer import READERS, Computer
from support.harness import SUPPORT, list_reader, wait_for
from support.shell import RESULTS, SEARCH_IS_OVER, Shell

# These tests share fixtures that take long to create.
pytestmark = pytest.mark.xdist_group("shell")

ONLINE = "org.example.Online"
LOCAL = "org.example.Local"
LATE = "org.example.Late"
PROVIDER = SUPPORT / "counting_provider.py"

READER = list_reader(
    "Test Shell",
    [f"{ONLINE}.desktop", f"{LATE}.desktop"],
    """enabled = "enabled"
disable-all = "disable-external"
providers = "gnome-shell/search-providers"
""",
)


def install_provider(session, name, default_disabled=False):
    """Installs a desktop file and a provider's file, as a package does."""
    applications = session.share / "applications"
    providers = session.share / "gnome-shell" / "search-providers"
    for folder in (applications, providers):
        folder.mkdir(parents=True, exist_ok=True)
    (applications / f"{name}.desktop").write_text(
        f"[Desktop Entry]\nType=Application\nName={name.rpartition('.')[2]}\nExec=true\n"
    )
    (providers / f"{name}.ini").write_text(
        "[Shell Search Provider]\n"
        f"DesktopId={name}.desktop\nBusName={name}\n"
        f"ObjectPath=/{name.replace('.', '/')}\nVersion=2\n"
        + ("DefaultDisabled=true\n" if default_disabled else "")
    )
    session.spawn(
        ["/usr/bin/python3", PROVIDER, name, session.root]
    )


# Makes the shell itself ask a provider, and waits for the answer.
ASK = (
    "imports.gi.Gio.DBus.session.call_sync('{name}', '/{path}', 'org.gnome.Shell.SearchProvider2',"
    " 'GetResultMetas', new imports.gi.GLib.Variant('(as)', [[]]), null, 0, -1, null).print(true)"
)

# The shell's providers that the tests installed.
PROVIDERS = f"{RESULTS}._providers.filter(p => p.id.startsWith('org.example.'))"
ARE_CONNECTED = f"{PROVIDERS}.every(p => p.proxy.g_name_owner)"
ARE_THE_SAME = (
    f"global.askedProviders.length === {PROVIDERS}.length"
    f" && {PROVIDERS}.every((p, i) => p === global.askedProviders[i])"
)


class AskingShell(Shell):
    """GNOME Shell, with the providers that it asked."""

    def __init__(self, session):
        super().__init__(session)
        self.words = 0

    def asked(self, name):
        """How often a provider was asked for the first results of a search."""
        counter = self.session.root / f"{name}.count"
        return len(counter.read_text()) if counter.exists() else 0

    def who_is_asked(self):
        """Types new words, and returns the providers that were asked about one of them.

        When the shell has asked the local provider, it has asked the others, too."""
        while True:
            before = self.search()
            wait_for(
                "the local provider is asked",
                lambda: self.asked(LOCAL) > before[LOCAL] or self.has_new_providers(),
            )
            if self.search_counts():
                return {name for name in before if self.asked(name) > before[name]}

    def no_provider_is_asked(self):
        """The same, without a provider to wait for."""
        while True:
            before = self.search()
            if self.search_counts():
                break
        # A provider gets the shell's calls in order.
        for name in before:
            assert self.js(ASK.format(name=name, path=name.replace(".", "/"))) is not None
        return before == {name: self.asked(name) for name in before}

    def search(self):
        """Types a new word, and returns how often each provider was asked before."""
        # The shell loses what it asks before it is connected to the provider.
        wait_for("the shell is connected", lambda: self.js(ARE_CONNECTED) == "true")
        self.js(f"void (global.askedProviders = {PROVIDERS})")
        before = {name: self.asked(name) for name in (ONLINE, LATE, LOCAL)}
        self.words += 1
        self.js("Main.overview.searchEntry.set_text('')")
        self.js(f"Main.overview.searchEntry.set_text('umbrella{self.words}')")
        self.js("global.display.get_current_time_roundtrip()")
        return before

    def search_counts(self):
        """Waits for the end of a search. A search counts if its providers are still the shell's."""
        wait_for(
            "the search is over",
            lambda: self.js(SEARCH_IS_OVER) == "true" or self.has_new_providers(),
        )
        return not self.has_new_providers()

    def has_new_providers(self):
        """After a change of its settings, the shell makes its providers anew, and loses a search."""
        return self.js(ARE_THE_SAME) == "false"


@pytest.fixture(scope="module")
def computer():
    with Computer() as computer:
        computer.write(READERS / "test-shell.toml", READER)
        # A policy without decisions, so that the shell's profile names the database from the start.
        computer.apply("")
        yield computer


@pytest.fixture(scope="module")
def shell(computer):
    session = computer.session
    for name in (ONLINE, LOCAL):
        install_provider(session, name)
    install_provider(session, LATE, default_disabled=True)
    return AskingShell(session)


@pytest.mark.proof("gnome-shell-search", "program")
def test_the_shell_asks_an_online_provider_only_while_the_choice_is_on(shell):
    session = shell.session
    assert session.reader("online-search", "test-shell")["installed"]

    # Before any decision: the shell asks each provider that is not off by default; we say mixed.
    assert session.reader("online-search", "test-shell")["state"] == "mixed"
    assert shell.who_is_asked() == {ONLINE, LOCAL}

    assert session.ctl("set", "online-search", "off").returncode == 0
    assert session.reader("online-search", "test-shell")["state"] == "off"
    assert shell.who_is_asked() == {LOCAL}

    assert session.ctl("set", "online-search", "on").returncode == 0
    assert session.reader("online-search", "test-shell")["state"] == "on"
    assert shell.who_is_asked() == {ONLINE, LATE, LOCAL}

    assert session.ctl("reset", "online-search").returncode == 0
    assert shell.who_is_asked() == {ONLINE, LOCAL}


def test_other_members_of_the_shells_lists_are_never_touched(shell):
    session = shell.session
    schema = "org.gnome.desktop.search-providers"
    session.set(schema, "disabled", "['org.gnome.Other.desktop']")
    session.set(schema, "enabled", "['org.gnome.Third.desktop']")
    for state in ("on", "off", "on", "off"):
        assert session.ctl("set", "online-search", state).returncode == 0
    assert "org.gnome.Other.desktop" in session.get(schema, "disabled")
    assert "org.gnome.Third.desktop" in session.get(schema, "enabled")
    assert session.ctl("reset", "online-search").returncode == 0
    assert session.get(schema, "disabled") == "['org.gnome.Other.desktop']"
    assert session.get(schema, "enabled") == "['org.gnome.Third.desktop']"
    assert session.status("online-search")["origin"] == "default"


def test_when_all_providers_are_off_the_choice_is_not_claimed_to_be_on(shell):
    session = shell.session
    schema = "org.gnome.desktop.search-providers"
    session.set(schema, "disable-external", "true")
    done = session.ctl("set", "online-search", "on")
    assert done.returncode == 4
    assert "Test Shell stays off" in done.stderr
    assert session.reader("online-search", "test-shell")["state"] == "off"
    assert session.get(schema, "disable-external") == "true", "it is not ours to change"
    session.reset(schema, "disable-external")
    assert session.reader("online-search", "test-shell")["state"] == "on"


LOCKED = '[choices.online-search]\nstate = "off"\nlocked = true\n'


def test_a_locked_policy_holds_in_the_shell_whatever_the_person_had_set(shell, computer):
    session = shell.session
    schema = "org.gnome.desktop.search-providers"
    session.set(schema, "disabled", "[]")
    session.set(schema, "enabled", f"['{LATE}.desktop']")
    assert shell.who_is_asked() == {ONLINE, LATE, LOCAL}

    computer.apply(LOCKED)
    wait_for("the shell hears of it", lambda: shell.who_is_asked() == {LOCAL})
    for key in ("disabled", "enabled"):
        assert session.ask("gsettings", "writable", schema, key) == "false"
    assert session.ask("gsettings", "writable", schema, "disable-external") == "true"

    # The other enforced way: the user keeps the lists, and the shell asks no provider.
    computer.apply(LOCKED + 'lists = "all-off"\n')
    wait_for("the shell hears of it", shell.no_provider_is_asked)
    assert session.get(schema, "enabled") == f"['{LATE}.desktop']"
    for key in ("disabled", "enabled"):
        assert session.ask("gsettings", "writable", schema, key) == "true"
    assert session.reader("online-search", "test-shell")["state"] == "off"

    # The way that is not enforced: a user with their own list keeps it.
    computer.apply(LOCKED + 'lists = "preset"\n')
    wait_for("they may search again", lambda: not shell.no_provider_is_asked())
    assert shell.who_is_asked() == {ONLINE, LATE, LOCAL}
    assert session.reader("online-search", "test-shell")["state"] == "on"
    session.reset(schema, "disabled")
    session.reset(schema, "enabled")
    assert shell.who_is_asked() == {LOCAL}

    computer.apply("")
    wait_for("the shell hears of it", lambda: shell.who_is_asked() == {ONLINE, LOCAL})
