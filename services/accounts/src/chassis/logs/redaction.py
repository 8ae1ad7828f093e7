"""What must never reach a log: values of fields with secret names, at any depth, in JSON, forms and plain text."""

import math
import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import orjson

MASK: Final = "[redacted]"
SECRET_NAMES: Final = frozenset({
    "access_key", "api_key", "assertion", "authorization", "cookie", "credential", "passphrase", "passwd", "password",
    "private_key", "pwd", "secret", "session", "token",
})  # fmt: skip
"""A field is secret if its name contains one of these: `db_password`, `accessToken`, `Set-Cookie`, `user[password]`."""

MAX_DEPTH: Final = 64
MIN_SECRET_LENGTH: Final = 6  # a shorter value would mask harmless words all over the log

_SEPARATORS: Final = re.compile(r"[\W_]+")
_URL_PASSWORD: Final = re.compile(r"""(://[^/\s:@"']{0,256}:)[^/\s"']*@""")
_BEARER: Final = re.compile(r"(bearer\s{1,8})[\w.~+/=-]+", re.IGNORECASE)
_JWT: Final = re.compile(r"eyJ[\w-]{12,}(?:\.[\w-]*)*")  # each begins with the Base64 of `{"`
_HEADER: Final = re.compile(
    r"""((?:authorization|cookie)\w{0,8}\s{0,8}[:=]\s{0,8})(?![\s"'\\])[^\r\n]+""", re.IGNORECASE
)
_ESCAPED_ASCII: Final = re.compile(r"\\u00([2-7][0-9a-fA-F])")

# After a secret name: the rest of the word, a separator, and the value: quoted, one word, or all that follows where the
# value is a list, an object or quoted within quotes. Every repetition is bounded or consumed once, so that no text can
# make the search slow.
_VALUE: Final = r"""
    [\w.\-\]]{0,64}
    (?:\\*["']\s{0,8}[:=,]|\s{0,8}[:=])\s{0,8}(?:b(?=["']))?)
    (?:(?:basic|bearer|digest)\s{1,8})?
    (?:(?P<quote>["'])(?:(?!(?P=quote))(?:\\.|[^\\]))*(?:(?P=quote)|\\?\Z)|\[redacted\]|(?:\\+["']|[\[{]).*|[^\s&"']+)
"""


class Redactor:
    """Masks secrets by the name they go by, ignoring case and separators, and the given values wherever they appear."""

    def __init__(self, further_names: Iterable[str] = (), secret_values: Iterable[str] = ()) -> None:
        names = sorted({*SECRET_NAMES, *further_names})
        self._names = tuple(filter(None, map(_squashed, names)))
        parts = [[part for part in _SEPARATORS.split(name.casefold()) if part] for name in names]
        self._hints = tuple({max(reversed(each), key=len) for each in parts if each})
        spellings = "|".join(r"[\W_]?".join(map(re.escape, each)) for each in parts if each)
        self._pair = re.compile(f"((?:{spellings}){_VALUE}", re.IGNORECASE | re.DOTALL | re.VERBOSE)
        self._values = tuple({
            spelling
            for value in secret_values
            if len(value) >= MIN_SECRET_LENGTH
            for spelling in (value, quote(value, safe=""), quote_plus(value))
        })  # fmt: skip
        self.is_secret: Callable[[str], bool] = lru_cache(1024)(self._is_secret)

    def _is_secret(self, name: str) -> bool:
        """Whether a field of this name holds a secret."""
        squashed = _squashed(name)
        return any(secret in squashed for secret in self._names)

    def text(self, text: str) -> str:
        """Mask `name=value` and `name: value` pairs, passwords in URLs, and the configured secrets themselves."""
        for value in self._values:
            if value in text:
                text = text.replace(value, MASK)
        folded = text.casefold()
        if "://" in text and "@" in text:
            text = _URL_PASSWORD.sub(rf"\1{MASK}@", text)
        # Most texts of an access line hold no pair at all, and finding that out must cost next to nothing.
        if ("=" in text or ":" in text or "," in text) and any(hint in folded for hint in self._hints):
            text = self._pair.sub(_masked, _HEADER.sub(rf"\1{MASK}", text))
        if "eyJ" in text:
            text = _JWT.sub(MASK, text)
        return _BEARER.sub(rf"\1{MASK}", text) if "bearer" in folded else text

    def field(self, name: str, value: object) -> object:
        """The value of a named field for a JSON log line."""
        return MASK if self.is_secret(name) else self.value(value)

    def value(self, value: object, depth: int = 0) -> object:
        """The same value for a JSON log line, with secrets masked at any depth; what is not JSON becomes text."""
        if isinstance(value, dict | list | tuple | set | frozenset):
            return self._collection(value, depth + 1) if depth < MAX_DEPTH else "[too deep]"
        if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
            return value
        return self.text(str(value))

    def _collection(self, value: Collection[object], depth: int) -> object:
        if isinstance(value, dict):
            names = ((str(name), item) for name, item in value.items())
            return {name: MASK if self.is_secret(name) else self.value(item, depth) for name, item in names}
        return [self.value(item, depth) for item in value]

    def body(self, body: bytes, content_type: str, *, complete: bool) -> str | None:
        """A captured body as it may be logged; None if it is neither JSON, a form nor plain text."""
        media_type = content_type.partition(";")[0].strip().lower()
        if b"\0" in body:
            return None  # binary, or an encoding in which no name would be recognised
        if media_type == "application/json" or media_type.endswith("+json"):
            return self._json_body(body, complete=complete)
        text = body.decode("utf-8", "replace")
        if media_type == "application/x-www-form-urlencoded":
            return self._form_body(text)
        return self.text(text) if media_type == "text/plain" else None

    def _json_body(self, body: bytes, *, complete: bool) -> str:
        if complete:
            try:
                return orjson.dumps(self.value(orjson.loads(body))).decode()
            except (orjson.JSONDecodeError, orjson.JSONEncodeError):
                pass  # not JSON after all: logged as text, so that one can see what came
        text = body.decode("utf-8", "replace")
        return self.text(_ESCAPED_ASCII.sub(lambda match: chr(int(match[1], 16)), text))

    def _form_body(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        return urlencode([(name, self.field(name, value)) for name, value in pairs], safe="[]")


def _squashed(name: str) -> str:
    return _SEPARATORS.sub("", name.casefold())


def _masked(match: re.Match[str]) -> str:
    quote_mark = match["quote"] or ""
    return f"{match[1]}{quote_mark}{MASK}{quote_mark}"
