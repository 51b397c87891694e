# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual agrees with the programs' help, describes every field of every file, and has examples
that work."""

import json
import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest
from support.computer import DATABASE, NOBODY, POLICY, READERS, Computer
from support.crashes import Crashes, give_away, packed, text
from support.harness import INSTALLED, SOURCE, Session
from support.names import PANEL_SCHEMA, UNITY_SCHEMA
from support.whoopsie import Whoopsie

FOLDER = SOURCE / "man"
PAGES = ["privacy-panel.1", "privacyctl.1", "privacy-panel-policy.5", "privacy-panel-readers.5"]
COMMON = {"-h", "--help"}


class Page:
    """A page as mandoc parses it."""

    def __init__(self, name):
        made = subprocess.run(
            ["mandoc", "-T", "html", "-O", "fragment", FOLDER / name],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        self.tree = ElementTree.fromstring(f"<page>{made}</page>")

    def section(self, title):
        """The section or subsection whose heading begins with that."""
        for section in self.tree.iter("section"):
            heading = section.find("h1") if section.find("h1") is not None else section.find("h2")
            if words(heading).startswith(title):
                return section
        raise AssertionError(f"no section “{title}”")

    def examples(self):
        return ["".join(block.itertext()).strip("\n") + "\n" for block in self.tree.iter("pre")]

    def text(self):
        return words(self.tree)


def words(element):
    """The text of an element, on one line."""
    return " ".join("".join(element.itertext()).split())


def entries(section):
    """The entries of the lists in a section, each with its heading and its text. Several headings
    in a row share the text below them."""
    found = []
    for listing in section.iter("dl"):
        headings = []
        for child in listing:
            if child.tag == "dt":
                headings.append(child)
            elif words(child):
                found += [(heading, words(child)) for heading in headings]
                headings = []
        assert not headings, "a heading without a text"
    return found


def marked(element, kind):
    """The words with a macro, such as Fl for options, in order."""
    return [words(found) for found in element.iter() if found.get("class") == kind]


@pytest.fixture(scope="module")
def session():
    with Session() as session:
        yield session


@pytest.fixture(scope="module")
def page():
    pages = {name: Page(name) for name in PAGES}
    return pages.__getitem__


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_installed_and_man_shows_it(name):
    stem, section = name.rsplit(".", 1)
    installed = INSTALLED / "share" / "man"
    done = subprocess.run(
        ["man", "-M", installed, section, stem], capture_output=True, text=True, check=True
    )
    assert f"{stem.upper()}({section})" in done.stdout
    assert (installed / f"man{section}" / name).exists()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_has_every_choice(session, page, name):
    known = re.search(r"possible values: (.*)\]", session.ctl("get", "?").stderr)[1].split(", ")
    assert len(known) >= 4
    told = page(name).text()
    for choice in known:
        assert re.search(rf"(?<![\w-]){choice}(?![\w-])", told), choice


def test_there_is_no_page_that_is_not_looked_at_here():
    assert {path.name for path in FOLDER.glob("*.[0-9]")} == set(PAGES)


def test_pages_of_ours_that_others_refer_to_exist(page):
    for name in PAGES:
        for reference in marked(page(name).tree, "Xr"):
            stem, section = re.fullmatch(r"(.*)\((.)\)", reference).groups()
            if stem.startswith("privacy"):
                assert f"{stem}.{section}" in PAGES, f"{name}: {reference}"


# privacyctl


class Help:
    """The help of a command and its subcommands."""

    def __init__(self, session, path=()):
        text = session.ask("privacyctl", *path, "--help", env={"COLUMNS": "1000"})
        self.about, rest = text.split("\n", 1)
        self.path = path
        parts = {None: []}
        part = None
        for line in rest.splitlines():
            if re.fullmatch(r"[A-Z]\w+:", line):
                part = line.strip(":")
                parts[part] = []
            elif line.strip():
                parts[part].append(line)
        self.usage = " ".join(parts[None])
        self.options = {}
        for line in parts.get("Options", []):
            entry = re.match(r"\s+(-.*?)(?:  +(.*))?$", line)
            if entry:
                names = tuple(re.findall(r"--?[\w-]+", entry[1]))
                self.options[names] = entry[2]
            elif self.options:
                # On a narrow terminal, the text about an option is below it.
                last = list(self.options)[-1]
                self.options[last] = self.options[last] or line.strip()
        self.commands = {}
        for line in parts.get("Commands", []):
            name, about = re.match(r"  (\S+) +(.*)$", line).groups()
            self.commands[name] = about

    def names(self):
        """Every name of an option, except the options of all commands."""
        return {name for names in self.options for name in names} - COMMON

    def arguments(self):
        """The arguments of a command, except subcommands and values of options."""
        usage = self.usage.split("[OPTIONS]")[-1]
        return [word for word in re.findall(r"[<\[]([A-Z]+)[>\]]", usage) if word != "COMMAND"]


def walk(session, path=()):
    """The help of all commands except `help` itself."""
    help_ = Help(session, path)
    yield help_
    for name in help_.commands:
        if name != "help":
            yield from walk(session, (*path, name))


@pytest.fixture(scope="module")
def helps(session):
    return {" ".join(help_.path): help_ for help_ in walk(session)}


def commands_on(page):
    """The entries of commands: the words before the first option or argument."""
    found = {}
    for heading, text in entries(page.section("Commands")):
        names = " ".join(marked(heading, "Cm"))
        assert names not in found
        found[names] = heading, text
    return found


def test_every_command_of_the_help_is_on_the_page_and_the_other_way_round(helps, page):
    assert len(helps) > 12
    on_page = set(commands_on(page("privacyctl.1")))
    assert on_page - {"help"} == set(helps) - {""}
    assert "help" in on_page and "help" in helps[""].commands


def test_every_command_is_described_in_the_words_of_the_help(helps, page):
    about = {**helps[""].commands}
    for name, help_ in helps.items():
        about |= {f"{name} {below}".strip(): text for below, text in help_.commands.items()}
    for name, (_, text) in commands_on(page("privacyctl.1")).items():
        assert text.startswith(f"{about[name]}."), name


def test_every_command_has_the_options_and_arguments_of_its_help(helps, page):
    for name, (heading, _) in commands_on(page("privacyctl.1")).items():
        if name == "help":
            continue
        assert set(marked(heading, "Fl")) == helps[name].names(), name
        values = {words.rstrip(". ") for words in marked(heading, "Ar")} - {"DIR", "NAME"}
        assert values == set(helps[name].arguments()), name


def test_the_synopsis_has_every_command_with_its_options(helps, page):
    section = page("privacyctl.1").section("SYNOPSIS")
    found = {}
    for row in section.iter("tr"):
        # `status` is optional; the page writes it.
        found[" ".join(marked(row, "Cm"))] = set(marked(row, "Fl"))
    found.pop("help")
    leaves = {name: help_.names() for name, help_ in helps.items() if not help_.commands}
    # It is a command of its own, and has subcommands.
    leaves["history"] = helps["history"].names()
    assert found == leaves


def test_every_option_is_described_in_the_words_of_the_help(helps, page):
    described = {
        tuple(marked(heading, "Fl")): text
        for heading, text in entries(page("privacyctl.1").section("Options"))
    }
    all_options = {}
    for help_ in helps.values():
        for names, text in help_.options.items():
            # Some have a longer help, and say so in brackets.
            text = re.sub(r" \(see .*\)$", "", text)
            all_options.setdefault(names, set()).add(text)
    assert set(described) == set(all_options)
    for names, text in described.items():
        # Some have another meaning for another command.
        assert all(f"{told}." in text for told in all_options[names]), names


def test_the_words_that_an_argument_takes_are_on_the_page(session, page):
    taken = []
    for command in (["get", "?"], ["set", "online-search", "?"], ["completions", "?"]):
        said = session.ctl(*command).stderr
        (values,) = re.findall(r"possible values: (.*)\]", said)
        taken += values.split(", ")
    assert {"online-search", "error-reports", "on", "off", "bash", "zsh"} <= set(taken)
    known = set(marked(page("privacyctl.1").tree, "Cm"))
    assert set(taken) <= known


def test_the_exit_statuses_are_those_of_the_help(session, page):
    (told,) = re.findall(
        r"^Exit status: (.*)\.$", session.ask("privacyctl", "--help", env={"COLUMNS": "1000"}), re.M
    )
    found = entries(page("privacyctl.1").section("EXIT STATUS"))
    assert [f"{words(heading)} {text}" for heading, text in found] == told.split("; ")


def keys(value):
    """The names of all fields in JSON."""
    if isinstance(value, dict):
        return set(value) | {name for inner in value.values() for name in keys(inner)}
    if isinstance(value, list):
        return {name for inner in value for name in keys(inner)}
    return set()


BROKEN_READER = 'name = "Broken"\nnonsense = 1\n'
# The schema has no such key: the reader has a problem.
READER_WITH_A_PROBLEM = (
    'name = "Problem"\nchoice = "error-reports"\n[gsettings]\n'
    f'schema = "{PANEL_SCHEMA}"\npath = "/net/launchpad/PrivacyPanel/"\nkey = "no-such-key"\n'
    'on = "true"\noff = "false"\n'
)


def test_every_field_of_the_json_is_on_the_page_and_the_other_way_round(page):
    def on_page(title):
        listed = entries(page("privacyctl.1").section(title))
        return {words(heading) for heading, _ in listed}

    with Session() as session:
        session.add_reader("broken", BROKEN_READER)
        session.add_reader("problem", READER_WITH_A_PROBLEM)
        status = keys(json.loads(session.ask("privacyctl", "status", "--json")))
        # A mistake is exit status 2.
        readers = keys(json.loads(session.ctl("readers", "--json").stdout))
    with Computer() as computer:
        # Its key is of another type.
        reader = READER_WITH_A_PROBLEM.replace("no-such-key", "online-search")
        reader = reader.replace('"true"', '"1"').replace('"false"', '"0"')
        computer.write(READERS / "problem.toml", reader)
        policy = '[organisation]\nname = "Example"\n[choices.error-reports]\nstate = "on"\n'
        computer.write(POLICY, policy)
        # Another database overrules the policy, and another profile leaves it out.
        key = "org/gnome/desktop/privacy", "report-technical-problems"
        computer.administrator("[{}]\n{}=false\n".format(*key), ["/" + "/".join(key)])
        computer.write("/etc/dconf/profile/other", "user-db:user\n")
        computer.policy("apply")
        policy = keys(json.loads(computer.policy("status", "--json").stdout))
    first, second, third = (
        on_page(title) for title in ("What status and watch", "What readers", "What policy status")
    )
    assert status - {"contact", "name", "organisation"} <= first
    assert first <= status | {"contact"}
    assert second <= readers <= first | second
    assert third <= policy <= first | third


def test_every_field_of_the_reports_json_is_on_the_page_and_the_other_way_round(page, tmp_path):
    crashes = Crashes(tmp_path)
    crashes.add("/usr/bin/x", text("/usr/bin/x", packed("Core", bytes(1000))))
    (crashes.var / "lib" / "apport" / "coredump").mkdir(parents=True, mode=0o700)
    give_away(crashes.var / "lib" / "apport" / "coredump", 0o700)
    with crashes.session(bus=False) as session:
        # A folder without permission to read gives exit status 1.
        found = keys(json.loads(session.ctl("reports", "list", "--json").stdout))
        found |= keys(json.loads(session.ask("privacyctl", "reports", "show", "--json", "apport:_usr_bin_x.1000")))
    listed = entries(page("privacyctl.1").section("What reports"))
    assert {words(heading) for heading, _ in listed} == found


# The panel


def test_the_panels_options_are_those_of_its_help_in_the_same_words(session, page):
    told = {}
    for line in session.ask("privacy-panel", "--help-all").splitlines():
        entry = re.match(r"  (-.*?)  +(.*)$", line)
        if entry:
            told[tuple(re.findall(r"--?[\w-]+", entry[1]))] = entry[2]
    assert ("-c", "--choice") in told and ("--gapplication-service",) in told
    described = {
        tuple(marked(heading, "Fl")): text
        for heading, text in entries(page("privacy-panel.1").section("DESCRIPTION"))
    }
    assert set(described) == set(told)
    for names, text in described.items():
        assert text.startswith(f"{told[names]}."), names


def test_the_panels_exit_statuses_are_the_pages(session, page):
    listed = [words(heading) for heading, _ in entries(page("privacy-panel.1").section("EXIT STATUS"))]
    assert listed == ["0", "1", "2"]
    assert session.run("privacy-panel", "--version").returncode == 0
    assert session.run("privacy-panel", "--choice=nonsense").returncode == 2
    without_display = session.run("privacy-panel", env={"DISPLAY": ""})
    assert without_display.returncode == 1
    assert session.run("privacy-panel", "--nonsense").returncode == 1


# The programs tell the fields of the files: the error about an unknown field lists the known
# ones, table by table. So these tests find a new field that no page describes.


def policy_fields(session, path=()):
    """The fields of a policy by their full names."""
    file = session.root / "policy.toml"
    file.write_text(f"{'.'.join((*path, 'nonsense'))} = 1\n")
    said = session.ctl("policy", "check", file).stderr
    known = re.search(r"unknown (\w+) “nonsense”; expected one of: ([\w, -]+?)(?:\.|$)", said, re.M)
    if not known:
        return {".".join(path)}
    names = known[2].split(", ")
    if known[1] == "choice":
        # All have the same fields.
        found = [policy_fields(session, (*path, name)) for name in names]
        prefix = ".".join(path)
        generic = [
            {name.replace(f"{prefix}.{choice}.", f"{prefix}.CHOICE.") for name in fields}
            for choice, fields in zip(names, found)
        ]
        assert all(fields == generic[0] for fields in generic)
        return generic[0]
    return {field for name in names for field in policy_fields(session, (*path, name))}


def test_every_field_of_a_policy_is_on_its_page_and_the_other_way_round(session, page):
    known = policy_fields(session)
    assert {"organisation.name", "choices.CHOICE.state"} <= known
    listed = page("privacy-panel-policy.5").section("FORMAT")
    described = {words(heading) for heading, _ in entries(listed) if marked(heading, "Va")}
    assert described == known


def test_the_words_that_a_policys_fields_take_are_on_its_page(session, page):
    listed = entries(page("privacy-panel-policy.5").section("FORMAT"))
    described = {words(heading): text for heading, text in listed}
    file = session.root / "policy.toml"
    for field in ("state", "lists"):
        file.write_text(
            f'[choices.online-search]\nlocked = true\n{field} = "nonsense"\n'
            + ('state = "off"\n' if field != "state" else "")
        )
        said = session.ctl("policy", "check", file).stderr
        taken = re.findall("“(.*?)”", said.split("; expected ")[1])
        assert len(taken) >= 2
        for word in taken:
            assert f"‘\"{word}\"’" in described[f"choices.CHOICE.{field}"], word


def reader_fields(session, path=(), levels=()):
    """The fields of a reader file by their full names. `levels` says for each table above whether
    the file has it once or any number of times."""
    text = ""
    for at, brackets in enumerate(levels, 1):
        name = ".".join(path[:at])
        text += f"[[{name}]]\n" if brackets == 2 else f"[{name}]\n"
    session.add_reader("asked", f"{text}nonsense = 1\n")
    said = session.ctl("readers").stderr
    known = re.search(r"unknown field `nonsense`, expected (.*)\. It was left out", said)
    if not known:
        return None
    found = {".".join(path)} if path else set()
    for name in re.findall("`(.*?)`", known[1]):
        below = (*path, name)
        inner = [reader_fields(session, below, (*levels, brackets)) for brackets in (1, 2)]
        found |= next((fields for fields in inner if fields), {".".join(below)})
    return found


def test_every_field_of_a_reader_file_is_on_its_page_and_the_other_way_round(page):
    with Session(bus=False) as session:
        known = reader_fields(session)
    assert {"name", "gsettings.on", "gsettings-list.only-if.setting.value"} <= known
    described = set()
    for section in page("privacy-panel-readers.5").section("FORMAT").iter("section"):
        heading = section.find("h2")
        if heading is None:
            continue
        table = re.match(r"\[+(.*?)\]", words(heading))
        prefix = f"{table[1]}." if table else ""
        described |= {
            f"{prefix}{words(entry)}" for entry, _ in entries(section) if marked(entry, "Va")
        }
    assert described == known


READER = """name = "Asked"
choice = "error-reports"
programs = ["/bin/sh"]
[file]
format = "{format}"
files = ["asked"]
key = "key"
on = true
off = false
missing = "on"
[[policy]]
place = "{place}"
key = "key"
off = true
"""


@pytest.mark.parametrize(
    ("field", "section", "entry", "heading"),
    [
        ("format", "[file]", "format", "### Formats"),
        ("place", "Fields of every file", "policy.place", "## For all users"),
    ],
)
def test_every_format_and_place_of_reader_files_is_on_both_pages(
    page, field, section, entry, heading
):
    with Session(bus=False) as session:
        session.add_reader("asked", READER.format(**{"format": "toml", "place": "dconf", field: "?"}))
        said = session.ctl("readers").stderr
    known = re.search(rf"unknown {field} “\?”; expected one of: (.*?)\. It was left out", said)[1]
    (manual,) = [
        text
        for found in page("privacy-panel-readers.5").section("FORMAT").iter("section")
        if found.find("h2") is not None and words(found.find("h2")).startswith(section)
        for name, text in entries(found)
        if words(name) == entry
    ]
    guide = (SOURCE / "docs" / "readers.md").read_text().split(f"\n{heading}", 1)[1]
    guide = guide.split("\n##", 1)[0]
    assert len(known.split(", ")) >= 14
    assert set(known.split(", ")) == set(re.findall("‘\"(.*?)\"’", manual))
    table = "\n".join(line.split(" | ")[0] for line in guide.splitlines() if line.startswith('| `"'))
    assert set(known.split(", ")) == set(re.findall('`"(.*?)"`', table))


# Examples


def test_every_example_of_a_policy_has_no_mistakes(session, page):
    examples = page("privacy-panel-policy.5").examples()
    assert len(examples) == 2
    file = session.root / "policy.toml"
    for text in examples:
        file.write_text(text)
        done = session.ctl("policy", "check", file)
        assert (done.returncode, done.stderr) == (0, ""), text


def test_every_example_of_a_reader_file_loads(page):
    examples = page("privacy-panel-readers.5").examples()
    assert len(examples) == 2
    with Session(bus=False) as session:
        for number, text in enumerate(examples):
            session.add_reader(f"page-{number}", text)
        done = session.ctl("readers")
    assert (done.returncode, done.stderr) == (0, "")
    for number in range(len(examples)):
        assert f"page-{number} " in done.stdout


def test_every_example_of_a_command_does_what_the_page_says(page):
    examples = page("privacyctl.1").examples()
    commands = [part for text in examples for part in re.split(r"^[$#] ", text, flags=re.M)[1:]]
    with Computer() as computer:
        session = computer.session
        session.set(UNITY_SCHEMA, "remote-content-search", "all")
        computer.write(POLICY, '[choices.error-reports]\nstate = "off"\nlocked = true\n')
        printed = {}
        for number, command in enumerate(commands):
            if number == 1:
                session.set(UNITY_SCHEMA, "remote-content-search", "all")
            done = session.run("sh", "-c", command)
            assert (done.returncode, done.stderr) == (0, ""), (command, done)
            printed[command] = done.stdout
    texts = list(printed.values())
    assert len(texts) == 8
    assert texts[1] == "nothing is sent\n"
    assert texts[2] == "Unity Dash\n"
    assert texts[4].endswith("\nchanged\n") and texts[5].endswith("\nchanged\n")
    assert texts[7] == "changed\n"


def test_the_example_of_the_panel_names_a_choice_that_it_takes(session, page):
    (example,) = page("privacy-panel.1").examples()
    # Without a display, it says so before anything else if its options are valid.
    done = session.run("sh", "-c", example.removeprefix("$ "), env={"DISPLAY": ""})
    assert done.returncode == 1
    assert "no display" in done.stderr


# The environment


def finds_a_reader_below(variable, folder):
    """Whether privacyctl finds reader files in a folder that the variable names."""
    with Session(bus=False) as session:
        place = session.root / "place"
        below = place / folder / "readers.d"
        below.mkdir(parents=True)
        (below / "found.toml").write_text(READER_WITH_A_PROBLEM)
        # HOME counts only if no other variable names the configuration folder.
        unset = {"XDG_CONFIG_HOME": ""} if variable == "HOME" else {}
        listed = session.ask("privacyctl", "readers", env=unset)
        assert "found " not in listed
        return "found " in session.ask("privacyctl", "readers", env={**unset, variable: str(place)})


def changes(variable, one, other, command=("privacyctl", "status"), **env):
    """Whether the output of a command differs between two values of the variable. An empty value
    leaves the variable as it is; SESSION stands for the session's folder."""
    with Session() as session:
        # The files that a value can name.
        (session.root / "schemas").mkdir()
        (session.root / "profile").write_text("user-db:another\n")
        session.set(PANEL_SCHEMA, "online-search", "true")
        said = set()
        for value in (one, other):
            value = value.replace("SESSION", str(session.root))
            done = session.run(*command, env={**env, variable: value} if value else env)
            said.add((done.stdout, done.stderr))
        return len(said) == 2


