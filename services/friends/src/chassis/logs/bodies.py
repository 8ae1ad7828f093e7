"""Prepare bodies for the log: names of fields with the types of their values, or the text without secrets."""

import json
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlencode

import orjson
from pydantic_core import from_json

from .exchange import Bodies
from .redaction import Redactor

PROBLEM: Final = "application/problem+json"
FORM: Final = "application/x-www-form-urlencoded"

# Clients choose the names in a body, so a name may be someone's address or number.
_NAME_OF_A_FIELD: Final = re.compile(r"#|\d{1,3}|[A-Za-z_$][A-Za-z_$.\-\[\]]{0,62}\d{0,2}")
_OTHER_NAME: Final = "…"
_CUT: Final = "…"
_MAX_DEPTH: Final = 32

Show = Callable[[object], object]
"""Returns what to show of a JSON document."""


class BodyLog:
    """Prepares bodies, or their beginnings, for the access log."""

    def __init__(self, redactor: Redactor, bodies: Bodies) -> None:
        self._redactor = redactor
        self._with_values = bodies != "shapes"

    def request(self, body: bytes, content_type: str, *, complete: bool) -> str | None:
        """Return a request body for the log, or None if it is not shown."""
        show = self._redactor.value if self._with_values else self._kinds
        return self._shown(body, _media_type(content_type), show, complete=complete)

    def response(self, body: bytes, content_type: str, *, complete: bool) -> str | None:
        """Return a response body for the log. A problem (RFC 9457) is shown in full, since it repeats no values."""
        media_type = _media_type(content_type)
        if media_type == PROBLEM and not self._with_values:
            return self._shown(body, media_type, self._problem, complete=complete)
        return self.request(body, content_type, complete=complete)

    def _shown(self, body: bytes, media_type: str, show: Show, *, complete: bool) -> str | None:
        if b"\0" in body:
            return None  # binary, or an encoding in which names are not recognised
        if media_type == FORM:
            shown = self._form(body.decode("utf-8", "replace"))
        elif media_type == "application/json" or media_type.endswith("+json"):
            shown = self._json(body, show, complete=complete)
        elif media_type == "text/plain" and self._with_values:
            shown = self._redactor.text(body.decode("utf-8", "replace"))
        else:
            return None
        return shown if complete else shown + _CUT

    def _form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        return (
            urlencode(self._redactor.pairs(pairs), safe="[]")
            if self._with_values
            else _encoded(self._kinds(dict(pairs)))
        )

    def _json(self, body: bytes, show: Show, *, complete: bool) -> str:
        try:
            document = orjson.loads(body) if complete else from_json(body, allow_partial="trailing-strings")
        except ValueError:
            return self._redactor.text(body.decode("utf-8", "replace")) if self._with_values else "not JSON"
        return _encoded(show(document))

    def _kinds(self, value: object, depth: int = 0) -> object:
        """Return the names of fields with the types of their values and, for a list, the types of its items."""
        if isinstance(value, dict | list) and depth == _MAX_DEPTH:
            return _CUT
        if isinstance(value, dict):
            return {self._known(name): self._kinds(item, depth + 1) for name, item in value.items()}
        if isinstance(value, list):
            kinds = (self._kinds(item, depth + 1) for item in value)
            return list({_encoded(kind): kind for kind in kinds}.values())
        if isinstance(value, str):
            return "string"
        if isinstance(value, bool):
            return "boolean"
        return "null" if value is None else "number"

    def _problem(self, document: object) -> object:
        """Return a problem without names of unknown fields in its pointers."""
        if isinstance(document, dict) and isinstance(errors := document.get("errors"), list):
            for error in errors:
                if isinstance(error, dict) and isinstance(pointer := error.get("pointer"), str):
                    error["pointer"] = "/".join(map(self._known, pointer.split("/")))
        return self._redactor.value(document)

    def _known(self, name: str) -> str:
        is_known = _NAME_OF_A_FIELD.fullmatch(name) and self._redactor.text(name) == name
        return name if is_known else _OTHER_NAME


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _encoded(value: object) -> str:
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:  # an integer beyond 64 bits, which from_json accepts
        return json.dumps(value)
