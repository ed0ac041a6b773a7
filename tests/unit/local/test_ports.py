"""Ports: the published ones when asked for, free ones otherwise, a clear word when taken."""

import os
import socket
from collections.abc import Iterator

import pytest

from deploy.local import ports
from deploy.local.errors import StackError


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server of ours on a loopback port."""
    with socket.socket() as server:
        server.bind((ports.LOOPBACK, 0))
        server.listen()
        yield server


def _port_of(server: socket.socket) -> int:
    port: int = server.getsockname()[1]
    return port


class TestServicePorts:
    def test_count_from_the_given_base(self) -> None:
        base = ports.free_port() // 100 * 100

        chosen = ports.service_ports({ports.BASE_VARIABLE: str(base)})

        assert chosen.by_service == {
            "registry": base + 1,
            "credit": base + 2,
            "guarantee": base + 3,
            "insurance": base + 4,
            "notify": base + 5,
        }

    def test_name_the_taken_port_and_its_holder(self, listener: socket.socket) -> None:
        taken = _port_of(listener)
        base = taken - ports.SERVICE_OFFSETS["registry"]

        with pytest.raises(StackError) as refused:
            ports.service_ports({ports.BASE_VARIABLE: str(base)})

        assert f"port {taken}, wanted by registry" in refused.value.problem
        assert f"(pid {os.getpid()})" in refused.value.problem
        assert ports.BASE_VARIABLE in refused.value.mend

    def test_avoid_taken_ports_when_no_base_is_given(self) -> None:
        first = ports.service_ports({})
        with socket.socket() as other_checkout:
            other_checkout.bind((ports.LOOPBACK, first.by_service["notify"]))
            other_checkout.listen()

            second = ports.service_ports({})

        assert second.base != first.base
        assert set(second.by_service.values()).isdisjoint(first.by_service.values())

    @pytest.mark.parametrize("given", ["80", "65535", "-1", "8100.0", "八千一百", "١٢٣٤", " 8100"])
    def test_refuse_what_is_not_a_port(self, given: str) -> None:
        with pytest.raises(StackError, match="is not a port between"):
            ports.service_ports({ports.BASE_VARIABLE: given})


class TestFreePort:
    def test_is_one_on_which_a_server_can_listen(self) -> None:
        with socket.socket() as server:
            server.bind((ports.LOOPBACK, ports.free_port()))

    def test_taken_is_not_free(self, listener: socket.socket) -> None:
        assert not ports.is_free(_port_of(listener))