def speaks_german(variable, value, **others):
    with Session() as session:
        env = {"LC_ALL": "", "LANG": "", **others}
        before = session.ask("privacyctl", "status", env=env)
        after = session.ask("privacyctl", "status", env={**env, variable: value})
        return "Vorgabe" not in before and "Vorgabe" in after


def policy_says(words, user=(), **env):
    """Whether “policy status” fails for that reason with these variables."""
    with Computer(profile="user-db:user\n") as computer:
        computer.write(POLICY, '[choices.error-reports]\nstate = "off"\n')
        computer.write(DATABASE, "")
        computer.root.chmod(0o755)
        program = computer.file("/run/privacyctl")
        shutil.copy(INSTALLED / "bin" / "privacyctl", program)
        variables = [f"{name}={value}" for name, value in env.items()]
        done = computer.session.run(*user, "env", *variables, "/run/privacyctl", "policy", "status")
        return done.returncode == 4 and words in done.stderr


def takes_a_vendors_default():
    with Session() as session:
        folder = session.root / "schemas"
        shutil.copytree(SCHEMAS, folder)
        override = f"[{PANEL_SCHEMA}:KDE]\nerror-reports=true\n"
        (folder / "vendor.gschema.override").write_text(override)
        session.ask("glib-compile-schemas", folder)
        session.env["GSETTINGS_SCHEMA_DIR"] = str(folder)
        states = [
            session.reader("error-reports", "privacy-panel", env={"XDG_CURRENT_DESKTOP": name})["state"]
            for name in ("GNOME", "KDE")
        ]
        return states == ["off", "on"]


