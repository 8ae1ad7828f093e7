"""Turns log lines into readable ones, with the stack trace below if there is one."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

Record = Mapping[str, Any]
Paint = Callable[[str, str], str]

DIM = "2"
STATUS = "http.response.status_code"
LEVELS = {"DEBUG": DIM, "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31", "FATAL": "1;31"}
STATUSES = {2: "32", 3: "36", 4: "33", 5: "1;31"}
# At INFO, these only log each startup and shutdown.
ROUTINE = ("uvicorn.", "chassis.process.", "chassis.database.pool.", "chassis.authentication.signing_keys")
# Shown elsewhere in the line, or only useful to programs.
OMITTED = {"timestamp", "level", "logger", "message", "service", "version", "trace_id", "span_id", "trace_flags"}
OMITTED_OF_PROBLEM = {"type", "status", "instance", "request_id"}
BODIES = {"http.request.body.content": "request", "http.response.body.content": "response"}


def plain(text: str, _colour: str) -> str:
    """Return the text as it is."""
    return text


def coloured(text: str, colour: str) -> str:
    """Return the text in a terminal colour."""
    return f"\x1b[{colour}m{text}\x1b[0m"


def service_lines(line: str, paint: Paint = plain) -> list[str]:
    """Return what to show of a service's line; nothing for what it logs at each startup and shutdown."""
    record = record_of(line)
    if record is None:
        return [printable(line)]
    if record["level"] == "INFO" and str(record.get("logger")).startswith(ROUTINE):
        return []
    text = _access(record, paint) if STATUS in record else _message(record, paint)
    trace = str(record.get("exception.stacktrace", "")).split("\n")
    return [f"{_time(record.get('timestamp'))} {text}", *(f"    {printable(part)}" for part in trace if part)]


def gateway_lines(line: str, paint: Paint = plain) -> list[str]:
    """Return what to show of the gateway's line: requests that no service answered, and its own errors."""
    record = record_of(line)
    if record is None:
        return [printable(line)]
    if "RequestMethod" not in record:
        is_error = record["level"] in {"error", "fatal"}  # it warns at each restart of a service
        return [f"{_time(record.get('time'))} {_message({**record, 'time': None}, paint)}"] if is_error else []
    if "origin_X-Request-Id" in record:  # every response of a service has one
        return []
    milliseconds = record["Duration"] / 1e6
    asked = f"{record['RequestMethod']} {record['RequestPath']}"
    return [f"{_time(record['StartUTC'])} {_exchange(asked, record['DownstreamStatus'], milliseconds, paint)}"]


def readable(log: str) -> str:
    """Return the lines of a service's log in readable form."""
    return "\n".join(part for line in log.splitlines() for part in service_lines(line))


def printable(text: str) -> str:
    """Escape control characters, because clients can put them into paths and so into logs."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def record_of(line: str) -> Record | None:
    """Return the record of a log line; None if the line is something else that was printed."""
    record = _parsed(line)
    return record if isinstance(record, dict) and isinstance(record.get("level"), str) else None


def moment_of(line: str) -> datetime | None:
    """Return when a service or the gateway logged the line; None if the line has no time that can be read."""
    record = record_of(line) or {}
    return next(filter(None, (_moment(record.get(name)) for name in ("timestamp", "StartUTC", "time"))), None)


def is_of_service(record: Record) -> bool:
    """Whether it has the fields that a service's formatter writes into each line."""
    texts = all(isinstance(record.get(name), str) for name in ("logger", "message", "service"))
    return texts and _moment(record.get("timestamp")) is not None


def is_access(record: Record) -> bool:
    """Whether it is a service's access line."""
    texts = all(isinstance(record.get(name), str) for name in ("http.request.method", "url.path", "request_id"))
    numbers = isinstance(record.get("duration_ms"), int | float) and isinstance(record.get(STATUS), int)
    return record.get("logger") == "access" and texts and numbers


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _moment(stamp: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(stamp))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _time(stamp: object) -> str:
    """The local time of day."""
    moment = _moment(stamp)
    return moment.astimezone().strftime("%H:%M:%S.%f")[:-3] if moment else " " * 12


def _access(record: Record, paint: Paint) -> str:
    asked = f"{record.get('http.request.method')} {record.get('url.path')}"
    line = _exchange(asked, record[STATUS], record.get("duration_ms"), paint)
    bodies = " ".join(f"{name}={_body(record[field])}" for field, name in BODIES.items() if field in record)
    return f"{line}  {paint(printable(bodies), DIM)}" if bodies else line


def _body(text: str) -> str:
    """A body; of a problem, only what the line does not show elsewhere."""
    body = _parsed(text)
    if not isinstance(body, dict) or "title" not in body or "status" not in body:
        return text
    return json.dumps({name: body[name] for name in body if name not in OMITTED_OF_PROBLEM}, ensure_ascii=False)


def _exchange(asked: str, status: object, milliseconds: object, paint: Paint) -> str:
    colour = STATUSES.get(status // 100, "0") if isinstance(status, int) else "0"
    taken = f" {paint(f'{milliseconds:.1f} ms', DIM)}" if isinstance(milliseconds, int | float) else ""
    return f"{printable(asked)} {paint(str(status), colour)}{taken}"


def _message(record: Record, paint: Paint) -> str:
    level = printable(str(record["level"])).upper()
    shown = "" if level == "INFO" else f"{paint(level, LEVELS.get(level, '0'))} "
    details = paint(printable(" ".join(_details(record))), DIM)
    return f"{shown}{printable(str(record.get('message', '')))}  {details}".rstrip()


def _details(record: Record) -> Iterator[str]:
    if logger := record.get("logger"):
        yield str(logger)
    for name, value in record.items():
        if name not in OMITTED and not name.startswith("exception.") and value is not None:
            yield f"{name}={value}"
