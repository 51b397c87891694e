# SPDX-License-Identifier: GPL-3.0-or-later
"""The closed network of the tests: everything that a program asks for is on record, and nothing leaves."""

import pytest
from support.wire import ClosedNetwork

GET = "import urllib.request as request; request.urlopen({!r}, timeout=20).read()"
PYTHON = ("/usr/bin/python3", "-c")


@pytest.fixture
def network(session):
    return ClosedNetwork(session)


def test_a_request_is_on_record_with_the_name_that_was_asked_for(network):
    for place in ("http://reports.example.org/a?b=c", f"http://127.0.0.1:{network.port}/d"):
        assert network.run(*PYTHON, GET.format(place)) == 0
    assert network.seen("^NAME reports.example.org$")
    assert network.seen("^GET reports.example.org /a\\?b=c$")
    assert network.seen(f"^GET 127.0.0.1:{network.port} /d$")


def test_a_connection_by_tls_is_on_record_with_the_name_of_the_server(session):
    network = ClosedNetwork(session, trusted=False)
    assert network.run(*PYTHON, GET.format("https://secret.example.org/")) != 0
    assert network.seen("^NAME secret.example.org$")
    network.wait_for("^TLS secret.example.org$")
    assert not network.seen("^GET")


# Debian's TLS libraries: OpenSSL in Python, and GnuTLS in GLib.
POST = """
import urllib.request as request
body = request.Request("https://python.example.org/a?b", data=b"words of Python")
assert request.urlopen(body, timeout=20).read() == b"[]"
"""
GLIB = """
const {Gio, GLib} = imports.gi;
const client = Gio.SocketClient.new();
client.set_tls(true);
const connection = client.connect_to_host("glib.example.org", 443, null);
const head = ["POST /a?b HTTP/1.0", "Host: glib.example.org", "Content-Length: 13", "", ""];
connection.output_stream.write_all(head.join("\\r\\n") + "words of GLib", null);
print(connection.input_stream.read_bytes(1, null).get_size());
"""


def test_a_program_that_trusts_the_test_sends_its_request_by_tls_which_is_on_record(network):
    assert network.run(*PYTHON, POST) == 0
    assert network.run("gjs", "-c", GLIB) == 0
    for name in ("Python", "GLib"):
        host = f"{name.lower()}.example.org"
        assert network.seen(f"^TLS {host}$")
        assert network.seen(f"^POST {host} /a\\?b$")
        assert network.bodies(f"^POST {host} ") == [f"words of {name}"]


def test_no_packet_leaves_and_no_other_network_is_reached(network):
    connect = "import socket; socket.create_connection(({!r}, 53), 5)"
    for address in ("192.0.2.1", "1.1.1.1", "2606:4700:4700::1111"):
        assert network.run(*PYTHON, connect.format(address)) != 0
    only_loopback = "import socket; assert [name for _, name in socket.if_nameindex()] == ['lo']"
    assert network.run(*PYTHON, only_loopback) == 0
    assert network.seen() == []
