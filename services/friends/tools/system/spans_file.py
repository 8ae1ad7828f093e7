"""The file of spans of a running system, with one JSON object per line, and a second file with older ones."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

MOST_BYTES = 16 * 1024 * 1024
NAME = "spans.log"

Span = Mapping[str, Any]


def add_spans(file: Path, spans: Iterable[Span]) -> None:
    """Append spans; a full file replaces the one with older spans."""
    if file.exists() and file.stat().st_size > MOST_BYTES:
        file.replace(_older(file))
    with file.open("a", encoding="utf-8") as opened:
        opened.writelines(f"{json.dumps(span)}\n" for span in spans)


def read_spans(file: Path) -> Iterator[Span]:
    """Yield all spans, oldest first, without an incomplete last one."""
    for each in (_older(file), file):
        if each.exists():
            for line in each.read_text(encoding="utf-8", errors="replace").splitlines():
                with suppress(ValueError):
                    yield json.loads(line)


def _older(file: Path) -> Path:
    return file.with_name(f"older-{file.name}")
