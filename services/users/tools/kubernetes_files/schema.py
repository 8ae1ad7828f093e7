"""The schemas of Kubernetes and of the custom resources: kinds, fields, types, enumerations and quantities."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no stubs are installed

from .rendering import Document

FOLDER = Path(__file__).with_name("schemas")
CUSTOM = "custom"
VERSIONS = sorted(path.stem for path in FOLDER.glob("1.*.json"))
"""The oldest and the newest supported version of Kubernetes."""


def violations(document: Document) -> Iterator[str]:
    """Yield an error message for each part of a document that an API server of one of the versions would reject."""
    kind = f"{document.get('apiVersion')}/{document.get('kind')}"
    for version in [CUSTOM] if kind in _kinds(CUSTOM) else VERSIONS:
        if kind not in _kinds(version):
            yield f"{kind} is not a kind in {version}"
            continue
        for error in _validator(version, kind).iter_errors(document):
            place = ".".join(str(part) for part in error.absolute_path)
            yield f"{place or 'the document'} is invalid in {version}: {error.message[:200]}"


@cache
def _content(version: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    return content


def _kinds(version: str) -> dict[str, Any]:
    kinds: dict[str, Any] = _content(version)["kinds"]
    return kinds


@cache
def _validator(version: str, kind: str) -> Any:  # noqa: ANN401 - jsonschema says no types
    return Draft202012Validator({**_kinds(version)[kind], "$defs": _content(version)["$defs"]})
