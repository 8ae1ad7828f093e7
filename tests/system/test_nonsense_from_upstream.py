"""The friends service when users sends unexpected responses."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import stub_upstream as stubs
from callers import MARGIN, TOTAL_TIMEOUT, USERS, Caller
from live_service import LiveService, live_service

from system.running import System

NONSENSE = {
    "an error": (stubs.answering(b"boom", status=500), "returned 500: GET /api/v1/users/exists"),
    "no HTTP": (stubs.not_http, "failed: "),
    "no JSON": (stubs.answering(b"<html>"), "an invalid body: json_invalid"),
    "wrong type": (stubs.answering(b"[]", content_type="text/html"), "content type 'text/html'"),
    "10 MB": (stubs.answering(b" " * 10 * stubs.MEGABYTE), "more than 1048576 bytes"),
    "redirect": (stubs.answering(b"", status=302, header="Location: /elsewhere"), "returned 302"),
    "not found": (stubs.answering(b"{}", status=404), "returned 404"),
    "no body": (stubs.answering(b""), "an invalid body: json_invalid"),
    "compressed": (stubs.answering(b"\x1f\x8b", header="Content-Encoding: gzip"), "content encoding 'gzip'"),
    "too deep": (stubs.answering(b"[" * 100_000), "an invalid body: json_invalid"),
    "null": (stubs.document(None), "an invalid body: model_type at ''"),
    "wrong lists": (stubs.document({"existing": [], "missing": [str(uuid4())]}), "an invalid body: value_error at ''"),
    "wrong ids": (stubs.document({"existing": [1], "missing": None}), "an invalid body: uuid_type at '/existing/0'"),
    "hung up": (stubs.hang_up, "failed: ServerDisconnectedError"),
}


@pytest.fixture(scope="module")
async def stub() -> AsyncIterator[stubs.StubUpstream]:
    async with stubs.stub_upstream(stubs.silence) as stub:
        yield stub


@pytest.fixture(scope="module")
async def misled(
    stub: stubs.StubUpstream, system: System, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveService]:
    """Yield a friends service whose circuit never opens, so that each response of the stub counts by itself."""
    log = tmp_path_factory.mktemp("misled") / "friends.log"
    environment = {"USERS_SERVICE_URL": stub.url, "CIRCUIT_BREAKER_FAILURES": "1000"}
    with live_service(system.services["friends"], log, **environment) as service:
        await service.becomes(200)
        yield service


@pytest.mark.parametrize("kind", NONSENSE)
async def test_responds_503_to_malformed_upstream_responses(
    stub: stubs.StubUpstream, misled: LiveService, kind: str
) -> None:
    stub.behaviour, logged = NONSENSE[kind]
    before = len(misled.lines)
    async with Caller(misled.url) as friends:
        for answer in (await friends.befriend_strangers(), await friends.get(f"{USERS}/{uuid4()}/friendships")):
            assert answer.problem == "upstream-unavailable", "the problem must not be upstream-timeout"
            assert answer.is_refusal()
    assert any(logged in line["message"] for line in misled.lines[before:] if line["level"] == "WARNING")


async def test_times_out_on_half_a_response(stub: stubs.StubUpstream, misled: LiveService) -> None:
    stub.behaviour = stubs.half_an_answer
    async with Caller(misled.url) as friends:
        answer = await friends.befriend_strangers()
    assert answer.problem == "upstream-timeout"
    assert answer.is_refusal(504)
    assert TOTAL_TIMEOUT <= answer.seconds < TOTAL_TIMEOUT + MARGIN
