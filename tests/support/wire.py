# SPDX-License-Identifier: GPL-3.0-or-later
"""A closed network: programs in it can reach nothing but this file, and everything they ask for is on
record.

Run as a program, this file is the network's only other end: it answers every name with 127.0.0.1, and
takes every HTTP request. For TLS it has a certificate authority of the test's own. A program that trusts
it sends its requests; of any other program only the server's name is on record. This file starts the
programs, too, since they have to be in the same network. The test talks to it in lines of JSON.
"""

import gzip
import http.server
import json
import os
import re
import signal
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

# The log: one line for each name that is asked for, for each connection and for each request.
LOCK = threading.Lock()


# The places of the system's trusted authorities, for OpenSSL and GnuTLS.
TRUSTED = "/etc/ssl/certs"
BUNDLE = "ca-certificates.crt"

AUTHORITY = """[req]
distinguished_name = name
x509_extensions = ca
prompt = no
[name]
CN = Test Authority
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
"""
SERVER = """[req]
distinguished_name = name
x509_extensions = server
prompt = no
[name]
CN = Test Server
[server]
basicConstraints = critical, CA:false
extendedKeyUsage = serverAuth
subjectAltName = DNS:{}
"""


def make_certificate(folder, config, *options):
    """Makes a key and its certificate for two days, as `key.pem` and `certificate.pem` in the folder."""
    folder.mkdir()
    (folder / "config").write_text(config)
    command = ["openssl", "req", "-x509", "-config", folder / "config", "-days", "2", "-nodes"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", folder / "key.pem"]
    place = ["-out", folder / "certificate.pem"]
    subprocess.run([*command, *key, *place, *options], check=True, capture_output=True)


def bodies_of(log):
    """The file for the requests that came with a body: each one's line of the log, and the body."""
    return Path(log).with_suffix(".bodies")


class ClosedNetwork:
    """A network of its own, with the user's session in it."""

    def __init__(self, session, binds=(), trusted=True, card=False):
        """`trusted` makes the network's certificate authority the only one that the system trusts.
        `card` adds a network card, for programs that otherwise send nothing. Its cable ends in this
        network, so no packet leaves."""
        self.log = session.root / "wire.log"
        self.forget()
        self.authority = session.root / "authority"
        make_certificate(self.authority, AUTHORITY)
        resolver = session.root / "resolv.conf"
        resolver.write_text("nameserver 127.0.0.1\noptions timeout:2\n")
        names = session.root / "nsswitch.conf"
        names.write_text("hosts: files dns\n")
        command = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
        if os.geteuid() != 0:
            # Port 53 needs a privilege, which the user has in a user namespace.
            command += ["--unshare-user", "--uid", "0", "--cap-add", "CAP_NET_BIND_SERVICE"]
            command += ["--cap-add", "CAP_NET_ADMIN"] if card else []
        # First, since one of them may be the whole of /etc.
        for source, place in binds:
            command += ["--bind", str(source), str(place)]
        command += ["--bind", str(resolver), str(Path("/etc/resolv.conf").resolve())]
        command += ["--bind", str(names), "/etc/nsswitch.conf"]
        if trusted:
            self.trusted = folder = session.root / "trusted"
            folder.mkdir()
            (folder / BUNDLE).write_bytes((self.authority / "certificate.pem").read_bytes())
            # OpenSSL finds an authority by the hash of its name.
            subprocess.run(["openssl", "rehash", folder], check=True, capture_output=True)
            command += ["--bind", str(folder), TRUSTED]
        self.process = subprocess.Popen(
            [*command, "/usr/bin/python3", __file__, str(self.log), str(self.authority)],
            env=session.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        session.children.append(self.process)
        self.port = self._ask("port")
        if card:
            for words in ("link add card type veth peer name cable", "address add 192.0.2.1/24 dev card"):
                assert self.run("ip", *words.split()) == 0
            for name in ("cable", "card"):
                assert self.run("ip", "link", "set", name, "up") == 0

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

    def wait_for(self, pattern, seconds=180):
        """Waits for a line of the log, and returns all that match. The limit only ends a failing test."""
        end = time.monotonic() + seconds
        while not (found := self.seen(pattern)):
            assert time.monotonic() < end, f"{pattern} was not seen, but {self.seen()}"
            time.sleep(0.05)
        return found

    def bodies(self, pattern):
        """What programs sent with the requests whose lines of the log match."""
        sent = [json.loads(line) for line in bodies_of(self.log).read_text().splitlines()]
        return [body for line, body in sent if re.search(pattern, line)]

    def forget(self):
        self.log.write_text("")
        bodies_of(self.log).write_text("")


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
        body = self.body()
        line = f"{self.command} {self.headers.get('host')} {self.path}"
        if body:
            # Before the line of the log, for which the test waits.
            note(bodies_of(self.server.log), json.dumps([line, body.decode("utf-8", "replace")]))
        note(self.server.log, line)
        body = b"[]"
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
        return gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body

    def log_message(self, *_):
        pass


class Https(Handler):
    """Notes the server that the caller names, and takes its requests if it trusts the authority."""

    def setup(self):
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port, handler, log, tls=None):
        super().__init__(("127.0.0.1", port), handler)
        self.log = log
        self.tls = tls

    def handle_error(self, *_):
        # A caller may end the connection at any time, such as one that trusts other authorities.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(*_)


class Servers:
    """The settings of TLS for a server of any name."""

    def __init__(self, log, authority):
        self.log = log
        self.authority = Path(authority)
        self.lock = threading.Lock()
        self.known = {}

    def settings(self, name):
        with self.lock:
            if name not in self.known:
                folder = self.authority / f"server-{len(self.known)}"
                signed = ["-CA", self.authority / "certificate.pem", "-CAkey", self.authority / "key.pem"]
                make_certificate(folder, SERVER.format(name), *signed)
                self.known[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self.known[name].load_cert_chain(folder / "certificate.pem", folder / "key.pem")
            return self.known[name]

    def choose(self, connection, name, _):
        """Called by OpenSSL with the name in the caller's first message."""
        note(self.log, f"TLS {name}")
        connection.context = self.settings(name or "localhost")

    def any(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = self.choose
        return context


class Network:
    def __init__(self, log, authority):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 53))
        self._thread(answer_names, log, server)
        http = Server(0, Handler, log)
        self.port_number = http.server_address[1]
        tls = Servers(log, authority).any()
        for server in (http, Server(80, Handler, log), Server(443, Https, log, tls)):
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
        # As a session does at its end: the program ends its own processes in their order.
        child.terminate()
        status = child.wait(60)
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return status

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
    network = Network(*sys.argv[1:])
    for line in sys.stdin:
        what, *arguments = json.loads(line)
        try:
            answer = [None, getattr(network, what)(*arguments)]
        except Exception as error:  # The test says what went wrong.
            answer = [f"{type(error).__name__}: {error}", None]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
