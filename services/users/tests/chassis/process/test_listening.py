"""Where a service listens; if it cannot, one line names the setting and its value."""

import asyncio
import errno
import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chassis.process.listening import listening_sockets, refuse_new_connections, somebody_waits

from ..sample_process import PACKAGE, SERVICE_FOLDER, python_path
from ..sample_service.settings import Settings
from .serving import PATIENCE, needs_ipv6, served


async def refused(**environment: str) -> str:
    """Return the one log line of the sample, which cannot start."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", PACKAGE, "serve"),
        cwd=SERVICE_FOLDER,
        env=os.environ | {"PYTHONPATH": python_path(), "PORT": "0"} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    assert process.returncode == 3
    (line,) = output.decode().splitlines()
    assert '"CRITICAL"' in line
    return line


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("host", ["x86_64-conda-linux-gnu", "192.0.2.1", "http://localhost", "a" * 64 + ".example"])
async def test_names_an_invalid_host(workers: str, host: str) -> None:
    assert f"cannot listen: HOST={host}" in await refused(HOST=host, WEB_CONCURRENCY=workers)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_names_a_port_that_is_in_use(workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = await refused(PORT=str(port), WEB_CONCURRENCY=workers)
    assert f"cannot listen: PORT={port}: Address already in use" in line


def settings(**changes: object) -> Settings:
    return Settings().model_copy(update=changes)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Make a call to the operating system fail: no machine provokes all of these errors."""

    def make_fail(method: str, number: int) -> None:
        class Failing(socket.socket):
            def __init__(self, family: int = -1, kind: int = -1, proto: int = -1, fileno: int | None = None) -> None:
                if method == "socket" and family == socket.AF_INET6:
                    raise OSError(number, os.strerror(number))
                super().__init__(family, kind, proto, fileno)

            def bind(self, *address: Any) -> None:
                if method == "bind":
                    raise OSError(number, os.strerror(number))
                super().bind(*address)

        monkeypatch.setattr(socket, "socket", Failing)

    return make_fail


@pytest.mark.parametrize(
    ("method", "number", "changes", "message"),
    [
        ("socket", errno.EAFNOSUPPORT, {"host": "::"}, "HOST=::: Address family not supported by protocol"),
        ("bind", errno.EADDRNOTAVAIL, {"host": "::1"}, "HOST=::1: Cannot assign requested address"),
        ("bind", errno.EACCES, {"port": 80}, "PORT=80: Permission denied"),
    ],
)
def test_names_the_setting_if_the_operating_system_refuses(
    failing: Callable[[str, int], None],
    caplog: pytest.LogCaptureFixture,
    method: str,
    number: int,
    changes: dict[str, object],
    message: str,
) -> None:
    failing(method, number)
    with pytest.raises(SystemExit) as exit_:
        listening_sockets(settings(**changes))
    assert exit_.value.code == 3
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.CRITICAL, f"cannot listen: {message}")


def test_listens_on_ipv4_if_ipv6_is_not_available(
    failing: Callable[[str, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [(family, 1, 6, "", (host, 0)) for family, host in ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    failing("socket", errno.EAFNOSUPPORT)
    (bound,) = listening_sockets(settings(host="localhost", port=0))
    assert bound.getsockname()[0] == "127.0.0.1"
    bound.close()


@needs_ipv6
async def test_ipv6_any_address_includes_ipv4(tmp_path: Path) -> None:
    async with served(tmp_path / "log", HOST="::", DRAIN_DELAY="0") as (_, url):
        port = int(url.rpartition(":")[2])
        for host in ("::1", "127.0.0.1"):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()


def test_uses_one_port_for_all_addresses_of_a_host() -> None:
    sockets = listening_sockets(settings(host="localhost", port=0))
    assert len({bound.getsockname()[1] for bound in sockets}) == 1
    for bound in sockets:
        bound.close()


def test_ignores_a_socket_without_a_network() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.setsockopt(socket.SOL_SOCKET, 44, 1)  # SO_LOCK_FILTER: no filter can be attached
        assert not refuse_new_connections([here])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can drop attempts to connect")
@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=needs_ipv6)])
def test_refuses_new_connections_but_accepts_pending_ones(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server, socket.create_connection(server.getsockname()[:2]):
        assert somebody_waits([server])
        assert refuse_new_connections([server])
        with pytest.raises(TimeoutError):
            socket.create_connection(server.getsockname()[:2], timeout=0.3)
        server.accept()[0].close()
        assert not somebody_waits([server])
