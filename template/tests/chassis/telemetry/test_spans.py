"""The spans that a service exports for requests, upstream calls and database statements."""

import asyncio
from secrets import token_hex
from typing import Final

import aiohttp
import pytest

from ..process.serving import lines
from .conftest import Pair
from .receiver import ReceivedSpan, until

SERVER: Final = 2
CLIENT: Final = 3


async def get(url: str, *, status: int = 200, **headers: str) -> str:
    async with aiohttp.ClientSession() as client, client.get(url, headers=headers) as response:
        text = await response.text()
        assert response.status == status, text
        return text


def traceparent(flags: str = "01") -> tuple[str, str, str]:
    trace, span = token_hex(16), token_hex(8)
    return f"00-{trace}-{span}-{flags}", trace, span


async def in_trace(pair: Pair, trace: str, count: int) -> dict[str, ReceivedSpan]:
    """Return the spans of one trace by service and name, once there are `count`."""

    def found() -> list[ReceivedSpan]:
        return [each for each in pair.receiver.spans if each.trace_id == trace]

    await until(lambda: len(found()) >= count)
    return {f"{each.service}: {each.name}": each for each in found()}


async def test_one_trace_spans_both_services(pair: Pair) -> None:
    """And the log lines of both contain the span ids."""
    header, trace, caller = traceparent()
    await get(f"{pair.asking}/api/v1/toys/asked/ada?secret=planted-query", traceparent=header, tracestate="vendor=1")
    spans = await in_trace(pair, trace, 4)
    assert set(spans) == {
        "asking: GET /api/v1/toys/asked/{name}",
        "asking: GET /api/v1/toys/hello/{name}",
        "asked: GET /api/v1/toys/hello/{name}",
        "asked: own span",
    }
    first, call, second, own = (
        spans["asking: GET /api/v1/toys/asked/{name}"],
        spans["asking: GET /api/v1/toys/hello/{name}"],
        spans["asked: GET /api/v1/toys/hello/{name}"],
        spans["asked: own span"],
    )
    assert (first.parent_id, call.parent_id, second.parent_id) == (caller, first.span_id, call.span_id)
    assert own.parent_id == second.span_id
    assert (first.kind, call.kind, second.kind) == (SERVER, CLIENT, SERVER)
    assert not any(span.is_failed for span in spans.values())
    assert {
        name: call.attributes[name] for name in ("http.request.method", "url.template", "chassis.upstream.name")
    } == {
        "http.request.method": "GET",
        "url.template": "/api/v1/toys/hello/{name}",
        "chassis.upstream.name": "toys",
    }
    assert call.attributes["http.response.status_code"] == 200
    for log, span in ((pair.asking_log, first), (pair.asked_log, second)):
        [line] = [each for each in lines(log) if each["logger"] == "access" and each.get("trace_id") == trace]
        assert (line["span_id"], line["trace_flags"]) == (span.span_id, "01")
        for name in ("http.request.method", "http.route", "url.path", "http.response.status_code", "client.address"):
            assert span.attributes[name] == line[name]


async def test_database_span_has_operation_and_table(pair: Pair) -> None:
    header, trace, _ = traceparent()
    await get(f"{pair.asked}/api/v1/toys/statements/1", traceparent=header)
    spans = await in_trace(pair, trace, 7)
    server = spans["asked: GET /api/v1/toys/statements/{toy_id}"]
    transaction = spans["asked: transaction"]
    parents = {name.partition(": ")[2]: span.parent_id for name, span in spans.items() if span is not server}
    create = next(name for name in parents if name.startswith("CREATE"))
    assert parents == {
        create: server.span_id,
        "transaction": server.span_id,
        "INSERT toys": transaction.span_id,
        "UPDATE toys": transaction.span_id,
        "SELECT toys": server.span_id,
    }
    found = spans["asked: SELECT toys"].attributes
    assert found["db.system.name"] == "postgresql"
    assert (found["db.operation.name"], found["db.collection.name"]) == ("SELECT", "toys")
    assert {"db.namespace", "server.address", "server.port"} <= set(found)


async def test_failed_spans_have_the_error_type_without_its_text(pair: Pair) -> None:
    header, trace, _ = traceparent()
    await get(f"{pair.asked}/api/v1/toys/broken", status=500, traceparent=header)
    spans = await in_trace(pair, trace, 2)
    statement = next(each for each in spans.values() if each.kind == CLIENT)
    assert all(each.is_failed for each in spans.values())
    assert statement.attributes["error.type"] == "42P01"
    header, trace, _ = traceparent()
    await get(f"{pair.asked}/api/v1/toys/boom", status=500, traceparent=header)
    [server] = (await in_trace(pair, trace, 1)).values()
    assert (server.is_failed, server.attributes["error.type"], server.events) == (True, "500", 0)


