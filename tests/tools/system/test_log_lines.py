"""The readable form of log lines."""

import json
import re
from typing import Any

import pytest

from system.log_lines import coloured, gateway_lines, readable, service_lines

TIME = r"\d\d:\d\d:\d\d\.123"
RECORD = {
    "timestamp": "2026-11-26T07:38:22.123Z",
    "level": "INFO",
    "logger": "users_service.core",
    "message": "done",
    "service": "users",
    "version": "1.0.0",
    "trace_id": "5" * 32,
}
ACCESS = {
    **RECORD,
    "logger": "access",
    "message": "GET /api/v1/users 200",
    "http.request.method": "GET",
    "url.path": "/api/v1/users",
    "http.response.status_code": 200,
    "duration_ms": 3.21,
    "client.address": "127.0.0.1",
}
REFUSED = {  # written by the gateway
    "level": "info",
    "msg": "",
    "StartUTC": "2026-11-26T07:38:22.123456789Z",
    "RequestMethod": "GET",
    "RequestPath": "/nowhere",
    "DownstreamStatus": 404,
    "OriginStatus": 0,
    "Duration": 400504,
}


def line(record: dict[str, Any], **more: Any) -> str:
    return json.dumps({**record, **more})


def test_shows_caller_request_status_and_duration() -> None:
    (shown,) = service_lines(line(ACCESS))
    assert re.fullmatch(rf"{TIME} GET /api/v1/users 200 3\.2 ms", shown)


@pytest.mark.parametrize(("status", "colour"), [(200, "32"), (404, "33"), (503, "1;31")])
def test_colours_the_status(status: int, colour: str) -> None:
    (shown,) = service_lines(line(ACCESS, **{"http.response.status_code": status}), coloured)
    assert f"\x1b[{colour}m{status}\x1b[0m" in shown


def test_shows_why_a_request_was_refused() -> None:
    problem = {"type": "/problems/x", "title": "Wrong", "status": 422, "errors": [{"pointer": "/name"}]}
    (shown,) = service_lines(line(ACCESS, **{"http.response.body.content": json.dumps(problem)}))
    assert shown.endswith('  response={"title": "Wrong", "errors": [{"pointer": "/name"}]}')


def test_shows_level_logger_and_fields_of_a_message() -> None:
    (shown,) = service_lines(line(RECORD, level="WARNING", message="slow", seconds=3, request_id="7"))
    assert re.fullmatch(rf"{TIME} WARNING slow  users_service\.core seconds=3 request_id=7", shown)


def test_shows_a_stack_trace_below_its_line() -> None:
    trace = 'Traceback (most recent call last):\n  File "x.py", line 1\nValueError: no'
    shown = service_lines(
        line(RECORD, level="ERROR", **{"exception.stacktrace": trace, "exception.type": "ValueError"})
    )
    assert shown[0].endswith("ERROR done  users_service.core")
    assert shown[1:] == [f"    {part}" for part in trace.split("\n")]


def test_shows_other_text_unchanged() -> None:
    assert service_lines("the trouble with serve") == ["the trouble with serve"]
    assert service_lines("[1]") == ["[1]"]


def test_escapes_control_characters() -> None:
    steering = "a\x1b[2Jb\u202ec\nd\ud800"
    shown = [
        *service_lines(line(ACCESS, **{"url.path": steering})),
        *service_lines(line(RECORD, message=steering, level=steering, field=steering)),
        *service_lines(steering.replace("\n", "")),
        *gateway_lines(line(REFUSED, RequestPath=steering)),
    ]
    assert len(shown) == 4
    assert all(each.isprintable() for each in shown)


def test_omits_startup_and_shutdown_lines_except_for_problems() -> None:
    assert service_lines(line(RECORD, logger="uvicorn.error")) == []
    assert len(service_lines(line(RECORD, logger="uvicorn.error", level="ERROR"))) == 1


def test_shows_only_gateway_requests_without_a_service() -> None:
    (shown,) = gateway_lines(line(REFUSED))
    assert re.fullmatch(rf"{TIME} GET /nowhere 404 0\.4 ms", shown)
    assert gateway_lines(line(REFUSED, **{"origin_X-Request-Id": "7"})) == []


def test_shows_only_errors_of_the_gateway() -> None:
    message = {"time": "2026-11-26T07:38:22.123Z", "message": "no", "level": "error"}
    assert gateway_lines(line({**message, "level": "warn"})) == []
    (shown,) = gateway_lines(line(message))
    assert re.fullmatch(rf"{TIME} ERROR no", shown)


def test_formats_a_whole_log() -> None:
    assert readable(f"{line(RECORD)}\nplain\n").endswith(" done  users_service.core\nplain")
