# SPDX-License-Identifier: GPL-3.0-or-later
"""A closed network: programs in it can reach nothing but this file, and everything they ask for is on
record.

Run as a program, this file is the network's only other end: it answers every name with 127.0.0.1, takes
every HTTP request, and notes who wants to talk TLS. It starts the programs, too, since they have to be
in the same network. The test talks to it in lines of JSON.
"""

import http.server
import json
import os
import re
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

# The log: one line for each name that is asked for, for each connection and for each request.
LOCK = threading.Lock()


class ClosedNetwork:
    """A network of its own, with the user's session in it."""

    def __init__(self, session, binds=()):
        self.log = session.root / "wire.log"
        self.log.touch()
        resolver = session.root / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\noptions timeout:2\n")
        names = session.root / "nsswitch.conf"
        names.write_text("hosts: files dns\n")
        command = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
        if os.geteuid() != 0:
            # Port 53 needs a privilege, which the user has in a user namespace.
            command += ["--unshare-user", "--uid", "0", "--cap-add", "CAP_NET_BIND_SERVICE"]
        command += ["--bind", str(resolver), str(Path("/etc/resolv.conf").resolve())]
        command += ["--bind", str(names), "/etc/nsswitch.conf"]
        for source, place in binds:
            command += ["--bind", str(source), str(place)]
        self.process = subprocess.Popen(
            [*command, "/usr/bin/python3", __file__, str(self.log)],
            env=session.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        session.children.append(self.process)
        self.port = self._ask("port")

    def _ask(self, what, *arguments):
        self.process.stdin.write(json.dumps([what, *arguments]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the network ended"
        error, answer = json.loads(line)
        assert error is None, error
        return answer

    def start(self, *command, **env):
        """Starts a program in the network, and returns its number."""
        return self._ask("start", [str(word) for word in command], env)

    def wait(self, number, seconds=60):
        """Waits until a program ends."""
        return self._ask("wait", number, seconds)

    def stop(self, number):
        """Ends a program, and waits for it."""
        return self._ask("stop", number)

    def run(self, *command, seconds=60, **env):
        """Runs a program to its end, and returns its exit status."""
        return self.wait(self.start(*command, **env), seconds)

    def browser(self, *command, port, **env):
        """Starts a Mozilla program, and returns it when it takes commands."""
        return Marionette(self, self.start(*command, **env), port)

    def connect(self, port, seconds=90):
        return self._ask("connect", port, seconds)

    def tell(self, connection, name, parameters):
        return self._ask("tell", connection, name, parameters)

    def seen(self, pattern=""):
        """The lines of the log that match."""
        return [line for line in self.log.read_text().splitlines() if re.search(pattern, line)]

    def wait_for(self, pattern, seconds=60):
        """Waits for a line of the log, and returns all that match. The limit only ends a failing test."""
        end = time.monotonic() + seconds
        while not (found := self.seen(pattern)):
            assert time.monotonic() < end, f"{pattern} was not seen, but {self.seen()}"
            time.sleep(0.05)
        return found

    def forget(self):
        self.log.write_text("")


class Marionette:
    """A running Firefox or Thunderbird that takes commands (`--marionette`)."""

    def __init__(self, network, number, port):
        self.network = network
        self.number = number
        self.connection = network.connect(port)
        self.command("WebDriver:NewSession")
        self.command("Marionette:SetContext", value="chrome")

    def command(self, name, **parameters):
        return self.network.tell(self.connection, name, parameters)

    def run(self, script, *arguments):
        """The result of JavaScript with all rights of the program."""
        parameters = {"script": script, "args": arguments, "sandbox": "system"}
        return self.command("WebDriver:ExecuteScript", **parameters)["value"]

    def wait(self, script, *arguments):
        """The result of JavaScript that calls its last argument with it."""
        parameters = {"script": script, "args": arguments, "sandbox": "system", "scriptTimeout": 60000}
        return self.command("WebDriver:ExecuteAsyncScript", **parameters)["value"]

    def prefs(self, *names):
        """Each preference with its value, and whether it is locked."""
        script = """
            const kinds = {32: "getStringPref", 64: "getIntPref", 128: "getBoolPref"};
            return arguments[0].map(name => {
                const kind = kinds[Services.prefs.getPrefType(name)];
                return [kind ? Services.prefs[kind](name) : null, Services.prefs.prefIsLocked(name)];
            });
        """
        return dict(zip(names, map(tuple, self.run(script, names))))

    def quit(self):
        """Ends the program as its menu does, and waits until it has saved everything."""
        self.command("Marionette:Quit", flags=["eForceQuit"])
        assert self.network.wait(self.number) == 0


# The other end


def note(log, line):
    with LOCK, open(log, "a") as text:
        text.write(line + "\n")


def answer_names(log, server):
    while True:
        question, sender = server.recvfrom(2048)
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
            at += question[at] + 1
        kind = struct.unpack(">H", question[at + 1 : at + 3])[0]
        note(log, f"NAME {'.'.join(labels)}")
        # Other kinds than A have no answer.
        answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01" if kind == 1 else b""
        head = question[:2] + b"\x81\x80\x00\x01" + struct.pack(">H", bool(answer)) + b"\x00" * 4
        server.sendto(head + question[12 : at + 5] + answer, sender)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        note(self.server.log, f"{self.command} {self.headers.get('host')} {self.path}")
        body = b"[]"
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def log_message(self, *_):
        pass


class Https(socketserver.BaseRequestHandler):
    """Notes the server that the caller names, and ends the connection."""

    def handle(self):
        hello = self.request.recv(65536)
        # The name of the server in a ClientHello; RFC 6066, section 3: the type of the extension, its
        # length, the length of the list, the type of the name, and the name with its length.
        for at in range(len(hello) - 9):
            kind, size, names, host, length = struct.unpack_from(">HHHBH", hello, at)
            if (kind, host, size, names) == (0, 0, length + 5, length + 3):
                note(self.server.log, f"TLS {hello[at + 9 : at + 9 + length].decode('ascii', 'replace')}")
                return


class Network:
    def __init__(self, log):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 53))
        self._thread(answer_names, log, server)
        for port, kind, handler in ((0, "http", Handler), (80, "http", Handler), (443, "https", Https)):
            served = socketserver.ThreadingTCPServer
            served.allow_reuse_address = True
            server = served(("127.0.0.1", port), handler)
            server.daemon_threads = True
            server.log = log
            self.port_number = server.server_address[1] if port == 0 else self.port_number
            self._thread(server.serve_forever)
        self.children = []
        self.connections = []

    def _thread(self, function, *arguments):
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def port(self):
        return self.port_number

    def start(self, command, env):
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.children.append(
            subprocess.Popen(
                command, env=os.environ | env, stdin=subprocess.DEVNULL, start_new_session=True, **silent
            )
        )
        return len(self.children) - 1

    def wait(self, number, seconds):
        return self.children[number].wait(seconds)

    def stop(self, number):
        child = self.children[number]
        os.killpg(child.pid, signal.SIGTERM)
        return child.wait(30)

    def connect(self, port, seconds):
        end = time.monotonic() + seconds
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", port))
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self.connections.append([connection.makefile("rwb"), 0])
        self._receive(connection := self.connections[-1])
        return len(self.connections) - 1

    @staticmethod
    def _receive(connection):
        pipe, length = connection[0], b""
        while (byte := pipe.read(1)) not in (b":", b""):
            length += byte
        return json.loads(pipe.read(int(length)))

    def tell(self, number, name, parameters):
        connection = self.connections[number]
        connection[1] += 1
        message = json.dumps([0, connection[1], name, parameters]).encode()
        connection[0].write(b"%d:%s" % (len(message), message))
        connection[0].flush()
        _, _, error, answer = self._receive(connection)
        if error:
            raise RuntimeError(error.get("message"))
        return answer


def main():
    network = Network(sys.argv[1])
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        try:
            answer = [None, getattr(network, what)(*arguments)]
        except Exception as error:  # The test says what went wrong.
            answer = [f"{type(error).__name__}: {error}", None]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
