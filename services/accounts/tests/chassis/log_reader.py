"""Reads the log that an application writes."""

import asyncio
import json
from pathlib import Path
from typing import Any


def empty(path: Path) -> None:
    """Begin a log anew."""
    path.write_bytes(b"")


def read_log(path: Path) -> list[dict[str, Any]]:
    """The lines of a log file, each of which has to be a JSON object."""
    return [json.loads(line) for line in path.read_bytes().decode().split("\n")[:-1]]


def log_text(path: Path) -> str:
    """All that was logged."""
    return path.read_text("utf-8")


async def access_lines(path: Path, count: int = 1, *, method: str | None = None) -> list[dict[str, Any]]:
    """The access lines, once there are as many as expected: a client has its answer before the line is written."""

    def lines() -> list[dict[str, Any]]:
        every = [line for line in read_log(path) if line["logger"] == "access"]
        return [line for line in every if method in {None, line["http.request.method"]}]

    for _ in range(1_000):
        if len(lines()) >= count:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)  # for one too many to show up
    found = lines()
    assert len(found) == count
    return found
