# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel and privacyctl in other languages, one of them written from right to left."""

import pytest
from harness import Panel, Session, make_locale

# Language, locale, the switch, and what privacyctl says first.
LANGUAGES = [
    ("de", "de_DE", "Suchergebnisse aus dem Internet einbeziehen", "Aus. Vorgabe."),
    ("he", "he_IL", "הכללת תוצאות חיפוש מקוונות", "כבוי. נקבע כברירת מחדל."),
]


@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    """The variables of each of these languages."""
    folder = tmp_path_factory.mktemp("locales")
    return {locale: make_locale(folder, locale) for _, locale, *_ in LANGUAGES}


@pytest.mark.parametrize(("language", "locale", "title", "answer"), LANGUAGES)
def test_the_panel_and_privacyctl_speak_the_persons_language(
    locales, language, locale, title, answer
):
    with Session(screen="800x700x24", env=locales[locale]) as session:
        assert f"{title}: {answer}" in session.ask("privacyctl", "status")
        # Words for programs are the same everywhere.
        assert session.ask("privacyctl", "get", "online-search") == "off"
        with Panel(session, window={"de": "Datenschutz", "he": "פרטיות"}[language]) as panel:
            panel.toggle(title)
            panel.wait_on(title)
            assert session.libunity() == "all"
