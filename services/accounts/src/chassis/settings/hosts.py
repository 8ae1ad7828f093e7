"""Types of settings: hosts and origins. What no request can ever match is refused."""

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address
from typing import Annotated, Final

from pydantic import AfterValidator

from .types import Names

_NAME: Final = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*"
HOST: Final = rf"(?P<host>{_NAME}|\[(?P<ipv6>[0-9a-f:.]+)\])"
"""A host as a pattern, in lower case. Names as they are in use, and no other spelling of them that RFC 3986 knows."""

_ORIGIN: Final = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*)://{HOST}(?::(?P<port>[1-9][0-9]{{0,4}}))?")
_ALLOWED_HOST: Final = re.compile(rf"(?:\*\.)?{_NAME}|{HOST}")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
LAST_PORT: Final = 65_535


def _each(is_usable: Callable[[str], bool], what_is: str) -> Callable[[frozenset[str]], frozenset[str]]:
    """Refuses a list with something that no request can ever match; `*` stands for anything."""

    def check(values: frozenset[str]) -> frozenset[str]:
        for value in sorted(values - {"*"}):
            if not is_usable(value):
                shown = f"`{value}`" if "@" not in value else "what has a user in it"  # and perhaps a password
                raise ValueError(f"{shown} can never match: {what_is}")
        return values

    return check


def _is_origin(value: str) -> bool:
    """Whether a browser may send exactly this in `Origin` (RFC 6454 section 6.2)."""
    parts = _ORIGIN.fullmatch(value)
    if parts is None or not _is_shortest(parts["ipv6"]):
        return False
    return parts["port"] != _DEFAULT_PORTS.get(parts["scheme"], "") and int(parts["port"] or 0) <= LAST_PORT


def _is_allowed_host(value: str) -> bool:
    parts = _ALLOWED_HOST.fullmatch(value.lower())
    return parts is not None and _is_shortest(parts["ipv6"])


def _is_shortest(ipv6: str | None) -> bool:
    """Whether an address, if there is one, is written as everybody writes it (RFC 5952)."""
    try:
        return ipv6 is None or str(IPv6Address(ipv6)) == ipv6
    except AddressValueError:
        return False


Origins = Annotated[
    Names,
    AfterValidator(
        _each(_is_origin, "an origin is `scheme://host` or `scheme://host:port`, in lower case, without default port")
    ),
]
Hosts = Annotated[
    Names,
    AfterValidator(
        _each(_is_allowed_host, "a host is a name, `*.` and a name, or an address (`[::1]`), without scheme and port")
    ),
]
