# SPDX-License-Identifier: GPL-3.0-or-later
"""Firefox and Thunderbird in a closed network: what they send while a choice is on, and that they send
nothing of it while it is off.

The programs and their settings are Debian's. Their reports go to the test instead of their makers, and
the notice of the first start counts as seen; both are preferences of theirs for tests.
"""

import json
import subprocess

import pytest
from support.wire import ClosedNetwork

USAGE = [
    "datareporting.healthreport.uploadEnabled",
    "datareporting.usage.uploadEnabled",
    "app.shield.optoutstudies.enabled",
]
SUGGESTIONS = ["browser.search.suggest.enabled", "browser.urlbar.suggest.searches"]
CRASHES = ["browser.crashReports.unsubmittedCheck.autoSubmit2"]
# With these, a program asks its makers to delete what it sent before. The test sends the second one
# itself: it comes after all that the program had to send by then.
DELETION = "deletion-request"
MARKER = "usage-deletion-request"


class Profile:
    """A profile of a program in a closed network of its own."""

    def __init__(self, session, program, folder, policies=None):
        self.session = session
        self.program = program
        # A policy for a test needs the folder of one; a mount would create it on the real computer.
        etc = session.root / "etc"
        subprocess.run(["cp", "-a", "/etc", etc], check=True)
        self.network = ClosedNetwork(session, binds=[(etc, "/etc")])
        if policies:
            place = etc / "firefox" / "policies" / "policies.json"
            place.parent.mkdir(parents=True)
            place.write_text(json.dumps({"policies": policies(self.network.port)}))
        root = session.root / "home" / folder
        self.folder = root / "test.default"
        self.folder.mkdir(parents=True)
        (root / "profiles.ini").write_text(
            "[Profile0]\nName=test\nIsRelative=1\nPath=test.default\nDefault=1\n"
        )
        prefs = {
            "telemetry.fog.test.localhost_port": self.network.port,
            "toolkit.telemetry.server": f"http://127.0.0.1:{self.network.port}",
            "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
            "marionette.port": 2828,
            "remote.prefs.recommended": False,
        }
        lines = [f'user_pref("{name}", {json.dumps(value)});\n' for name, value in prefs.items()]
        self.own = "".join(lines)
        (self.folder / "user.js").write_text(self.own)

    def start(self):
        self.network.forget()
        # Reports that the program could not send before it ended. It sends them when it starts, while
        # it reads its settings.
        queue = self.folder / "datareporting" / "glean" / "pending_pings"
        self.queued = {file.name for file in queue.iterdir()} if queue.exists() else set()
        options = ("--headless", "--no-remote", "--profile", self.folder)
        marionette = ("--marionette", "-remote-allow-system-access")
        return self.network.browser(self.program, *options, *marionette, port=2828)

    def use(self, browser):
        """Lets the user come back and leave again, after which the program reports."""
        for what in ("active", "inactive"):
            browser.run(f"Services.obs.notifyObservers(null, 'user-interaction-{what}')")
        browser.run(
            "GleanPings.usageDeletionRequest.setEnabled(true);"
            "GleanPings.usageDeletionRequest.submit('set_upload_enabled');"
        )
        self.network.wait_for(f"^POST .*/{MARKER}/")

    def sent(self):
        """The kinds of new reports that the program has sent."""
        sent = [line.split("/") for line in self.network.seen("^(POST|PUT) ")]
        # The last parts are the kind of the report, a version, and the report's identifier.
        return {line[-3] for line in sent if line[-1] not in self.queued} - {MARKER}

    def check(self, browser, expected, allowed):
        """The program sends the expected reports or, without any, only the allowed ones until it ends."""
        self.use(browser)
        for kind in expected:
            self.network.wait_for(f"^POST .*/{kind}/")
        browser.quit()
        if not expected:
            assert self.sent() <= allowed
        assert not self.network.seen("telemetry.(mozilla.org|thunderbird.net)|incoming-telemetry")


def typed(browser, network, words):
    """Whether the search engine is asked while the user types into the address bar, until the bar has
    all its suggestions."""
    done = browser.wait(
        """
        const [words, done] = arguments;
        const bar = Services.wm.getMostRecentWindow("navigator:browser").gURLBar;
        bar.search(words);
        bar.lastQueryContextPromise.then(context => done(context.searchString));
        """,
        words,
    )
    assert done == words
    return bool(network.seen(f"^GET .*/suggest.q={words}"))


def engine(port):
    place = f"http://127.0.0.1:{port}"
    engine = {
        "Name": "Test",
        "Method": "GET",
        "URLTemplate": f"{place}/search?q={{searchTerms}}",
        "SuggestURLTemplate": f"{place}/suggest?q={{searchTerms}}",
    }
    return {"SearchEngines": {"Add": [engine], "Default": "Test"}}


def decide(session, on, *choices):
    for choice in choices:
        # The computer that runs the tests stays as it is.
        done = session.ctl("set", choice, "on" if on else "off", "--only-me")
        assert done.returncode == 0, done.stderr


