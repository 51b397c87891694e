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


def test_a_connection_by_tls_is_on_record_with_the_name_of_the_server(network):
    assert network.run(*PYTHON, GET.format("https://secret.example.org/")) != 0
    assert network.seen("^NAME secret.example.org$")
    network.wait_for("^TLS secret.example.org$")


def test_no_packet_leaves_and_no_other_network_is_reached(network):
    connect = "import socket; socket.create_connection(({!r}, 53), 5)"
    for address in ("192.0.2.1", "1.1.1.1", "2606:4700:4700::1111"):
        assert network.run(*PYTHON, connect.format(address)) != 0
    only_loopback = "import socket; assert [name for _, name in socket.if_nameindex()] == ['lo']"
    assert network.run(*PYTHON, only_loopback) == 0
    assert network.seen() == []
