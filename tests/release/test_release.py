# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/check-release compares all files that describe releases, and notices every way in which
they can disagree."""

import re
import subprocess

import pytest
from support.harness import SOURCE

CHECK = SOURCE / "scripts" / "check-release"
NEWS = "NEWS"
CARGO = "Cargo.toml"
METAINFO = "data/net.launchpad.PrivacyPanel.metainfo.xml.in"
CHANGELOG = "debian/changelog"

# Three releases, on which all files agree.
GOOD = {
    CARGO: '[package]\nname = "privacy-panel"\nversion = "1.2.0"\n',
    NEWS: (
        "Version 1.2.0\n~~~~~~~~~~~~~\nReleased: 2027-03-04\n\nFeatures:\n * More\n\n"
        "Version 1.1.0\n~~~~~~~~~~~~~\nReleased: 2027-02-03\n\n"
        "Version 1.0.0\n~~~~~~~~~~~~~\nReleased: 2027-01-02\n"
    ),
    METAINFO: (
        '<component><releases><release version="1.2.0" date="2027-03-04"/>'
        '<release version="1.1.0" date="2027-02-03"/>'
        '<release version="1.0.0" date="2027-01-02"/></releases></component>'
    ),
    CHANGELOG: (
        "privacy-panel (1.2.0-2) unstable; urgency=medium\n\n  * Newer.\n\n"
        " -- Maintainer <maintainer@example.org>  Fri, 05 Mar 2027 10:00:00 +0000\n\n"
        "privacy-panel (1.1.0-1) unstable; urgency=medium\n\n  * New.\n\n"
        " -- Maintainer <maintainer@example.org>  Wed, 03 Feb 2027 10:00:00 +0000\n"
    ),
}
RELEASED, NOT_YET = "Released: 2027-03-04", "Released: not yet"
TOLD = '<release version="1.2.0" date="2027-03-04"/>'


@pytest.fixture
def check(tmp_path):
    """Makes changes, each as (file, old, new), in a tree that agrees, and runs check-release."""

    def ask(*changes, without=()):
        files = dict(GOOD)
        for name, old, new in changes:
            assert old in files[name]
            files[name] = files[name].replace(old, new, 1)
        for name, text in files.items():
            if name not in without:
                (tmp_path / name).parent.mkdir(exist_ok=True)
                (tmp_path / name).write_text(text)
        return subprocess.run([CHECK, tmp_path], capture_output=True, text=True)

    return ask


def test_the_sources_agree():
    done = subprocess.run([CHECK], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_appstreamcli_reads_the_same_releases_in_news():
    command = ["appstreamcli", "news-to-metainfo", "--format", "text", SOURCE / NEWS, "-"]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = re.findall(r'version="(.*?)" date="(.*?)T', made)
    ours = re.findall(r"^Version (.*)\n~+\nReleased: (.*)$", (SOURCE / NEWS).read_text(), re.M)
    assert theirs == ours != []


def test_a_tree_in_which_all_agree_passes(check):
    done = check()
    assert (done.returncode, done.stderr) == (0, "")


def test_a_tree_without_any_packaging_passes(check):
    assert check(without=[CHANGELOG]).returncode == 0


@pytest.mark.parametrize(
    "changelog",
    [
        ("1.2.0-2) unstable", "1.2.0-1) UNRELEASED"),
        ("1.2.0-2) unstable", "1.1.0-1) unstable"),
    ],
    ids=["in-the-changelog-as-unreleased", "not-in-the-changelog-yet"],
)
def test_a_version_that_is_worked_on_is_not_in_the_metainfo(check, changelog):
    changes = [(NEWS, RELEASED, NOT_YET), (METAINFO, TOLD, ""), (CHANGELOG, *changelog)]
    assert check(*changes).returncode == 0


DISAGREEMENTS = {
    "another-version-in-cargo": [(CARGO, "1.2.0", "1.3.0")],
    "another-version-in-news": [(NEWS, "Version 1.2.0", "Version 1.2.1")],
    "another-version-in-the-metainfo": [(METAINFO, "1.2.0", "1.2.1")],
    "another-version-in-the-changelog": [(CHANGELOG, "1.2.0-2", "1.2.1-1")],
    "an-old-version-in-the-changelog": [(CHANGELOG, "1.2.0-2", "1.1.0-2")],
    "a-changelog-of-something-else": [(CHANGELOG, "privacy-panel (1.2", "privacy-plan (1.2")],
    "another-date-in-news": [(NEWS, RELEASED, "Released: 2027-03-03")],
    "another-date-in-the-metainfo": [(METAINFO, "2027-03-04", "2027-03-05")],
    "another-date-of-an-old-release": [(METAINFO, "2027-01-02", "2027-01-03")],
    "no-date-in-the-metainfo": [(METAINFO, ' date="2027-03-04"', "")],
    "no-date-in-news": [(NEWS, RELEASED, "Released: soon")],
    "no-release-line-in-news": [(NEWS, f"{RELEASED}\n", "")],
    "a-short-underline-in-news": [(NEWS, "~~~~~~~~~~~~~\n", "~~~\n")],
    "no-entry-in-news": [(NEWS, f"Version 1.{minor}.0", "") for minor in (2, 1, 0)],
    "an-old-release-missing-in-the-metainfo": [
        (METAINFO, '<release version="1.0.0" date="2027-01-02"/>', "")
    ],
    "a-release-missing-in-the-metainfo": [(METAINFO, TOLD, "")],
    "a-metainfo-that-is-none": [(METAINFO, "</component>", "")],
    "unreleased-in-news-and-told-to-software-centres": [(NEWS, RELEASED, NOT_YET)],
    "unreleased-in-news-and-in-a-distribution": [(NEWS, RELEASED, NOT_YET), (METAINFO, TOLD, "")],
    "an-old-version-unreleased-in-news": [(NEWS, "Released: 2027-02-03", NOT_YET)],
    "packaged-before-its-release": [(CHANGELOG, "Fri, 05 Mar 2027", "Wed, 03 Mar 2027")],
}


@pytest.mark.parametrize("changes", DISAGREEMENTS.values(), ids=DISAGREEMENTS)
def test_a_disagreement_fails_and_names_the_file(check, changes):
    done = check(*changes)
    assert done.returncode == 1
    place = re.match(r"scripts/check-release: (\S+?)[:,] ", done.stderr)
    assert place and place[1] in GOOD, done


@pytest.mark.parametrize("missing", [CARGO, NEWS, METAINFO])
def test_a_missing_file_fails(check, missing):
    done = check(without=[missing])
    assert done.returncode == 1
    assert done.stderr.startswith(f"scripts/check-release: {missing}: ")


@pytest.mark.parametrize("left", ["debian/control", "scripts/deb"])
def test_packaging_without_a_changelog_fails(check, tmp_path, left):
    (tmp_path / left).parent.mkdir()
    (tmp_path / left).write_text("")
    done = check(without=[CHANGELOG])
    assert done.returncode == 1
    assert done.stderr.startswith(f"scripts/check-release: {CHANGELOG}: ")
