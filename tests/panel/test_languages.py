# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel and privacyctl in other languages, one of them right-to-left."""

import pytest
from support.harness import Session, make_locale, wait_for
from support.names import CHOICES, PRIVACY_SCHEMA
from support.screen import Panel, enlarge_text

# Language, locale, the label of the switch, and the first words of privacyctl.
LANGUAGES = [
    ("de", "de_DE", "Suchergebnisse aus dem Internet einbeziehen", "Aus. Vorgabe."),
    ("he", "he_IL", "הכללת תוצאות חיפוש מקוונות", "כבוי. נקבע כברירת מחדל."),
]


@pytest.fixture(scope="module")
def locales():
    """The environment variables of each language."""
    return {locale: make_locale(locale) for _, locale, *_ in LANGUAGES}


@pytest.mark.parametrize(("language", "locale", "title", "answer"), LANGUAGES)
def test_the_panel_and_privacyctl_speak_the_persons_language(
    locales, language, locale, title, answer
):
    with Session(screen="800x700x24", env=locales[locale]) as session:
        assert f"{title}: {answer}" in session.ask("privacyctl", "status")
        # Output for programs is the same in every language.
        assert session.ask("privacyctl", "get", "online-search") == "off"
        with Panel(session, window={"de": "Datenschutz", "he": "פרטיות"}[language]) as panel:
            panel.toggle(title)
            panel.wait_on(title)
            wait_for("it is saved", lambda: session.libunity() == "all")


# The width of the window, and the dots per inch of the text.
SHAPES = [("800", 96), ("640", 96), ("360", 96), ("800", 192)]


@pytest.mark.parametrize(("width", "dpi"), SHAPES)
@pytest.mark.parametrize("locale", ["he_IL", "de_DE"])
def test_nothing_sticks_out_of_a_row_whatever_scripts_are_mixed_in_it(
    locales, locale, width, dpi
):
    with Session(screen="800x2000x24", env=locales[locale], animations=False) as session:
        enlarge_text(session, dpi)
        # Programs that differ, with names in two scripts: this text once did not fit.
        session.set(PRIVACY_SCHEMA, "remember-recent-files", "false")
        session.add_reader("zeitgeist", "")
        window = {"de_DE": "Datenschutz", "he_IL": "פרטיות"}[locale]
        with Panel(session, window=window) as panel:
            session.ask("xdotool", "windowsize", "--sync", panel.window(), width, 1990)
            panel.wait("all of it", lambda: len(panel.find(role="check box")) == len(CHOICES))
            panel.wait("its size", lambda: panel.width() == int(width))
            panel.wait("its layout", lambda: panel.sticking_out() == [])
            session.ask("privacy-panel", "--choice", "activity-history")
            panel.wait("the page", lambda: panel.says("(GTK)"))
            panel.wait("its layout", lambda: panel.sticking_out() == [])
