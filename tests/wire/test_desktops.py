# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of desktops in a closed network: what they send while a choice is on, and that they send nothing
of it while it is off."""

import json
import time

import pytest
from support.harness import wait_for
from support.wire import ClosedNetwork

CHOICE = "usage-statistics"


def sends(session, network, command, request, window, took=None):
    """Whether a program sends a request, and how long that took. Without one, the program has twice
    as long as it took before, from when its window is there."""
    network.forget()
    begin = time.monotonic()
    number = network.start(*command)
    if took is None:
        network.wait_for(request, seconds=180)
    else:
        session.wait_for_window(window)
        time.sleep(2 * took)
    took = time.monotonic() - begin
    network.stop(number)
    return bool(network.seen(request)), took


def check(session, network, command, server, request, window, prepare):
    """Returns what the program asked any server for while the choice was off."""
    took = None
    for on in (True, False, True):
        done = session.ctl("set", CHOICE, "on" if on else "off", "--only-me")
        assert done.returncode == 0, done.stderr
        prepare()
        sent, time_taken = sends(
            session, network, command, f"{request}$", window, None if on else took
        )
        took = time_taken if on else took
        assert sent == on
        assert bool(network.seen(f"^(NAME|TLS) {server}$")) == on


@pytest.mark.session(system_bus=True)
@pytest.mark.proof("kde-plasma-feedback", "traffic")
def test_plasma_sends_feedback_at_its_start_only_while_the_choice_is_on(screen):
    network = ClosedNetwork(screen)
    screen.unmask("kde-plasma-feedback")
    assert screen.reader(CHOICE, "kde-plasma-feedback")["state"] == "off", "by default"
    own = screen.config / "kde.org" / "UserFeedback.org.kde.plasmashell.conf"
    request = "^POST telemetry.kde.org /receiver/submit/org.kde.plasmashell"
    check(
        *(screen, network, ("plasmashell", "--no-respawn"), "telemetry.kde.org", request, "plasmashell"),
        # The time of the last feedback. The next one would be due after a week.
        lambda: own.unlink(missing_ok=True),
    )
    (body,) = network.bodies(request)
    assert set(json.loads(body)) >= {"applicationVersion", "platform", "qtVersion"}


@pytest.mark.proof("kde-app-feedback", "traffic")
def test_an_app_of_kde_sends_feedback_only_while_the_choice_is_on(screen):
    network = ClosedNetwork(screen)
    screen.unmask("kde-app-feedback")
    command = ("UserFeedbackConsole",)
    own = screen.config / "KDE" / "UserFeedback.org.kde.UserFeedbackConsole.conf"
    # It makes its file when it starts for the first time.
    number = network.start(*command)
    wait_for("its file", own.exists, seconds=60)
    network.stop(number)
    assert screen.reader(CHOICE, "kde-app-feedback")["state"] == "off", "by default"

    def forget():
        """The time of the last feedback. The next one would be due after some days."""
        lines = own.read_text().splitlines(keepends=True)
        own.write_text("".join(line for line in lines if "LastSubmission" not in line))

    request = "^POST telemetry.kde.org /receiver/submit/org.kde.UserFeedbackConsole"
    check(screen, network, command, "telemetry.kde.org", request, "UserFeedbackConsole", forget)
    (body,) = network.bodies(request)
    assert set(json.loads(body)) >= {"applicationVersion", "platform"}


@pytest.mark.session(system_bus=True)
@pytest.mark.proof("gnome-software-reviews", "traffic")
def test_gnome_software_asks_for_ratings_of_apps_only_while_the_choice_is_on(screen):
    network = ClosedNetwork(screen, card=True)
    screen.unmask("gnome-software-reviews")
    assert screen.reader(CHOICE, "gnome-software-reviews")["state"] == "on", "by default"
    cached = screen.root / "cache" / "gnome-software"

    def forget():
        """The ratings count for a day."""
        for file in cached.glob("odrs/*"):
            file.unlink()

    request = "^GET odrs.gnome.org /1.0/reviews/api/ratings"
    check(screen, network, ("gnome-software",), "odrs.gnome.org", request, "gnome.software", forget)
