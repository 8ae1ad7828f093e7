"""Checks of the request line and headers (RFC 9112) that the parser does not make."""

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from httptools import HttpParserInvalidURLError, parse_url

from .refusals import INVALID_HOST_HEADER, MALFORMED, UNKNOWN_CODING, Refusal

Headers = list[tuple[bytes, bytes]]

# RFC 3986 section 3.2, without user information.
_HOST: Final = re.compile(
    rb"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+(?::[0-9]{0,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{0,5})?"
)


HTTP_VERSIONS: Final = ("1.1", "1.0")


class RefusedHead(Exception):
    """Stops the parsing of a refused request."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


class Target(NamedTuple):
    """The target of a request, in the parts that ASGI needs."""

    path: str
    raw_path: bytes
    query: bytes
    authority: bytes | None
    """Only in the absolute form, `GET http://host/path`, where it replaces `Host`."""


def parse_target(target: bytes) -> Target:
    """Return the parts of the target. Raises `RefusedHead` if it is not in origin, absolute or asterisk form."""
    if b"#" in target:
        raise RefusedHead(MALFORMED)
    try:
        url = parse_url(target)
        raw_path = url.path or b"/"
        path = raw_path.decode("ascii")
    except (HttpParserInvalidURLError, UnicodeDecodeError):
        raise RefusedHead(MALFORMED) from None
    authority = None
    host: bytes | None = url.host  # the stub of httptools says that it is never None
    if host is not None:
        if b"@" in target.partition(b"?")[0]:  # user information is not allowed (RFC 9110 section 4.2.4)
            raise RefusedHead(MALFORMED)
        host = b"[%b]" % host if b":" in host else host
        authority = host if not url.port else b"%b:%d" % (host, url.port)
    return Target(unquote(path) if "%" in path else path, raw_path, url.query or b"", authority)


def check_fields(headers: Headers, http_version: str) -> None:
    """Check the version, `Host` and `Transfer-Encoding`. Raises `RefusedHead` if one is invalid."""
    if http_version not in HTTP_VERSIONS:
        raise RefusedHead(MALFORMED)
    hosts = 0
    for name, value in headers:
        if name == b"host":
            hosts += 1
            if not _HOST.fullmatch(value):
                raise RefusedHead(INVALID_HOST_HEADER)
        elif name == b"transfer-encoding" and value.lower() != b"chunked":
            raise RefusedHead(UNKNOWN_CODING)
    if hosts != 1 and (hosts or http_version != "1.0"):
        raise RefusedHead(INVALID_HOST_HEADER)


def is_too_large(target: bytes, headers: Headers, limit: int) -> bool:
    """Return whether the head has more than `limit` bytes, including separators and line ends."""
    return len(target) + sum(len(name) + len(value) + 4 for name, value in headers) > limit
