#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a policy in force or removes it with `privacyctl policy`, and reports what changed."""

DOCUMENTATION = r"""
module: privacyctl_policy
short_description: Preset or lock for all users what a computer sends about them
description:
  - Writes C(/etc/privacy-panel/policy.toml) and puts it in force with C(privacyctl policy apply).
  - Runs C(privacyctl policy apply --dry-run) first. If that finds a mistake or an obstacle, the
    module writes nothing.
  - In check mode, the output of the dry run is the result, and the module writes nothing.
options:
  state:
    description: Whether to put the policy in force, or to remove it and its file.
    choices: [present, absent]
    default: present
    type: str
  organisation:
    description: The table C([organisation]).
    type: dict
    default: {}
  choices:
    description:
      - The tables C([choices.ID]), by their ids.
      - C(state) and C(locked) may be booleans, or strings that YAML takes for booleans.
    type: dict
    default: {}
  profiles:
    description: The field C(profiles), C(user) or C(all).
    type: str
    default: ""
  content:
    description: Instead of these three, the text of a policy file.
    type: str
    default: ""
  root:
    description: The folder of an image. By default, the computer itself.
    type: path
  privacyctl:
    description: The program's name or path.
    default: privacyctl
    type: str
author:
  - The authors of privacy-panel
"""

EXAMPLES = r"""
- name: Keep searches on the computer
  privacyctl_policy:
    choices:
      online-search:
        state: "off"
        locked: true
"""

RETURN = r"""
file:
  description: The policy file.
  returned: always
  type: str
stdout:
  description: The output of C(privacyctl).
  returned: if it ran
  type: str
"""

import json
import os
import re

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_text

POLICY = "/etc/privacy-panel/policy.toml"

# The files that `privacyctl policy apply` creates, and its line in the profile.
DATABASES = "/etc/dconf/db"
TRACES = ("privacy_panel", "privacy_panel.d", ".privacy-panel.new", ".privacy-panel.d.new")
PROFILE = "/etc/dconf/profile/user"
LINE = re.compile(rb"^\s*system-db:privacy_panel\s*(#.*)?$", re.MULTILINE)

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")


def quoted(text):
    """A TOML string. It is a JSON string, except that JSON does not escape U+007F."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(name):
    return name if BARE_KEY.match(name) else quoted(name)


def value(place, found):
    """A TOML value, on one line."""
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


# YAML takes these words without quotes for booleans, and `-e` gives strings for them.
WORDS = {
    "true": True, "yes": True, "on": True, "1": True,
    "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip


def boolean(place, found, expected):
    """A boolean, which may come as a string or as 0 or 1."""
    if found is None:
        raise ValueError(f"{place} has no value.")
    word = str(found).strip().lower() if isinstance(found, (bool, int, str)) else None
    if word not in WORDS:
        shown = found if isinstance(found, str) else json.dumps(found, default=str)
        raise ValueError(f"{place} is “{shown}”; expected {expected}.")
    return WORDS[word]


def decision(place, fields):
    """The fields of a choice as the policy file has them."""
    if not isinstance(fields, dict):
        raise ValueError(f"{place} has no fields; expected {place}.state to be on or off.")
    fields = dict(fields)
    if "state" in fields:
        state = boolean(f"{place}.state", fields["state"], "on or off")
        fields["state"] = "on" if state else "off"
    if "locked" in fields:
        fields["locked"] = boolean(f"{place}.locked", fields["locked"], "true or false")
    return fields


def table(header, place, fields):
    if not isinstance(fields, dict):
        raise ValueError(f"{place} has no fields.")
    lines = [f"{key(name)} = {value(f'{place}.{name}', it)}" for name, it in fields.items()]
    return "\n".join([f"\n[{header}]", *lines, ""])


def policy_text(organisation, choices, profiles=""):
    """The content of the policy file."""
    if not organisation and not choices:
        raise ValueError("There is no policy: neither choices nor a file were given.")
    text = "# Written by Ansible; change it there.\n"
    if profiles:
        text += f"profiles = {quoted(profiles)}\n"
    if organisation:
        text += table("organisation", "organisation", organisation)
    for choice, fields in choices.items():
        place = f"choices.{choice}"
        text += table(f"choices.{key(choice)}", place, decision(place, fields))
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
        """Runs `privacyctl policy`. Returns whether it changed anything, according to its last line,
        and the lines before that one."""
        program = self.module.get_bin_path(self.module.params["privacyctl"], required=True)
        root = ["--root", self.root] if self.root else []
        status, out, err = self.module.run_command(
            [program, "policy", *arguments, *root],
            # The messages must be in English.
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
        """Records the difference of the policy file. Returns whether there is one."""
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
            return policy_text(*tables, params["profiles"])
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
            # Users other than root must be able to ask for the status.
            written = self.module.set_mode_if_different(self.file, 0o644, written)
        if not self.module.check_mode:
            changed, _lines = self.run("apply")
        self.result["changed"] = written or changed

    def write(self, draft):
        folder = os.path.dirname(self.file)
        for path in (os.path.dirname(folder), folder):
            if not os.path.isdir(path):
                os.mkdir(path)
                # Users must be able to read the folder, whatever root's umask is.
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
            # If there is nothing to remove, the program may be missing, too.
            if traces:
                changed, _lines = self.run("remove")
            if there:
                os.unlink(self.file)
                try:
                    os.rmdir(os.path.dirname(self.file))
                except OSError:
                    # The folder has other files.
                    pass
        self.result["changed"] = changed or there

    def traces(self):
        """The files and the line that `privacyctl policy remove` would remove."""
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
            "profiles": {"type": "str", "default": ""},
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
