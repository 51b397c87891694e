# SPDX-License-Identifier: GPL-3.0-or-later
"""The role in contrib/ansible, run by ansible-core on a folder: it reports exactly what it changed,
and the values of variables stay text."""

import json
import random
import re
import sys
import tomllib

import pytest
import yaml
from support.computer import contents
from support.harness import SOURCE, Session

# These tests share fixtures that take long to create.
pytestmark = pytest.mark.xdist_group("ansible")

ROLE = SOURCE / "contrib" / "ansible" / "roles" / "privacy_policy"
POLICY = "etc/privacy-panel/policy.toml"
READERS = "etc/privacy-panel/readers.d"
PROFILE = "etc/dconf/profile/user"

PLAY = """
- hosts: all
  gather_facts: false
  roles:
    - role: privacy_policy
"""

UNIVERSITY = {
    "privacy_policy_organisation": {
        "name": "Example University",
        "contact": "https://it.example.edu/privacy",
    },
    "privacy_policy_choices": {
        "online-search": {"state": "off", "locked": True},
        "error-reports": {"state": "on"},
    },
}


ABSENT = {"privacy_policy_state": "absent"}

WAY_OUT = 'x"\n[choices.error-reports]\nstate = "on"\nlocked = true\n#'


def choices(table):
    return {"privacy_policy_choices": table}


class Unsafe(str):
    """Text that Ansible does not evaluate, like all text from a managed computer."""


yaml.SafeDumper.add_representer(
    Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"')
)


class Fleet:
    """A controller and its computers; each computer is a folder."""

    def __init__(self, session, folder):
        self.session = session
        self.controller = folder
        (folder / "play.yml").write_text(PLAY)

    def root(self, name):
        """The folder of a computer."""
        root = self.controller / name
        if not root.exists():
            (root / "etc").mkdir(parents=True)
            (root / "etc" / "hostname").write_text(f"{name}\n")
        return root

    def play(self, computers, *options, **more):
        """Runs the role on computers, each with its own variables. Returns for each whether it was
        changed, or None if the role failed, and the whole output."""
        hosts = {
            name: {"privacy_policy_root": str(self.root(name))} | variables
            for name, variables in computers.items()
        }
        inventory = self.controller / "inventory.yml"
        inventory.write_text(
            yaml.safe_dump({"all": {"hosts": hosts}}, allow_unicode=True, sort_keys=False)
        )
        done = self.session.run(
            "ansible-playbook", "-i", inventory, "-c", "local",
            "-e", "ansible_python_interpreter=/usr/bin/python3",
            *options, self.controller / "play.yml",
            env={
                "ANSIBLE_ROLES_PATH": str(ROLE.parent),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_PIPELINING": "1",
            },
            **more,
        )  # fmt: skip
        said = done.stdout + done.stderr
        recap = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+) .* failed=(\d+) ", said, re.M)
        results = {
            name: bool(int(changed)) if failed == "0" else None for name, changed, failed in recap
        }
        assert results.keys() == hosts.keys(), said
        assert (done.returncode == 0) == (None not in results.values()), said
        return results, said

    def policy(self, name):
        return tomllib.loads((self.root(name) / POLICY).read_text())

    def status(self, name):
        """The output of policy status."""
        done = self.session.ctl("policy", "status", "--json", "--root", self.root(name))
        return json.loads(done.stdout)

    def stamps(self, names):
        """The inode number, time of change and content of every file and folder."""
        found = {}
        for root in map(self.root, names):
            for path in [root, *root.rglob("*")]:
                status = path.lstat()
                found[path] = status.st_ino, status.st_mode, status.st_mtime_ns
            found[root] += (contents(root),)
        return found


@pytest.fixture(scope="module")
def session():
    with Session() as session:
        yield session


# Computers with a policy in force, and the variables of the next run.
OTHER = UNIVERSITY | choices({"error-reports": {"state": "off"}})
APPLIED = {
    "same": UNIVERSITY,
    "other-value": OTHER,
    "undone": UNIVERSITY,
    "writable": UNIVERSITY,
    "removed": UNIVERSITY | ABSENT,
}

# An existing file with text that Ansible would evaluate as a template.
FILE = '["choices"."error-reports"]  # {{ nothing }} {% here %}\nstate = "off"\n\n\n'

