#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has `privacyctl policy` put a policy in force or take it out, and says honestly what it did."""

DOCUMENTATION = r"""
module: privacyctl_policy
short_description: Preset or lock for everybody what a computer sends about them
description:
  - Writes C(/etc/privacy-panel/policy.toml) and has C(privacyctl policy apply) put it in force.
  - C(privacyctl policy apply --dry-run) is asked first. Where it finds a mistake, or something in
    the way, nothing is written.
  - In check mode that answer is the result, and nothing is written either.
options:
  state:
    description: Whether the policy is in force, or all of it is taken out.
    choices: [present, absent]
    default: present
    type: str
  organisation:
    description: The table C([organisation]).
    type: dict
    default: {}
  choices:
    description: The tables C([choices.ID]), by their ids.
    type: dict
    default: {}
  content:
    description: Instead of the two, the text of a policy's file.
    type: str
    default: ""
  root:
    description: The folder of an image. Without it, the computer itself.
    type: path
  privacyctl:
    description: The program, by its name or its path.
    default: privacyctl
    type: str
author:
  - The authors of privacy-panel
"""

EXAMPLES = r"""
- name: Nothing that is typed into a search leaves the computer
  privacyctl_policy:
    choices:
      online-search:
        state: "off"
        locked: true
"""

RETURN = r"""
file:
  description: The policy's file.
  returned: always
  type: str
stdout:
  description: What C(privacyctl) printed.
  returned: where it was run
  type: str
"""

import json
import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_text

POLICY = "/etc/privacy-panel/policy.toml"

# What `privacyctl policy apply` leaves, and the line of the profile that names it.
DATABASES = "/etc/dconf/db"
TRACES = ("privacy_panel", "privacy_panel.d", ".privacy-panel.new", ".privacy-panel.d.new")
PROFILE = "/etc/dconf/profile/user"
LINE = re.compile(rb"^\s*system-db:privacy_panel\s*(#.*)?$", re.MULTILINE)

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


def quoted(text):
    """A string of TOML: JSON's, but for the one control character that JSON lets through."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name):
    return name if BARE_KEY.match(name) else quoted(name)


def value(place, found):
    """A value of TOML, on one line."""
    if found is None:
        raise ValueError(f"{place} has no value.")
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, (int, float)):
        return repr(found)
    if isinstance(found, dict):
        members = (f"{key(name)} = {value(f'{place}.{name}', it)}" for name, it in found.items())
        return "{ " + ", ".join(members) + " }"
    if isinstance(found, list):
        return "[" + ", ".join(value(place, member) for member in found) + "]"
    return quoted(found)


def table(header, place, fields):
    if not isinstance(fields, dict):
        raise ValueError(f"{place} has no fields.")
    lines = [f"{key(name)} = {value(f'{place}.{name}', it)}" for name, it in fields.items()]
    return "\n".join([f"\n[{header}]", *lines, ""])


def policy_text(organisation, choices):
    """The policy's file."""
    if not organisation and not choices:
        raise ValueError("There is no policy: neither choices nor a file were given.")
    text = "# Written by Ansible; change it there.\n"
    if organisation:
        text += table("organisation", "organisation", organisation)
    for choice, fields in choices.items():
        # `state: off` without quotes is a boolean of YAML.
        if isinstance(fields, dict) and isinstance(fields.get("state"), bool):
            fields = {**fields, "state": "on" if fields["state"] else "off"}
        text += table(f"choices.{key(choice)}", f"choices.{choice}", fields)
    return text


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


