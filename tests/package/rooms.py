# SPDX-License-Identifier: GPL-3.0-or-later
"""Clean rooms: Debian as scripts/root makes it, with a writable layer for each test."""

import os
import pty
import re
import select
import shutil
import signal
import stat
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]

# Files that dpkg, apt and debconf write for any package, and other programs' logs and caches. Each
# is a file, or a folder with everything below it.
OTHERS = """
    /run /shared /tmp /var/log
    /var/cache/apt /var/cache/debconf /var/cache/ldconfig /var/cache/fontconfig
    /var/lib/apt /var/lib/dpkg/alternatives /var/lib/dpkg/available /var/lib/dpkg/diversions-old
    /var/lib/dpkg/info/format /var/lib/dpkg/lock /var/lib/dpkg/lock-frontend
    /var/lib/dpkg/statoverride-old /var/lib/dpkg/status /var/lib/dpkg/status-old
    /var/lib/dpkg/triggers /var/lib/dpkg/updates
""".split()


def root(name):
    """The folder of a clean Debian."""
    command = [SOURCE / "scripts" / "root", name]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def mirror():
    """The mirror of Debian’s that clean Debians are made from."""
    command = [SOURCE / "scripts" / "mirror"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class Room:
    """A system that a test may change. The changes end with the test."""

    def __init__(self, lower, folder):
        self.lower = lower
        self.folder = Path(folder)
        self.shared = self.folder / "shared"
        self.shared.mkdir(parents=True, exist_ok=True)

    def over(self, folder):
        """A new room that starts in the current state of this one."""
        return Room(f"{self.folder / 'upper'}:{self.lower}", folder)

    def try_(self, *command, network=False, stdin="", env=None):
        """Runs a command to its end, as root."""
        words = [str(word) for word in command]
        if env:
            words = ["env", *(f"{name}={value}" for name, value in env.items()), *words]
        environment = dict(os.environ)
        environment.pop("PRIVACY_PANEL_NETWORK", None)
        if network:
            environment["PRIVACY_PANEL_NETWORK"] = "1"
        return subprocess.run(
            [SOURCE / "scripts" / "room", self.lower, self.folder, *words],
            env=environment,
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *command, status=0, **options):
        """Runs a command, which must end with that status. Returns its output."""
        done = self.try_(*command, **options)
        assert done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def share(self, *files):
        for file in files:
            shutil.copy(file, self.shared)

    def read(self, path):
        """A file’s text; None if there is no file."""
        done = self.try_("cat", path)
        return done.stdout if done.returncode == 0 else None

    def write(self, path, text):
        self.run("sh", "-c", 'mkdir -p "${1%/*}" && cat >"$1"', "sh", path, stdin=text)

    def exists(self, path):
        return self.try_("test", "-e", path).returncode == 0

    def converse(self, answers, *command, env=None):
        """Runs a command on a terminal, and types the next answer whenever the command waits after a
        question. Returns the terminal's content."""
        words = ["env", *(f"{name}={value}" for name, value in (env or {}).items()), *command]
        process, terminal = pty.fork()
        if process == 0:
            script = SOURCE / "scripts" / "room"
            os.execv(script, [str(word) for word in (script, self.lower, self.folder, *words)])
        said, read, answers = b"", 0, list(answers)
        while True:
            # debconf's questions end without a new line, and a longer line may come in parts.
            asks = answers and re.search(rb"(: |\[More\] ?)$", said[read:])
            ready, _, _ = select.select([terminal], [], [], 0.5 if asks else 900)
            if ready:
                try:
                    more = os.read(terminal, 4096)
                except OSError:
                    # The command closed its end.
                    break
                said += more
            elif asks:
                os.write(terminal, f"{answers.pop(0)}\n".encode())
                read = len(said)
            else:
                os.kill(process, signal.SIGKILL)
                break
        os.close(terminal)
        _, status = os.waitpid(process, 0)
        text = said.decode().replace("\r\n", "\n")
        assert os.waitstatus_to_exitcode(status) == 0 and not answers, f"{answers}\n{text}"
        return text

    # Packages, with apt and dpkg.

    def install(self, *files, network=False):
        """Installs packages from files, with their dependencies."""
        self.share(*files)
        command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", "--allow-downgrades"]
        return self.run(*command, *(f"/shared/{Path(file).name}" for file in files), network=network)

    def remove(self, *packages):
        return self.run("apt-get", "remove", "-q", "-y", *packages)

    def purge(self, *packages):
        return self.run("apt-get", "purge", "-q", "-y", *packages)

    def answer(self, **answers):
        """Preseeds answers, as an installer's preseed file does."""
        lines = (
            f"privacyctl privacyctl/{name.replace('_', '-')} select {answer}\n"
            for name, answer in answers.items()
        )
        self.run("debconf-set-selections", stdin="".join(lines))

    def reconfigure(self):
        return self.run("dpkg-reconfigure", "-fnoninteractive", "privacyctl")

    def in_force(self):
        """Whether the policy is in force as written."""
        return self.try_("privacyctl", "policy", "status").returncode == 0

    def state(self):
        """Every new or changed file, with its type, mode, owner and content. Ignores files that
        dpkg and others write for any package."""
        upper = self.folder / "upper"
        found = {}
        for path in sorted(upper.rglob("*")):
            inside = Path("/") / path.relative_to(upper)
            if any(inside.is_relative_to(other) for other in OTHERS):
                continue
            about = path.lstat()
            if stat.S_ISCHR(about.st_mode):
                # A whiteout: the room deleted a file of the layer below.
                found[inside] = "gone"
                continue
            now = describe(path)
            if now != self._below(inside):
                found[inside] = now
        return found

    def _below(self, inside):
        for lower in self.lower.split(":"):
            path = Path(lower) / inside.relative_to("/")
            if path.is_symlink() or path.exists():
                if stat.S_ISCHR(path.lstat().st_mode) and path.lstat().st_rdev == 0:
                    return None
                return describe(path)
        return None


def describe(path):
    about = path.lstat()
    if path.is_symlink():
        content = os.readlink(path)
    elif path.is_file():
        content = path.read_bytes()
    else:
        content = None
    return about.st_mode, about.st_uid, about.st_gid, content
