"""One request can be traced through the logs of both services."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

from callers import USERS, Caller, eventually

from system.running import System

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER_SPAN = "00f067aa0ba902b7"


def lines_of(log: Path, **fields: str) -> list[dict[str, Any]]:
    """Return the records of a log with these values in these fields."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if all(line.get(name) == value for name, value in fields.items())]


async def access_line(system: System, service: str, **fields: str) -> dict[str, Any]:
    """Return the one access line of a service with these fields."""
    log = system.logs / f"{service}.log"

    async def is_written() -> bool:
        return bool(lines_of(log, logger="access", **fields))

    await eventually(is_written)
    (line,) = lines_of(log, logger="access", **fields)
    return line


async def test_request_id_is_in_the_logs_of_both_services(system: System, friends: Caller) -> None:
    request_id = f"test-{uuid4().hex}"
    answer = await friends.get(f"{USERS}/{uuid4()}/friendships", headers={"X-Request-ID": request_id})
    assert answer.headers["X-Request-ID"] == request_id == answer.body["request_id"]
    asked = await access_line(system, "friends", request_id=request_id)
    passed_on = await access_line(system, "users", request_id=request_id)
    assert asked["http.route"] == "/api/v1/users/{user_id}/friendships"
    assert passed_on["http.route"] == "/api/v1/users/exists"
    assert (asked["http.response.status_code"], passed_on["http.response.status_code"]) == (404, 200)
    assert asked["trace_id"] == passed_on["trace_id"], "a trace must be started and propagated"
    assert re.fullmatch("[0-9a-f]{32}", asked["trace_id"])


async def test_trace_of_the_caller_continues_in_both_services(system: System, friends: Caller) -> None:
    request_id = f"test-{uuid4().hex}"
    headers = {"X-Request-ID": request_id, "traceparent": f"00-{TRACE_ID}-{CALLER_SPAN}-01"}
    await friends.get(f"{USERS}/{uuid4()}/friendships", headers=headers)
    for service in ("friends", "users"):
        line = await access_line(system, service, request_id=request_id)
        assert line["trace_id"] == TRACE_ID


async def test_replaces_a_malformed_request_id_and_propagates_the_new_one(system: System, friends: Caller) -> None:
    answer = await friends.get(f"{USERS}/{uuid4()}/friendships", headers={"X-Request-ID": "not / usable"})
    given = answer.headers["X-Request-ID"]
    assert given == answer.body["request_id"] != "not / usable"
    assert await access_line(system, "users", request_id=given)


async def test_both_services_log_only_json(system: System, friends: Caller) -> None:
    await friends.get("/nowhere")
    for service in ("users", "friends"):
        lines = lines_of(system.logs / f"{service}.log")
        assert lines
        assert {line["service"] for line in lines} == {service}
        assert all({"timestamp", "level", "logger", "message"} <= line.keys() for line in lines)
