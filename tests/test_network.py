"""The guard that keeps the tests on this machine."""

import socket
import urllib.request

import pytest

from tests import network


class TestClose:
    def test_refuses_a_connection_to_another_machine(self) -> None:
        with (
            socket.socket() as connection,
            pytest.raises(network.NetworkIsOff, match=r"192\.0\.2\.1"),
        ):
            connection.connect(("192.0.2.1", 80))

    def test_refuses_to_look_a_name_up(self) -> None:
        with pytest.raises(network.NetworkIsOff, match="example"):
            urllib.request.urlopen("http://example.com/")

    def test_leaves_this_machine_alone(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()

            with socket.create_connection(address) as connection:
                assert connection.getpeername() == address