class Policy:
    def __init__(self, module):
        self.module = module
        self.root = module.params["root"]
        self.file = self.place(POLICY)
        self.before = read(self.file)
        self.warned = set()
        self.result = {"changed": False, "file": self.file, "diff": []}

    def place(self, path):
        return os.path.join(self.root, path.lstrip("/")) if self.root else path

    def fail(self, message):
        self.module.fail_json(msg=message, **self.result)

    def run(self, *arguments, draft=None):
        """Runs `privacyctl policy`. Returns whether anything was changed, as its last line says,
        and the lines before it."""
        program = self.module.get_bin_path(self.module.params["privacyctl"], required=True)
        root = ["--root", self.root] if self.root else []
        status, out, err = self.module.run_command(
            [program, "policy", *arguments, *root],
            # What it tells people is wanted in one language.
            environ_update={"LC_ALL": "C.UTF-8", "LANGUAGE": "C"},
        )
        if draft:
            err = err.replace(draft, self.file)
        said = [line.removeprefix("privacyctl: ") for line in err.splitlines()]
        if status != 0:
            self.fail("\n".join(said) or f"privacyctl ended with status {status}.")
        for line in said:
            if line not in self.warned:
                self.module.warn(line)
                self.warned.add(line)
        self.result["stdout"] = out
        lines = out.splitlines()
        if not lines or lines[-1] not in ("changed", "unchanged"):
            self.fail("privacyctl did not say whether anything was changed.")
        return lines[-1] == "changed", lines[:-1]

    def differs(self, after):
        """Notes the difference of the policy's file, and says whether there is any."""
        if self.before == after:
            return False
        names = {"before_header": self.file, "after_header": self.file}
        texts = {
            name: to_text(text or b"", errors="surrogate_or_replace")
            for name, text in (("before", self.before), ("after", after))
        }
        self.result["diff"].append({**names, **texts})
        return True

    def text(self):
        params = self.module.params
        tables = params["organisation"], params["choices"]
        if params["content"]:
            if any(tables):
                self.fail("There are two policies: choices or an organisation, and a file.")
            return params["content"]
        try:
            return policy_text(*tables)
        except ValueError as error:
            self.fail(str(error))

    def present(self):
        try:
            after = self.text().encode()
        except UnicodeEncodeError:
            self.fail("The policy is not UTF-8.")
        draft = os.path.join(self.module.tmpdir, "policy.toml")
        with open(draft, "wb") as file:
            file.write(after)
        changed, lines = self.run("apply", draft, "--dry-run", draft=draft)
        written = self.differs(after)
        if lines:
            self.result["diff"].append({"prepared": "\n".join(lines) + "\n"})
        if not self.module.check_mode and written:
            self.write(draft)
            self.result["changed"] = True
        if os.path.exists(self.file):
            # Who asks for the status needs not be root.
            written = self.module.set_mode_if_different(self.file, 0o644, written)
        if not self.module.check_mode:
            changed, _lines = self.run("apply")
        self.result["changed"] = written or changed

    def write(self, draft):
        folder = os.path.dirname(self.file)
        for path in (os.path.dirname(folder), folder):
            if not os.path.isdir(path):
                os.mkdir(path)
                # Whatever root's habits are: people have to read what is in it.
                os.chmod(path, 0o755)
        self.module.atomic_move(draft, self.file)

    def absent(self):
        there = self.differs(None)
        traces = self.traces()
        if traces:
            lines = [f"{path} is taken out.\n" for path in traces]
            self.result["diff"].append({"prepared": "".join(lines)})
        changed = bool(traces)
        if not self.module.check_mode:
            # Where there is nothing to take out, the program may be gone, too.
            if traces:
                changed, _lines = self.run("remove")
            if there:
                os.unlink(self.file)
                try:
                    os.rmdir(os.path.dirname(self.file))
                except OSError:
                    # Something else is in it.
                    pass
        self.result["changed"] = changed or there

    def traces(self):
        """What `privacyctl policy remove` would take out."""
        databases = self.place(DATABASES)
        found = [os.path.join(databases, name) for name in TRACES]
        found = [path for path in found if os.path.lexists(path)]
        profile = self.place(PROFILE)
        if LINE.search(read(profile) or b""):
            found.append(f"The line system-db:privacy_panel of {profile}")
        return found


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "organisation": {"type": "dict", "default": {}},
            "choices": {"type": "dict", "default": {}},
            "content": {"type": "str", "default": ""},
            "root": {"type": "path"},
            "privacyctl": {"type": "str", "default": "privacyctl"},
        },
        supports_check_mode=True,
    )
    policy = Policy(module)
    if module.params["state"] == "present":
        policy.present()
    else:
        policy.absent()
    module.exit_json(**policy.result)


if __name__ == "__main__":
    main()
