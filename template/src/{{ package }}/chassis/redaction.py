"""What must never reach a log: values of fields with secret names, at any depth, in JSON, forms and plain text."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, urlencode

import orjson

MASK: Final = "[redacted]"
SECRET_NAMES: Final = frozenset({
    "access_token", "api_key", "apikey", "authorization", "client_secret", "cookie", "credential", "credentials",
    "id_token", "passphrase", "passwd", "password", "private_key", "proxy_authorization", "pwd", "refresh_token",
    "secret", "session", "set_cookie", "token", "x_api_key",
})  # fmt: skip

JsonValue = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None


def _folded(name: str) -> str:
    return name.strip().casefold().replace("-", "_")


class Redactor:
    """Masks secrets by the name they go by; names are compared ignoring case, and `-` equals `_`."""

    def __init__(self, further_names: Iterable[str] = (), secret_values: Iterable[str] = ()) -> None:
        self.names = SECRET_NAMES | {_folded(name) for name in further_names}
        # A short value would mask harmless words all over the log.
        self._values = tuple(value for value in secret_values if len(value) >= 6)
        names = "|".join(re.escape(name).replace("_", "[-_]") for name in sorted(self.names, key=len, reverse=True))
        self._pair = re.compile(
            rf"""(["']?\b[\w-]*(?:{names})["']?\s*[:=]\s*)(?:(?:basic|bearer|digest)\s+)?("[^"]*"?|'[^']*'?|[^\s,;&"']+)""",
            re.IGNORECASE,
        )
        self._url_password = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")

    def is_secret(self, name: str) -> bool:
        """Whether a field of this name holds a secret: the name itself or its last part (`db_password`)."""
        folded = _folded(name)
        return folded in self.names or any(folded.endswith("_" + secret) for secret in self.names)

    def text(self, text: str) -> str:
        """Mask `name=value` and `name: value` pairs, passwords in URLs, and the configured secrets themselves."""
        for value in self._values:
            text = text.replace(value, MASK)
        text = self._url_password.sub(rf"\1{MASK}@", text)
        return self._pair.sub(rf"\1{MASK}", text)

    def json(self, value: JsonValue) -> JsonValue:
        """The same JSON value with secrets masked at any depth."""
        if isinstance(value, dict):
            return {name: MASK if self.is_secret(name) else self.json(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.json(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def body(self, body: bytes, content_type: str, *, complete: bool) -> str | None:
        """A captured body as it may be logged; None if it is neither JSON, form nor text."""
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type == "application/json" or media_type.endswith("+json"):
            return self._json_body(body, complete=complete)
        text = body.decode("utf-8", "replace")
        if media_type == "application/x-www-form-urlencoded":
            return self._form_body(text)
        return self.text(text) if media_type.startswith("text/") else None

    def _json_body(self, body: bytes, *, complete: bool) -> str:
        if complete:
            try:
                return orjson.dumps(self.json(orjson.loads(body))).decode()
            except (orjson.JSONDecodeError, RecursionError):
                pass  # not JSON after all: logged as text, so that one can see what came
        return self.text(body.decode("utf-8", "replace"))

    def _form_body(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        return urlencode([(name, MASK if self.is_secret(name) else self.text(value)) for name, value in pairs])
