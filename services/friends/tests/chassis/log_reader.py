"""Read the log that an application writes."""

import asyncio
import json
from pathlib import Path
from typing import Any


def empty(path: Path) -> None:
    """Truncate a log."""
    path.write_bytes(b"")


def read_log(path: Path) -> list[dict[str, Any]]:
    """Return the records of a log file; fail unless every line is a JSON object."""
    return [json.loads(line) for line in path.read_bytes().decode().split("\n")[:-1]]


def log_text(path: Path) -> str:
    """Return the whole log as text."""
    return path.read_text("utf-8")


async def access_lines(path: Path, count: int = 1, *, method: str | None = None) -> list[dict[str, Any]]:
    """Return the access lines, once there are `count`: a client gets its response before the line is written."""

    def lines() -> list[dict[str, Any]]:
        every = [line for line in read_log(path) if line["logger"] == "access"]
        return [line for line in every if method in {None, line["http.request.method"]}]

    for _ in range(1_000):
        if len(lines()) >= count:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)  # so that a surplus line would show up
    found = lines()
    assert len(found) == count
    return found
