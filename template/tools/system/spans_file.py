"""The file of spans that a running system leaves: one JSON object a line, and another file of those before."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

MOST_BYTES = 16 * 1024 * 1024
NAME = "spans.log"

Span = Mapping[str, Any]


def add_spans(file: Path, spans: Iterable[Span]) -> None:
    """Write further spans; a file that is full takes the place of the one before."""
    if file.exists() and file.stat().st_size > MOST_BYTES:
        file.replace(_older(file))
    with file.open("a", encoding="utf-8") as opened:
        opened.writelines(f"{json.dumps(span)}\n" for span in spans)


def read_spans(file: Path) -> Iterator[Span]:
    """Yield all that are there, those before first; without one that was not written to its end."""
    for each in (_older(file), file):
        if each.exists():
            for line in each.read_text(encoding="utf-8", errors="replace").splitlines():
                with suppress(ValueError):
                    yield json.loads(line)


def _older(file: Path) -> Path:
    return file.with_name(f"older-{file.name}")