# Text that is code for YAML, TOML, Jinja or a shell.
BAIT = "bait"
HOSTILE = (
    "\"A\" 'b' \\ \\u0041 ] [choices.error-reports] # {{ lookup('pipe', 'touch bait') }} "
    "{% for x in y %} {# #} ${HOME} $(touch bait) `touch bait` ; %s %(x)s = Größe 🎓"
)


class History:
    """The results on many computers: in check mode, for real, and a second time."""

    def __init__(self, fleet):
        self.fleet = fleet
        (fleet.controller / "mine.toml").write_text(FILE)
        self.before = {name: contents(fleet.root(name)) for name in APPLIED}
        # With any umask of root.
        self.first, _ = fleet.play(dict.fromkeys(APPLIED, UNIVERSITY), umask=0o077)
        self.modes = {
            path: path.stat().st_mode & 0o777 for path in (fleet.root("same") / "etc").rglob("*")
        }
        (fleet.root("undone") / PROFILE).write_text("user-db:user\n")
        (fleet.root("writable") / POLICY).chmod(0o666)

        self.computers = APPLIED | {
            "new": UNIVERSITY,
            "hostile": UNIVERSITY | {"privacy_policy_organisation": {"name": Unsafe(HOSTILE)}},
            # As YAML parses them: `state: off`
            "words": choices({"online-search": {"state": False}, "error-reports": {"state": True}}),
            "file": {"privacy_policy_src": str(fleet.controller / "mine.toml")},
            "broken-reader": UNIVERSITY,
            "never": ABSENT | {"privacy_policy_privacyctl": "no-such-privacyctl"},
            "half-removed": ABSENT,
        }
        readers = fleet.root("broken-reader") / READERS
        readers.mkdir(parents=True)
        (readers / "broken.toml").write_text("name = 1\n")
        half = fleet.root("half-removed")
        (half / READERS).mkdir(parents=True)
        (half / POLICY).write_text("")
        (half / PROFILE).parent.mkdir(parents=True)
        (half / PROFILE).write_text(
            "user-db:user\nsystem-db:privacy_panel # ours\nsystem-db:site\n"
        )

        there = fleet.stamps(self.computers)
        self.checked, self.check_said = fleet.play(self.computers, "--check", "--diff")
        self.check_wrote = fleet.stamps(self.computers) != there
        self.done, self.said = fleet.play(self.computers, "--diff")
        there = fleet.stamps(self.computers)
        self.again, _ = fleet.play(self.computers)
        self.wrote_again = fleet.stamps(self.computers) != there


@pytest.fixture(scope="module")
def history(session, tmp_path_factory):
    return History(Fleet(session, tmp_path_factory.mktemp("fleet")))


def test_a_run_says_changed_of_what_was_changed_and_the_next_of_nothing(history):
    assert set(history.first.values()) == {True}
    unchanged = {"same", "never"}
    assert history.done == {name: name not in unchanged for name in history.computers}
    assert set(history.again.values()) == {False}
    assert not history.wrote_again


def test_check_mode_says_what_the_run_then_does_and_writes_nothing(history):
    assert history.checked == history.done
    assert not history.check_wrote


def test_what_is_put_in_force_is_what_the_variables_say(history):
    for name in ("same", "new", "undone", "writable", "broken-reader"):
        assert history.fleet.status(name)["in_force"], name
        assert history.fleet.policy(name) == {
            "organisation": UNIVERSITY["privacy_policy_organisation"],
            "choices": UNIVERSITY["privacy_policy_choices"],
        }
    other = history.fleet.policy("other-value")["choices"]
    assert other == OTHER["privacy_policy_choices"]


def difference(said, name):
    """The lines of the diff on one computer."""
    parts = said.split(f"changed: [{name}]")
    assert len(parts) == 2, said
    lines = re.split(r"^(?:ok|changed): \[", parts[0], flags=re.M)[-1].splitlines()
    return [line for line in lines if re.match(r"[-+]", line)]


def test_diff_mode_shows_the_policy_and_what_becomes_of_it_before_and_after(history):
    shown = difference(history.check_said, "other-value")
    for line in (
        '-state = "on"',
        "-error-reports=true",
        "+error-reports=false",
        "-/com/canonical/unity/lenses/remote-content-search",
    ):
        assert line in shown, shown
    assert difference(history.said, "other-value") == shown
    new = difference(history.check_said, "new")
    assert '+name = "Example University"' in new
    assert "+system-db:privacy_panel" in new