async def test_marks_a_refused_upstream_call_as_failed(pair: Pair) -> None:
    header, trace, _ = traceparent()
    await get(f"{pair.asking}/api/v1/toys/in-vain", status=500, traceparent=header)
    spans = await in_trace(pair, trace, 2)
    call = next(each for each in spans.values() if each.kind == CLIENT)
    assert (call.is_failed, call.attributes["error.type"]) == (True, "404")


async def test_links_the_spans_of_batched_requests(pair: Pair) -> None:
    url = f"{pair.asked}/api/v1/toys/together"
    await asyncio.gather(get(url), get(url))
    spans = await pair.receiver.spans_of("GET /api/v1/toys/together", 2)
    linked, other = sorted(spans, key=lambda span: len(span.links), reverse=True)
    assert linked.links == [(other.trace_id, other.span_id)]
    assert other.links == []


async def test_respects_the_sampling_decision_of_the_caller(pair: Pair) -> None:
    """A trace that is not recorded is propagated as such, with its ids in the log."""
    header, trace, caller = traceparent("00")
    await get(f"{pair.asking}/api/v1/toys/asked/ada", traceparent=header)
    later, recorded, _ = traceparent()
    await get(f"{pair.asking}/api/v1/toys/asked/ada", traceparent=later)
    await in_trace(pair, recorded, 4)
    assert trace not in {span.trace_id for span in pair.receiver.spans}
    for log in (pair.asking_log, pair.asked_log):
        [line] = [each for each in lines(log) if each["logger"] == "access" and each.get("trace_id") == trace]
        assert line["trace_flags"] == "00"
        assert line["span_id"] != caller


async def test_health_checks_have_no_spans(pair: Pair) -> None:
    await get(f"{pair.asked}/health/ready")
    header, trace, _ = traceparent()
    await get(f"{pair.asked}/api/v1/toys/hello/ada", traceparent=header)
    await in_trace(pair, trace, 2)
    assert not [span for span in pair.receiver.spans if "/health/" in str(span.attributes.get("url.path"))]


async def test_spans_contain_no_user_data(pair: Pair) -> None:
    """No query, body, secret header, statement value or error text."""
    header, trace, _ = traceparent()
    url = f"{pair.asking}/api/v1/toys/asked/ada?token=planted-query&password=planted-query"
    secrets = {"tracestate": "Planted-state", "authorization": "Bearer planted-token", "cookie": "id=planted-cookie"}
    async with aiohttp.ClientSession() as client, client.get(url, headers={"traceparent": header, **secrets}) as answer:
        assert answer.status == 200
    await in_trace(pair, trace, 4)
    assert b"planted-" not in pair.receiver.raw.lower()
    assert "planted-" not in pair.asking_log.read_text().lower()
    assert not [line for line in lines(pair.asking_log) if line["logger"] == "chassis.telemetry.trouble"]


async def test_groups_unknown_methods_as_other(pair: Pair) -> None:
    header, trace, _ = traceparent()
    url = f"{pair.asked}/api/v1/toys/hello/ada"
    headers = {"traceparent": header}
    async with aiohttp.ClientSession() as client, client.request("PROPFIND", url, headers=headers) as answer:
        assert answer.status == 405
    [span] = (await in_trace(pair, trace, 1)).values()
    assert span.name.partition(" ")[0] == "HTTP"
    assert span.attributes["http.request.method"] == "_OTHER"
    assert span.attributes["http.request.method_original"] == "PROPFIND"


async def test_spans_have_the_service_name_version_and_instance_id(pair: Pair) -> None:
    await get(f"{pair.asked}/api/v1/toys/hello/ada")
    await pair.receiver.spans_of("GET /api/v1/toys/hello/{name}", 1)
    for resource in pair.receiver.resources:
        assert resource["service.name"] in {"asked", "asking"}
        assert resource["service.version"]
        assert resource["service.instance.id"]
    assert len({resource["service.instance.id"] for resource in pair.receiver.resources}) <= 2


async def test_marks_an_aborted_response_as_failed(pair: Pair) -> None:
    """Although its status is 200, which was already sent."""
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(f"{pair.asked}/api/v1/toys/broken-off")
    [span] = await pair.receiver.spans_of("GET /api/v1/toys/broken-off")
    assert span.is_failed
    assert (span.attributes["http.response.status_code"], span.attributes["error.type"]) == (200, "incomplete")
    points = await pair.receiver.points(
        "http.server.request.duration",
        lambda points: any(each.attributes.get("error.type") == "incomplete" for each in points),
    )
    assert points