def services_are_found_and_dconf_is_told():
    with Session(system_bus=True) as session:
        Whoopsie(session, ReportCrashes=True)
        with_bus = session.reader("error-reports", "whoopsie-error-reports")
        without = session.reader(
            "error-reports", "whoopsie-error-reports", env={"DBUS_SYSTEM_BUS_ADDRESS": NO_BUS}
        )
    with Computer() as computer:
        computer.write(POLICY, '[choices.error-reports]\nstate = "off"\n')
        script = 'echo "$DBUS_SYSTEM_BUS_ADDRESS" >&2; exit 1'
        said = computer.with_dconf(script, "privacyctl", "policy", "apply").stderr
        passed_on = computer.session.env["DBUS_SYSTEM_BUS_ADDRESS"] in said
    return (with_bus["state"], without["installed"], passed_on) == ("on", False, True)


NO_BUS = "unix:path=/nonexistent"
SET = ("privacyctl", "set", "error-reports", "on")
GERMAN = {"LANGUAGE": "de"}
SCHEMAS = str(INSTALLED / "share" / "glib-2.0" / "schemas")

# The checks that a variable has an effect.
EFFECTS = {
    "XDG_DATA_DIRS": lambda: finds_a_reader_below("XDG_DATA_DIRS", "privacy-panel"),
    "XDG_CONFIG_HOME": lambda: finds_a_reader_below("XDG_CONFIG_HOME", "privacy-panel"),
    "HOME": lambda: finds_a_reader_below("HOME", ".config/privacy-panel"),
    "DCONF_PROFILE": lambda: changes("DCONF_PROFILE", "", "SESSION/profile"),
    "GSETTINGS_SCHEMA_DIR": lambda: changes(
        "GSETTINGS_SCHEMA_DIR", SCHEMAS, "SESSION/schemas", XDG_DATA_DIRS="/nonexistent"
    ),
    "GSETTINGS_BACKEND": lambda: changes("GSETTINGS_BACKEND", "dconf", "memory"),
    "GIO_MODULE_DIR": lambda: changes("GIO_MODULE_DIR", "", "/nonexistent"),
    "DBUS_SESSION_BUS_ADDRESS": lambda: changes(
        "DBUS_SESSION_BUS_ADDRESS", NO_BUS, "", command=SET
    ),
    "G_MESSAGES_DEBUG": lambda: changes(
        "G_MESSAGES_DEBUG", "", "dconf", DCONF_PROFILE="/nonexistent"
    ),
    "XDG_CURRENT_DESKTOP": takes_a_vendors_default,
    # Translations are chosen by LANGUAGE, except in the locale C.
    "LANGUAGE": lambda: speaks_german("LANGUAGE", "de", LC_ALL="C.UTF-8"),
    "LC_ALL": lambda: speaks_german("LC_ALL", "C.UTF-8", **GERMAN),
    "LC_MESSAGES": lambda: speaks_german("LC_MESSAGES", "C.UTF-8", **GERMAN),
    "LANG": lambda: speaks_german("LANG", "C.UTF-8", **GERMAN),
    "PATH": lambda: policy_says("dconf is not installed here", PATH="/nonexistent"),
    "TMPDIR": lambda: policy_says("/nonexistent", NOBODY, TMPDIR="/nonexistent"),
    "DBUS_SYSTEM_BUS_ADDRESS": services_are_found_and_dconf_is_told,
}


def test_variables_on_the_pages_are_those_that_are_tried_here(page):
    section = page("privacyctl.1").section("ENVIRONMENT")
    assert set(marked(section, "Ev")) - {"XDG"} == set(EFFECTS)
    others = marked(page("privacy-panel-readers.5").section("ENVIRONMENT"), "Ev")
    assert set(others) <= set(EFFECTS)


@pytest.mark.parametrize("variable", EFFECTS)
def test_a_variable_on_the_page_has_an_effect(variable):
    assert EFFECTS[variable]()