def test_every_user_can_read_and_only_root_can_write_the_files_whatever_the_umask(history):
    assert history.fleet.root("same") / POLICY in history.modes
    for path, mode in history.modes.items():
        # What a file held before may be private.
        private = path.name == ".backups"
        assert mode == (0o755 if path.is_dir() else 0o600 if private else 0o644), path
    assert (history.fleet.root("writable") / POLICY).stat().st_mode & 0o777 == 0o644


def test_absent_leaves_a_computer_as_it_was_before_and_shows_what_goes(history):
    root = history.fleet.root("removed")
    assert contents(root) == history.before["removed"]
    for said in (history.check_said, history.said):
        assert '-name = "Example University"' in difference(said, "removed")
        assert f"{root}/etc/dconf/db/privacy_panel is taken out." in said


def test_absent_takes_out_the_half_that_is_there_and_leaves_other_files(history):
    root = history.fleet.root("half-removed")
    assert (root / PROFILE).read_text() == "user-db:user\nsystem-db:site\n"
    assert (root / READERS).is_dir()
    assert not (root / POLICY).exists()


def test_whatever_a_text_holds_it_stays_a_text(history):
    fleet = history.fleet
    assert fleet.policy("hostile")["organisation"] == {"name": HOSTILE}
    status = fleet.status("hostile")
    assert status["organisation"] == {"name": HOSTILE, "contact": None}
    assert [choice["id"] for choice in status["choices"]][:2] == ["online-search", "error-reports"]
    assert not list(fleet.session.root.rglob(BAIT)) + list(fleet.controller.rglob(BAIT))


def test_on_and_off_without_quotes_are_the_words(history):
    choices = history.fleet.policy("words")["choices"]
    assert choices == {"online-search": {"state": "off"}, "error-reports": {"state": "on"}}


# What a variable may be, as from YAML without quotes or as a string from `-e`, and what it means.
BOOLEANS = {
    "strings": ("off", "true", "off", True),
    "letters": ("On", "No", "on", False),
    "booleans": (False, True, "off", True),
    "words": ("True", "off", "on", False),
    "numbers": (0, 1, "off", True),
}


def test_a_boolean_counts_however_ansible_gives_it(session, tmp_path):
    fleet = Fleet(session, tmp_path)
    fields = {"state": "{{ state }}", "locked": "{{ locked }}"}
    computers = {
        name: choices({"online-search": fields}) | {"state": state, "locked": locked}
        for name, (state, locked, _, _) in BOOLEANS.items()
    }
    results, said = fleet.play(computers)
    assert set(results.values()) == {True}, said
    for name, (_, _, state, locked) in BOOLEANS.items():
        found = fleet.policy(name)["choices"]["online-search"]
        assert found == {"state": state, "locked": locked}, name


def test_a_file_is_taken_as_it_is(history):
    assert (history.fleet.root("file") / POLICY).read_text() == FILE


def test_what_the_program_warns_of_is_a_warning(history):
    said = " ".join(history.said.split())
    assert said.count("broken.toml:1:8: ") == 1, said
    assert "[WARNING]" in said and "It was left out." in said


