"""Setting types for hosts and origins. Values that no request can match are refused."""

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv6Address
from typing import Annotated, Final

from pydantic import AfterValidator

from .types import Names

_NAME: Final = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*"
HOST: Final = rf"(?P<host>{_NAME}|\[(?P<ipv6>[0-9a-f:.]+)\])"
"""Pattern of a host in lower case: a usual name or an IPv6 address, not every spelling that RFC 3986 allows."""

_ORIGIN: Final = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*)://{HOST}(?::(?P<port>[1-9][0-9]{{0,4}}))?")
_ALLOWED_HOST: Final = re.compile(rf"(?:\*\.)?{_NAME}|{HOST}")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
LAST_PORT: Final = 65_535


def _each(is_usable: Callable[[str], bool], what_is: str) -> Callable[[frozenset[str]], frozenset[str]]:
    """Return a validator that raises `ValueError` for a value that no request can match; `*` is always fine."""

    def check(values: frozenset[str]) -> frozenset[str]:
        for value in sorted(values - {"*"}):
            if not is_usable(value):
                shown = f"`{value}`" if "@" not in value else "a value with a user"  # and perhaps a password
                raise ValueError(f"{shown} can never match: {what_is}")
        return values

    return check


def _is_origin(value: str) -> bool:
    """Return whether a browser can send exactly this in `Origin` (RFC 6454 section 6.2)."""
    parts = _ORIGIN.fullmatch(value)
    if parts is None or not _is_shortest(parts["ipv6"]):
        return False
    return parts["port"] != _DEFAULT_PORTS.get(parts["scheme"], "") and int(parts["port"] or 0) <= LAST_PORT


def _is_allowed_host(value: str) -> bool:
    parts = _ALLOWED_HOST.fullmatch(value.lower())
    return parts is not None and _is_shortest(parts["ipv6"])


def _is_shortest(ipv6: str | None) -> bool:
    """Return whether there is no address, or it is in its canonical form (RFC 5952)."""
    try:
        return ipv6 is None or str(IPv6Address(ipv6)) == ipv6
    except AddressValueError:
        return False


Origins = Annotated[
    Names,
    AfterValidator(
        _each(_is_origin, "an origin is `scheme://host` or `scheme://host:port`, in lower case, without a default port")
    ),
]
Hosts = Annotated[
    Names,
    AfterValidator(
        _each(_is_allowed_host, "a host is a name, `*.` and a name, or an address (`[::1]`), without scheme or port")
    ),
]
