# SPDX-License-Identifier: GPL-3.0-or-later
"""debian/ agrees with the sources about the choices and the crates."""

import re
import subprocess

from conftest import field
from rooms import SOURCE

DEBIAN = SOURCE / "debian"
ANSWERS = "leave-alone, on, off, on-locked, off-locked"


def choices():
    """The names of the choices in the program's source, in the panel's order."""
    text = (SOURCE / "src" / "choices" / "choice.rs").read_text()
    every = text[text.index("pub const ALL: &[Choice]") : text.index("\n];")]
    names = re.findall(r"^ {8}id: \"(.*)\",$", every, re.M)
    assert names and len(names) == every.count(" Choice {")
    return names


def templates():
    """The fields of each question, by the question's name."""
    text = re.sub(r"^#.*\n", "", (DEBIAN / "privacyctl.templates").read_text(), flags=re.M)
    found = {}
    for paragraph in text.strip().split("\n\n"):
        fields = dict(re.findall(r"^(\S+): (.*(?:\n .*)*)", paragraph, re.M))
        found[fields["Template"]] = fields
    return found


def test_every_choice_has_a_question_and_every_question_its_choice():
    assert list(templates()) == [f"privacyctl/{choice}" for choice in choices()]


def test_every_question_has_the_same_answers_and_leaves_the_choice_alone():
    for name, fields in templates().items():
        assert fields["Type"] == "select", name
        assert fields["Choices-C"] == ANSWERS, name
        assert fields["__Choices"].count(",") == ANSWERS.count(","), name
        assert fields["Default"] == "leave-alone", name


def test_a_question_is_called_as_the_choice_in_the_panel():
    text = (SOURCE / "src" / "choices" / "choice.rs").read_text()
    for choice in choices():
        title = re.search(rf'id: "{choice}",.*?title: noop\("(.*?)"\)', text, re.S)[1]
        asked = templates()[f"privacyctl/{choice}"]["_Description"].splitlines()[0]
        assert asked == f"{title}:"


def test_the_built_package_asks_for_each_choice_at_low_priority_and_no_other(packages, tmp_path):
    command = ["dpkg-deb", "--control", packages.ctl, tmp_path / "control"]
    subprocess.run(command, check=True)
    config = (tmp_path / "control" / "config").read_text()
    asked = re.findall(r"db_input (\S+) privacyctl/(\S+)", config)
    assert asked == [("low", choice) for choice in choices()]
    decided = (tmp_path / "control" / "postinst").read_text()
    assert re.findall(r"^    decision (\S+)$", decided, re.M) == choices()


def test_the_questions_are_translated_as_a_whole():
    translations = sorted((DEBIAN / "po").glob("*.po"))
    assert {"de", "he"} <= {file.stem for file in translations}
    for file in translations:
        command = ["msgfmt", "--check", "--statistics", "--output-file=/dev/null", file]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "untranslated" not in done.stderr and "fuzzy" not in done.stderr, done.stderr
        template = DEBIAN / "po" / "templates.pot"
        command = ["msgcmp", "--use-untranslated", file, template]
        subprocess.run(command, check=True)


def test_what_debian_copyright_says_of_the_crates_is_what_they_say():
    subprocess.run([SOURCE / "scripts" / "vendor", "--check"], check=True)
    subprocess.run([SOURCE / "scripts" / "copyright", "--check"], check=True)


def test_privacyctl_depends_on_nothing_of_a_desktop(packages):
    depends = field(packages.ctl, "Depends")
    for name in ("gtk", "adwaita", "libx11", "wayland", "pango", "cairo"):
        assert name not in depends
    assert "dconf-cli" in depends and "dconf-gsettings-backend" in depends
    assert f"privacyctl (= {field(packages.ctl, 'Version')})" in field(packages.panel, "Depends")