REFUSALS = {
    "mistakes": (
        {
            "privacy_policy_organisation": {"contact": "it.example.edu"},
            "privacy_policy_choices": {"online-search": {"state": "off", "lists": "none"}},
        },
        [
            f"/mistakes/{POLICY}:3:1: no name; expected name",
            f"/mistakes/{POLICY}:4:11: “it.example.edu”; expected the URI",
            f"/mistakes/{POLICY}:8:9: “none” for “lists”; expected “locked” or",
        ],
    ),
    "state": (
        choices({"online-search": {"state": "of", "locked": True}}),
        ["choices.online-search.state is “of”; expected on or off."],
    ),
    "locked": (
        choices({"error-reports": {"state": True, "locked": "maybe"}}),
        ["choices.error-reports.locked is “maybe”; expected true or false."],
    ),
    "number": (
        choices({"error-reports": {"state": 2}}),
        ["choices.error-reports.state is “2”; expected on or off."],
    ),
    "list": (
        choices({"error-reports": {"state": ["on"]}}),
        ["choices.error-reports.state is “[\"on\"]”; expected on or off."],
    ),
    "link": (UNIVERSITY, ["is a link"]),
    "nothing": ({}, ["There is no policy: neither choices nor a file were given."]),
    "both": (
        UNIVERSITY | {"privacy_policy_src": "mine.toml"},
        ["There are two policies: choices or an organisation, and a file."],
    ),
    "null": (
        choices({"online-search": {"state": "off", "locked": None}}),
        ["choices.online-search.locked has no value."],
    ),
    "word": (
        choices({"online-search": "off"}),
        ["choices.online-search has no fields; expected choices.online-search.state to be on"],
    ),
    "program": (
        UNIVERSITY | {"privacy_policy_privacyctl": "no-such-privacyctl"},
        ["no-such-privacyctl"],
    ),
    "folder": (
        UNIVERSITY | {"privacy_policy_root": "/nonexistent"},
        ["/nonexistent: No such file or directory"],
    ),
    # A line break does not end a text, a table's name, or a field's name.
    "line": (
        UNIVERSITY | {"privacy_policy_organisation": {"name": Unsafe(WAY_OUT)}},
        [':4:8: “x"\\n[choices.error-reports]\\nstate', "expected a name on one line"],
    ),
    "table": (
        choices({Unsafe(f"online-search]\n{WAY_OUT}"): {"state": "off"}}),
        ["unknown choice “online-search]\\nx"],
    ),
    "quotes": (
        choices({Unsafe('online-search".state="on'): {"state": "off"}}),
        ['unknown choice “online-search".state='],
    ),
    "field": (
        choices({"online-search": {Unsafe('state = "on" #'): "off", "state": "off"}}),
        ['unknown field “state = "on" #”'],
    ),
}


def test_what_cannot_be_put_in_force_is_said_in_words_and_nothing_is_written(session, tmp_path):
    fleet = Fleet(session, tmp_path)
    profile = fleet.root("link") / PROFILE
    profile.parent.mkdir(parents=True)
    profile.symlink_to("elsewhere")
    (tmp_path / "mine.toml").write_text("[choices]\n")
    computers = {name: variables for name, (variables, _) in REFUSALS.items()}
    before = fleet.stamps(computers)
    for options in ((), ("--check",)):
        results, said = fleet.play(computers, *options)
        assert set(results.values()) == {None}, results
        # Each is a JSON string.
        found = re.findall(r'fatal: \[(\S+)\].*"msg": ("(?:[^"\\]|\\.)*")', said)
        messages = {name: json.loads(message) for name, message in found}
        assert messages.keys() == computers.keys()
        for name, (_, wanted) in REFUSALS.items():
            for text in wanted:
                assert text in messages[name], name
    assert fleet.stamps(computers) == before


def module():
    """The role's module, for direct calls."""
    sys.path.insert(0, str(ROLE / "library"))
    try:
        sys.dont_write_bytecode = True
        import privacyctl_policy
    finally:
        sys.path.pop(0)
    return privacyctl_policy


def test_every_mapping_becomes_a_file_that_holds_the_same():
    rng = random.Random(20261123)
    odd = ['"', "'", "\\", "\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "]", "[", "#"]
    odd += ["=", ".", "{{", "}}", "{%", " ", "ä", "שלום", "🎓", "\\u", '"""', "'''", "a", "-", "_"]

    def text():
        return "".join(rng.choices(odd, k=rng.randrange(8)))

    def value(depth=0):
        leaf = [text, lambda: rng.random() < 0.5, lambda: rng.randrange(-99, 99), rng.random]
        nested = [lambda: [value(2)], lambda: {text(): value(depth + 1)}]
        return rng.choice(leaf + nested * (depth < 2))()

    def table():
        return {text(): value() for _ in range(rng.randrange(1, 4))}

    for _ in range(2000):
        organisation, choices = table(), {text(): table() for _ in range(rng.randrange(3))}
        for fields in choices.values():
            # These two are checked.
            fields.pop("state", None), fields.pop("locked", None)
        written = module().policy_text(organisation, choices)
        expected = {"organisation": organisation} | ({"choices": choices} if choices else {})
        assert tomllib.loads(written) == expected, written


def test_the_roles_variables_are_described_with_the_defaults_that_they_have(session):
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())
    described = specs["argument_specs"]["main"]["options"]
    assert {name: option["default"] for name, option in described.items()} == defaults
    rows = re.findall(r"^\| `(\w+)` \|", (ROLE / "README.md").read_text(), re.M)
    assert rows == list(defaults)
    # The module's, too.
    doc = session.ask("ansible-doc", "-j", "-M", ROLE / "library", "privacyctl_policy")
    assert "options" in json.loads(doc)["privacyctl_policy"]["doc"]
