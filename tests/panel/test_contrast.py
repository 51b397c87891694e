# SPDX-License-Identifier: GPL-3.0-or-later
"""The contrast of every text and every control on the screen, from screenshots."""

import time

import pytest
from support.contrast import CONTROL, TEXT, Picture
from support.harness import Session
from support.names import ACTIVITY, PRIVACY_SCHEMA, REPORTS, SCREEN
from support.screen import Panel
from support.whoopsie import Whoopsie

LOOKS = {
    "light": {"ADW_DEBUG_COLOR_SCHEME": "prefer-light"},
    "dark": {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"},
    "high contrast": {"ADW_DEBUG_HIGH_CONTRAST": "1"},
    "dark high contrast": {
        "ADW_DEBUG_COLOR_SCHEME": "prefer-dark",
        "ADW_DEBUG_HIGH_CONTRAST": "1",
    },
}


def steady(panel, page, path):
    """A screenshot of the panel with that page, when nothing moves."""
    before = None
    for _ in range(100):
        panel.picture(path)
        now = panel.boxes(page), path.read_bytes()
        if now == before:
            return Picture(path)
        before = now
        time.sleep(0.2)
    raise AssertionError("the picture does not come to rest")


def faint(panel, page, picture):
    """The texts and controls that are too faint, and the insensitive ones that don't say why."""
    for role, name, description, sensitive, x, y, width, height in panel.boxes(page):
        is_text = role == "label"
        if not sensitive:
            if role == "check box" and not description:
                yield f"{role} “{name}” does not say why"
            continue
        # The edge of a control may be just outside.
        margin = 0 if is_text else 2
        found = picture.contrast(x - margin, y - margin, width + 2 * margin, height + 2 * margin)
        least = TEXT if is_text else CONTROL
        if found is not None and found < least:
            yield f"{role} “{name}”: {found:.2f}:1, not {least}:1"


@pytest.mark.parametrize("look", LOOKS)
def test_every_text_and_control_stands_out_from_what_is_behind_it(look, tmp_path):
    with Session(screen=SCREEN, env=LOOKS[look], system_bus=True, animations=False) as session:
        Whoopsie(session)
        session.set(PRIVACY_SCHEMA, "remember-recent-files", "false")
        with Panel(session) as panel:
            panel.wait("all of it", lambda: panel.find(role="check box", name=REPORTS))
            size = ("640", "980")
            session.ask("xdotool", "windowsize", "--sync", panel.window(), *size)
            picture = steady(panel, "Privacy", tmp_path / "first.ppm")
            assert list(faint(panel, "Privacy", picture)) == []
            for choice, title in {"error-reports": REPORTS, "activity-history": ACTIVITY}.items():
                session.ask("privacy-panel", "--choice", choice)
                panel.wait("its page", lambda title=title: panel.find(role="frame", name=title))
                picture = steady(panel, title, tmp_path / f"{choice}.ppm")
                assert list(faint(panel, title, picture)) == []
