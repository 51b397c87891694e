# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs of a desktop send or record: before a choice, after it, after a reset, and under an
administrator's policy.

Run as root in a clean Debian, by scripts/desktops, with the desktop's name. Writes
/shared/tables.json: a list of tables, each with a title, column heads, rows, and what is wrong.
"""

import hashlib
import json
import os
import stat
import subprocess
import sys
import uuid
from pathlib import Path

from desktop_login import HOME, RUN, UID, Login
from desktop_programs import ask_all
from names import CHOICES

POLICY = Path("/etc/privacy-panel/policy.toml")


def files(*folders):
    """Every file and folder below the folders: its kind, mode, owner and content."""
    found = {}
    for folder in folders:
        for path in [folder, *folder.rglob("*")]:
            try:
                about = path.lstat()
            except FileNotFoundError:
                continue
            if path.is_symlink():
                content = os.readlink(path)
            elif path.is_file():
                content = hashlib.sha256(path.read_bytes()).hexdigest()
            elif stat.S_ISDIR(about.st_mode):
                content = None
            else:
                continue
            found[path] = (
                stat.S_IFMT(about.st_mode),
                about.st_mode & 0o7777,
                about.st_uid,
                about.st_gid,
                content,
            )
    return found


def differences(one, other):
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


def states(login):
    """What `privacyctl` reads back of each reader, by reader."""
    found = {}
    for choice in json.loads(login.ask("privacyctl", "status", "--json"))["choices"]:
        for reader in choice["readers"]:
            found.setdefault(reader["id"], {"choice": choice["id"], **reader})
    return found


def disagree(state, answer):
    """Whether a program would send or record other than `privacyctl` says."""
    return (state["state"] in ("on", "mixed")) != answer.on


def as_root(*words, status=(0,)):
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode not in status:
        raise RuntimeError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


class Desktop:
    """A computer with a user, and the tables of what its programs say."""

    def __init__(self, name):
        self.name = name
        self.tables = []
        self.installed = set()
        self.not_obeyed = []

    def table(self, title, *head):
        table = {"title": title, "head": head, "rows": [], "notes": [], "wrong": []}
        self.tables.append(table)
        return table

    def prepare(self):
        """Adds a user, lets the settings that hold for everyone send, and starts each program once,
        which makes its profile."""
        with open("/etc/passwd", "a") as users:
            users.write(f"person:x:{UID}:{UID}::{HOME}:/bin/sh\n")
        for folder in (HOME, RUN):
            folder.mkdir(parents=True, mode=0o700)
            os.chown(folder, UID, UID)
        Path("/etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
        for file, old, new in (
            ("/etc/popularity-contest.conf", 'PARTICIPATE="no"', 'PARTICIPATE="yes"'),
            ("/etc/fwupd/remotes.d/lvfs.conf", "Reports=false", "Reports=true"),
        ):
            text = Path(file).read_text()
            if old not in text:
                raise RuntimeError(f"{file} has no {old}")
            Path(file).write_text(text.replace(old, new))
        # Otherwise Marionette replaces preferences, among them those of reports.
        for folder in ("firefox-esr", "thunderbird/pref"):
            Path("/etc", folder, "marionette.js").write_text(
                'pref("remote.prefs.recommended", false);\n'
            )
        login = Login(self.name)
        there = {reader for reader, state in states(login).items() if state["program"]}
        ask_all(login, there)
        # Some programs count once they have a profile; the panel's own keys, once they are changed.
        found = states(login).items()
        self.installed = {reader for reader, state in found if state["counts"]} | {"privacy-panel"}
        self.not_obeyed = sorted(
            reader for reader in there - self.installed if not states(login)[reader]["obeyed"]
        )
        # The user's own content in the same files.
        kept = {
            "gtk-3.0/settings.ini": "# mine\n[Settings]\ngtk-menu-images = 1\n",
            "kdeglobals": "[General][$i]\nColorScheme=BreezeDark\n\n[Icons]\nTheme=breeze",
            "environment.d/mine.conf": "EDITOR=vi\n",
        }
        for name, text in kept.items():
            self.write(HOME / ".config" / name, text)
        for profile in (
            *HOME.glob(".mozilla/firefox/*/prefs.js"),
            *HOME.glob(".thunderbird/*/prefs.js"),
        ):
            self.write(
                profile.with_name("user.js"), '// mine\nuser_pref("browser.tabs.warnOnClose", true);'
            )
        login.end()

    @staticmethod
    def write(file, text):
        subprocess.run(
            ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", "sh", "-c"]
            + ['mkdir -p "${1%/*}" && cat >"$1"', "sh", file],
            input=text,
            text=True,
            check=True,
        )

    def session(self, work):
        """Does some work in a session of the user, and returns its result and all files afterwards."""
        login = Login(self.name)
        try:
            result = work(login)
        finally:
            login.end()
        return result, files(HOME, Path("/etc"))

    def ask(self, **options):
        """What `privacyctl` and the programs say once the programs have started, and all files."""

        def both(login):
            answers = ask_all(login, self.installed, **options)
            return states(login), answers

        return self.session(both)

    def turn_off(self, login):
        done = login.run("privacyctl", "set", "--all", "off", "--only-me")
        as_root("privacyctl", "set", "--all", "off", "--for-everyone")
        return done, states(login)

    def reset(self, login):
        done = login.run("privacyctl", "reset", "--all")
        # A reset leaves settings of the whole computer as they are; docs/readers.md.
        as_root("privacyctl", "set", "--all", "on", "--for-everyone")
        return done, states(login), login.ask("dconf", "dump", "/")

    def compare(self, table, what, before, after, allowed):
        for path in sorted(differences(before, after)):
            # dconf's database is compared by its contents. Zeitgeist runs and writes meanwhile.
            own = (HOME / ".config/dconf", HOME / ".local/share/zeitgeist")
            if path in allowed or any(path.is_relative_to(folder) for folder in own):
                continue
            words = "gone" if path not in after else "new" if path not in before else "changed"
            # An empty folder of a program says nothing. The files in /etc are the administrator's.
            is_folder = after.get(path, before.get(path))[4] is None
            is_note = is_folder or path.is_relative_to("/etc")
            table["notes" if is_note else "wrong"].append(f"{what}: `{path}` is {words}")

    def person(self):
        table = self.table(
            "a user turns everything off, and goes back to the defaults",
            *("reader", "before", "after “off”", "started again", "after “reset”", ""),
        )

        def dump(login):
            return login.ask("dconf", "dump", "/")

        (known, before), _ = self.ask()
        first, one = self.session(dump)
        _, two = self.session(dump)
        # The files that every session changes.
        noise = differences(one, two)

        # At once, with no program in between: all files are as before.
        (done, off_at_once), _ = self.session(self.turn_off)
        (undone, back, dumped), after = self.session(self.reset)
        for command in (done, undone):
            if command.returncode != 0:
                table["wrong"].append(
                    f"{command.args[-4:]} ended with {command.returncode}: {command.stderr}"
                )
        self.compare(table, "reset at once", two, after, noise)
        if dumped != first:
            table["wrong"].append(f"dconf has other keys after a reset: {first!r}, now {dumped!r}")

        # With programs that start in between.
        _, off = self.session(self.turn_off)
        (off_states, off_answers), used = self.ask()
        rewritten = differences(off, used) | noise
        (_, _, dumped), after = self.session(self.reset)
        self.compare(table, "reset after the programs ran", two, after, rewritten)
        (end_states, end), _ = self.ask()
        if dumped != first:
            table["notes"].append(f"dconf has other keys after programs ran and a reset: {dumped!r}")
        here = [path for path in differences(two, after) if path in rewritten]
        table["notes"].append(
            f"Files that the programs rewrote meanwhile and that differ now: {len(here)}"
        )

        if self.not_obeyed:
            table["notes"].append(f"Not obeyed in this session: {', '.join(self.not_obeyed)}")
        for reader in sorted(self.installed):
            wrong = []
            was, now = before.get(reader), end.get(reader)
            asked = off_answers.get(reader)
            if not was or not now or not asked:
                wrong.append("was not asked")
            else:
                if asked.on:
                    wrong.append("still on")
                if (was.on, was.words) != (now.on, now.words):
                    wrong.append("not as before")
                pairs = ((known, was), (off_states, asked), (end_states, now))
                if any(disagree(state[reader], answer) for state, answer in pairs):
                    wrong.append("privacyctl says something else")
            for when, state in (("at once", off_at_once), ("started again", off_states)):
                if state[reader]["state"] != "off":
                    wrong.append(f"{when}: privacyctl says {state[reader]['state']}")
                if when == "started again" and state[reader].get("pending"):
                    wrong.append("still pending")
            for when, state in (("at once", back), ("in the end", end_states)):
                names = ("state", "origin")
                same = [state[reader].get(name) == known[reader].get(name) for name in names]
                if not all(same):
                    said = f"{state[reader]['state']}, {state[reader]['origin']}"
                    wrong.append(f"{when} after the reset, privacyctl says {said}")
            table["rows"].append(
                [
                    f"`{reader}`",
                    f"{known[reader]['state']}; {was}",
                    off_at_once[reader]["state"],
                    f"{off_states[reader]['state']}; {asked}",
                    f"{end_states[reader]['state']}; {now}",
                    "; ".join(wrong) or "right",
                ]
            )
            table["wrong"] += [f"`{reader}`: {what}" for what in wrong]

    def administrator(self):
        table = self.table(
            "an administrator locks everything off, for a user who had turned it on",
            *(
                "reader",
                "the user’s choice",
                "with the policy",
                "what `policy check` says",
                "without it",
                "",
            ),
        )
        text = "".join(f'[choices.{choice}]\nstate = "off"\nlocked = true\n\n' for choice in CHOICES)
        POLICY.parent.mkdir(exist_ok=True)
        POLICY.write_text(text)

        def turn_on(login):
            login.run("privacyctl", "set", "--all", "on", "--only-me")
            return {reader for reader, state in states(login).items() if state["counts"]}

        # Some programs send only if others do.
        self.installed |= self.session(turn_on)[0]
        (chosen_states, chosen), _ = self.ask()
        etc = files(Path("/etc"))
        said = as_root("privacyctl", "policy", "check")
        for words in ("changed", "unchanged"):
            last = as_root("privacyctl", "policy", "apply").splitlines()[-1]
            if last != words:
                table["wrong"].append(f"apply says {last}, expected {words}")
        done = subprocess.run(["privacyctl", "policy", "status"], capture_output=True, text=True)
        if done.returncode != 0:
            table["wrong"].append(f"`policy status` ended with {done.returncode}: {done.stderr}")
        (locked_states, locked), _ = self.ask(try_to_change=True)
        for choice in CHOICES:
            done, _ = self.session(
                lambda login, choice=choice: login.run("privacyctl", "set", choice, "on")
            )
            table["notes"].append(f"`privacyctl set {choice} on` ends with {done.returncode}")
            if done.returncode != 3:
                table["wrong"].append(f"`privacyctl set {choice} on` ended with {done.returncode}")
        for unit in ("whoopsie.path", "whoopsie.service"):
            found = as_root("systemctl", "is-enabled", unit, status=(0, 1))
            table["notes"].append(f"`systemctl is-enabled {unit}`: {found}")
            if found != "masked":
                table["wrong"].append(f"{unit} is {found}")
        written = sorted(differences(etc, files(Path("/etc"))))
        if as_root("privacyctl", "policy", "remove").splitlines()[-1] != "changed":
            table["wrong"].append("remove did not say that it changed something")
        left = differences(etc, files(Path("/etc")))
        table["notes"].append(
            f"The policy wrote {len(written)} files and folders in `/etc`; `remove` left {len(left)}"
        )
        table["wrong"] += [f"`{path}` is not as before the policy" for path in sorted(left)]
        (_, end), _ = self.ask()
        for reader in sorted(self.installed):
            wrong = []
            own, answer, now = chosen.get(reader), locked.get(reader), end.get(reader)
            name = chosen_states[reader]["name"]
            lines = [
                line.removeprefix(f"{name}: ")
                for line in said.splitlines()
                if line.startswith(f"{name}: ")
            ]
            # A policy does not lock what it says it cannot lock.
            beyond = [line for line in lines if "People can change it" in line or "not reached" in line]
            if not own or not answer or not now:
                wrong.append("was not asked")
            elif not beyond:
                if answer.on:
                    wrong.append("does not obey")
                if answer.locked is False:
                    wrong.append("its user can change it")
                found = locked_states[reader]
                # A reader that sends only if another does may have nothing left to send.
                if found["counts"] and (found["state"] != "off" or not found["locked"]):
                    wrong.append(f"privacyctl says {found}")
            pairs = ((chosen_states, own), (locked_states, answer))
            if any(said_by and disagree(state[reader], said_by) for state, said_by in pairs):
                wrong.append("privacyctl says something else")
            if own and now and (own.on, own.words) != (now.on, now.words):
                wrong.append("is not as before the policy")
            table["rows"].append(
                [
                    f"`{reader}`",
                    f"{chosen_states[reader]['state']}; {own}",
                    f"{locked_states[reader]['state']}; {answer}",
                    " ".join(beyond) or "-",
                    now,
                    "; ".join(wrong) or "right",
                ]
            )
            table["wrong"] += [f"`{reader}`: {what}" for what in wrong]
        POLICY.unlink()


def main():
    desktop = Desktop(sys.argv[1])
    try:
        desktop.prepare()
        desktop.person()
        desktop.administrator()
    finally:
        text = json.dumps(desktop.tables, default=str, ensure_ascii=False)
        Path("/shared/tables.json").write_text(text)


if __name__ == "__main__":
    main()
