# SPDX-License-Identifier: GPL-3.0-or-later
"""The links in Markdown pages work, and the files and tests that the pages name exist."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from support.harness import SOURCE

# Files that are committed or new, without files of builds.
PAGES = subprocess.run(
    ["git", "-C", SOURCE, "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    capture_output=True,
    text=True,
    check=True,
).stdout.split()
# The pages where newcomers begin.
ENTRIES = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/security.md",
]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.M)
FOLDERS = ("contrib", "data", "docs", "fuzz", "help", "man", "po", "src", "tests")


def anchors(page):
    """The anchors of a page's headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_pages_that_newcomers_look_for_are_there():
    assert set(ENTRIES) <= set(PAGES)
    readme = (SOURCE / "README.md").read_text()
    for page in ENTRIES[1:]:
        assert f"]({page})" in readme


@pytest.mark.parametrize("name", PAGES)
def test_every_link_to_a_file_or_heading_leads_to_one(name):
    page = SOURCE / name
    for link in (found[0] or found[1] for found in LINK.findall(page.read_text())):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("name", ENTRIES)
def test_every_file_of_the_sources_that_is_named_exists(name):
    text = re.sub(r"^```.*?^```$", "", (SOURCE / name).read_text(), flags=re.M | re.S)
    named = [word for word in re.findall(r"`([\w./*-]+)`", text) if word.split("/")[0] in FOLDERS]
    for word in named:
        assert list(SOURCE.glob(word)), word


@pytest.mark.parametrize("name", ["architecture.md", "security.md"])
def test_every_file_of_tests_that_is_named_exists(name):
    named = re.findall(r"`(test_[\w*]+\.py)`", (SOURCE / "docs" / name).read_text())
    assert named
    for word in named:
        assert list((SOURCE / "tests").glob(f"*/{word}")), word


def test_every_test_that_proves_a_rule_of_security_exists():
    # A test's name is a sentence, and so has several underscores.
    named = re.findall(r"`(\w+(?:_\w+){3,})`", (SOURCE / "docs" / "security.md").read_text())
    assert len(named) > 20
    sources = [*SOURCE.glob("tests/*/test_*.py"), *SOURCE.glob("src/**/*.rs")]
    defined = re.findall(r"^ *(?:def|fn) (\w+)", "\n".join(map(Path.read_text, sources)), re.M)
    assert set(named) <= set(defined), set(named) - set(defined)


def test_the_architecture_names_every_folder_of_tests():
    text = (SOURCE / "docs" / "architecture.md").read_text()
    folders = {test.parent.name for test in (SOURCE / "tests").glob("*/test_*.py")}
    assert len(folders) > 5
    for folder in folders:
        assert f"`tests/{folder}`" in text, folder


def test_the_readme_has_the_table_of_all_readers():
    subprocess.run([SOURCE / "scripts" / "reader-table", "--check"], check=True)


# The proofs of readers, the weakest first.
PROOFS = ["source", "program", "traffic"]


def proofs():
    """The marks of tests that prove readers: each reader with its proofs."""
    found = {}
    for file in (SOURCE / "tests").glob("*/test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr="proof"), args=[reader, how]):
                    found.setdefault(ast.literal_eval(reader), set()).add(ast.literal_eval(how))
    return found


def test_every_reader_claims_the_strongest_proof_that_a_test_shows_and_no_other():
    tested = proofs()
    files = {file.stem: file for file in (SOURCE / "data" / "readers.d").glob("*.toml")}
    assert set(tested) <= set(files), "a test proves a reader that does not exist"
    for name, file in files.items():
        claimed = tomllib.loads(file.read_text()).get("proof")
        shown = max(tested.get(name, {"source"}), key=PROOFS.index)
        assert claimed == shown, f"{name} claims {claimed}; the tests show {shown}"


def test_no_line_of_a_document_is_longer_than_an_editor_shows():
    """lintian's very-long-line-length-in-source-file, which takes minutes to say so."""
    for file in (*(SOURCE / "docs").glob("*.md"), *SOURCE.glob("*.md"), SOURCE / "NEWS"):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            assert len(line.encode()) <= 512, f"{file.relative_to(SOURCE)}:{number}"