@pytest.mark.proof("firefox-usage", "traffic")
@pytest.mark.proof("firefox-search-suggestions", "traffic")
@pytest.mark.proof("firefox-crash-reports", "program")
def test_firefox_sends_what_the_choices_allow_and_nothing_else_of_it(session):
    profile = Profile(session, "firefox-esr", ".mozilla/firefox", engine)
    network = profile.network
    choices = ("usage-statistics", "search-suggestions", "error-reports")
    for number, on in enumerate((True, False, True)):
        decide(session, on, *choices)
        browser = profile.start()
        for names in (USAGE, SUGGESTIONS, CRASHES):
            assert browser.prefs(*names) == {name: (on, False) for name in names}
        assert typed(browser, network, f"words{number}") == on
        assert not session.reader(choices[0], "firefox-usage").get("pending")
        decide(session, not on, choices[0])
        assert session.reader(choices[0], "firefox-usage")["pending"], "it is running"
        profile.check(browser, ["usage-reporting", "baseline"] if on else [], {DELETION})
    assert (profile.folder / "user.js").read_text().startswith(profile.own)


@pytest.mark.proof("thunderbird-usage", "traffic")
def test_thunderbird_sends_reports_only_while_the_choice_is_on(session):
    profile = Profile(session, "thunderbird", ".thunderbird")
    assert session.reader("usage-statistics", "thunderbird-usage")["state"] == "on", "by default"
    allowed = set()
    for on in (False, True, False, False):
        decide(session, on, "usage-statistics")
        browser = profile.start()
        assert browser.prefs(USAGE[0]) == {USAGE[0]: (on, False)}
        profile.check(browser, ["baseline", "health", "addons"] if on else [], allowed)
        # Once, after it was on.
        allowed = {DELETION} if on else set()


def test_a_reset_of_a_closed_firefox_brings_debians_defaults_back(session):
    profile = Profile(session, "firefox-esr", ".mozilla/firefox")
    decide(session, False, "usage-statistics")
    profile.start().quit()
    assert USAGE[1] in (profile.folder / "prefs.js").read_text(), "Firefox has copied it"
    assert session.ctl("reset", "usage-statistics").returncode == 0
    browser = profile.start()
    values = [value for value, _ in browser.prefs(*USAGE).values()]
    assert values == [False, True, True]
    profile.check(browser, ["usage-reporting"], set())


def test_what_policies_of_firefox_decide_is_what_its_readers_say(session):
    policies = {
        "DisableTelemetry": True,
        "DisableFirefoxStudies": True,
        "SearchSuggestEnabled": False,
    }
    profile = Profile(session, "firefox-esr", ".mozilla/firefox", lambda port: policies)
    # The session sees the computer’s files as Firefox does.
    session.wrap = ["bwrap", "--dev-bind", "/", "/", "--bind", str(session.root / "etc"), "/etc"]
    for choice, reader in (
        ("usage-statistics", "firefox-usage"),
        ("search-suggestions", "firefox-search-suggestions"),
    ):
        found = session.reader(choice, reader)
        assert (found["state"], found["locked"], found["origin"]) == ("off", True, "administrator")
    browser = profile.start()
    off = (False, True)
    assert browser.prefs(*SUGGESTIONS) == {name: off for name in SUGGESTIONS}
    assert browser.prefs(*USAGE[:2]) == {name: off for name in USAGE[:2]}
    assert not browser.run("return Services.policies.isAllowed('Shield')")
    profile.check(browser, [], set())


def test_of_the_systems_files_firefox_takes_the_first_by_name_unless_a_later_one_locks(session):
    profile = Profile(session, "firefox-esr", ".mozilla/firefox")
    etc = session.root / "etc" / "firefox-esr"
    a, b, c = "test.a", "test.b", "test.c"
    (etc / "00-test.js").write_text(
        f'pref("{a}", "first"); pref("{b}", "first"); pref("{c}", "first", locked);'
    )
    (etc / "zz-test.js").write_text(
        f'pref("{a}", "last"); pref("{b}", "last", locked); pref("{c}", "last", locked);'
    )
    browser = profile.start()
    assert browser.prefs(a, b, c) == {a: ("first", False), b: ("last", True), c: ("last", True)}
    browser.quit()


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "preset"])
def test_what_a_policy_of_the_panel_locks_firefox_locks_and_what_it_presets_users_can_change(session, locked):
    profile = Profile(session, "firefox-esr", ".mozilla/firefox")
    policy = session.root / "policy.toml"
    choices = ("usage-statistics", "search-suggestions", "error-reports")
    tables = [f'[choices.{choice}]\nstate = "off"\nlocked = {json.dumps(locked)}\n' for choice in choices]
    policy.write_text("".join(tables))
    session.wrap = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/run"]
    session.wrap += ["--bind", str(session.root / "etc"), "/etc"]
    done = session.ctl("policy", "apply", policy)
    assert (done.returncode, done.stderr) == (0, "")
    browser = profile.start()
    names = [*USAGE, *SUGGESTIONS, *CRASHES]
    assert browser.prefs(*names) == {name: (False, locked) for name in names}
    # What a user writes counts only without the lock.
    browser.run("for (const name of arguments[0]) Services.prefs.setBoolPref(name, true)", names)
    assert browser.prefs(*names) == {name: (not locked, locked) for name in names}
    browser.quit()
