"""Show one request on its way through gateway and services, from the spans and logs of the last run.

python -m system.trace --data DIR [ID]
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from failures import SystemFailure
from invocation import command
from system.log_lines import is_access, is_of_service, printable, record_of
from system.spans_file import NAME, Span, read_spans

LATEST = 20
UNLIMITED = 10_000  # characters of a line
WIDTH = 40  # characters of the timeline
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta")
LEVELS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}

Line = Mapping[str, Any]


def main() -> int:
    """Return 0, or 1 after one line that says why if there is nothing to show."""
    arguments = parse_arguments()
    try:
        show(output(), arguments.data / "logs", arguments.id)
    except SystemFailure as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def output() -> Console:
    """Return the terminal, or output with lines of any length, for other programs, unless COLUMNS limits them."""
    return Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else UNLIMITED)


def show(console: Console, logs: Path, wanted: str | None) -> None:
    """Print the trace or request with this id; without an id, list the latest. Raises `SystemFailure`."""
    for folder in (logs, logs / "previous"):
        lines, spans = list(log_lines(folder)), list(read_spans(folder / NAME))
        if wanted is None and spans:
            console.print(latest(spans, lines))
            return
        if wanted and (trace := trace_of(wanted, lines, spans)):
            of_trace = [line for line in lines if line.get("trace_id") == trace]
            recorded = [span for span in spans if span["trace_id"] == trace] or spans_from(of_trace)
            console.print(waterfall(recorded))
            console.print(*messages(of_trace), sep="\n")
            return
    raise SystemFailure(f"{logs} has nothing about {wanted or 'any request'}. `serve` writes there while it runs.")


def log_lines(folder: Path) -> Iterator[Line]:
    """Yield the log records of all services, without other printed lines."""
    for log in sorted(set(folder.glob("*.log")) - set(folder.glob(f"*{NAME}"))):
        with log.open(encoding="utf-8", errors="replace", newline="\n") as file:
            records = (record_of(text) for text in file if text.startswith("{"))
            yield from (record for record in records if record and is_of_service(record))


def trace_of(wanted: str, lines: Sequence[Line], spans: Sequence[Span]) -> str | None:
    """Return the id of a trace, given its own id or that of a request in it."""
    if any(each.get("trace_id") == wanted for each in (*spans, *lines)):
        return wanted
    return next((line.get("trace_id") for line in lines if line.get("request_id") == wanted), None)


def spans_from(lines: Sequence[Line]) -> list[Span]:
    """Build spans from access lines, if spans were sent elsewhere or not recorded."""
    return [
        {
            "service": line["service"],
            "name": f"{line['http.request.method']} {line.get('http.route', line['url.path'])}",
            "span_id": f"line {number}",
            "parent_id": "",
            "start": str(_time(line["timestamp"]) - timedelta(milliseconds=line["duration_ms"])),
            "duration_ms": line["duration_ms"],
            "failed": line["http.response.status_code"] >= 500,  # noqa: PLR2004 - RFC 9110
            "attributes": line,
        }
        for number, line in enumerate(lines)
        if is_access(line)
    ]


def waterfall(spans: Sequence[Span]) -> Table:
    """Print the spans as a tree on one timeline."""
    begin = min(_time(span["start"]) for span in spans)
    whole = max(_start(span, begin) + span["duration_ms"] for span in spans)
    services = list(dict.fromkeys(span["service"] for span in _by_time(spans)))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("service")
    table.add_column("what", overflow="fold")
    table.add_column("", justify="right")
    table.add_column("ms", justify="right")
    table.add_column(f"0 … {whole:.1f} ms", width=WIDTH, no_wrap=True)
    for depth, span in _in_order(spans):
        colour = COLOURS[services.index(span["service"]) % len(COLOURS)]
        outcome = span["attributes"].get("http.response.status_code") or span["attributes"].get("error.type", "")
        left = round(_start(span, begin) / whole * WIDTH) if whole else 0
        length = max(1, round(span["duration_ms"] / whole * WIDTH)) if whole else 1
        table.add_row(
            Text(printable(span["service"]), colour),
            Text("  " * depth + printable(_name(span))),
            Text(printable(str(outcome)), "red" if span["failed"] else ""),
            f"{span['duration_ms']:.1f}",
            Text(" " * min(left, WIDTH - 1) + "━" * min(length, WIDTH - min(left, WIDTH - 1)), colour),
        )
    return table


def _name(span: Span) -> str:
    """Its name; by convention, that of a request without a route, such as a refused one, has no path."""
    name, path = str(span["name"]), span["attributes"].get("url.path")
    return f"{name} {path}" if path and name == span["attributes"].get("http.request.method") else name


def _in_order(spans: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """Yield each span after its parent, with its depth."""
    known = {span["span_id"] for span in spans}
    within: dict[str, list[Span]] = defaultdict(list)
    for span in _by_time(spans):
        within[span["parent_id"] if span["parent_id"] in known else ""].append(span)
    waiting = [(0, span) for span in reversed(within.pop("", []))]
    while waiting:
        depth, span = waiting.pop()
        yield depth, span
        waiting += [(depth + 1, each) for each in reversed(within.pop(span["span_id"], []))]


def _by_time(spans: Sequence[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: _time(span["start"]))


def messages(lines: Sequence[Line]) -> Iterator[Text]:
    """Yield the other log records of the request; access lines say the same as the spans."""
    for line in sorted(lines, key=lambda line: _time(line["timestamp"])):
        if line.get("logger") != "access":
            text = f"{line['service']}: {line['level']} {line['message']}"
            yield Text(printable(text), LEVELS.get(line["level"], "dim"))


def latest(spans: Sequence[Span], lines: Sequence[Line]) -> Table:
    """Print the latest requests with their ids."""
    requests: dict[str, Line] = {}
    for line in lines:
        if is_access(line) and "trace_id" in line:
            known = requests.setdefault(line["trace_id"], line)
            if line["duration_ms"] > known["duration_ms"]:  # its calls to others ended before it
                requests[line["trace_id"]] = line
    ids = {span["span_id"] for span in spans}
    first = [span for span in _by_time(spans) if span["parent_id"] not in ids and span["trace_id"] in requests]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("request", "status", "ms", "what"):
        justify: JustifyMethod = "right" if name in {"status", "ms"} else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=name == "request")  # to be copied as one word
    for span in first[-LATEST:]:
        line = requests[span["trace_id"]]
        asked = printable(f"{line['http.request.method']} {line['url.path']}")
        status = str(span["attributes"].get("http.response.status_code", ""))
        table.add_row(Text(line["request_id"]), status, f"{span['duration_ms']:.1f}", Text(asked))
    return table


def _time(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def _start(span: Span, begin: datetime) -> float:
    return (_time(span["start"]) - begin).total_seconds() * 1000


def parse_arguments() -> argparse.Namespace:
    """Return `data` and `id`."""
    description = "Show one request on its way through gateway and services."
    parser = argparse.ArgumentParser(prog=command("trace"), description=description)
    parser.add_argument("--data", type=Path, required=True, help=argparse.SUPPRESS)  # nox passes it
    parser.add_argument("id", nargs="?", help="of a request (X-Request-ID) or a trace; default: list the latest")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
