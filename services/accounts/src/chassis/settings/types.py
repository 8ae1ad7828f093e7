"""Types for fields of settings."""

import json
import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, TypeAdapter, ValidationError
from pydantic_settings import NoDecode

_PATH_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


def split(value: object) -> object:
    """Return the items of a comma-separated or JSON list. Anything but a string is returned unchanged.

    Raises `ValueError` for a string that is neither.
    """
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:  # it may be an IPv6 address
            pass
    if '"' in value:
        raise ValueError("is neither JSON nor a comma-separated list")
    return [part.strip() for part in value.split(",") if part.strip()]


def upper(value: object) -> object:
    """Return a string in upper case, anything else unchanged."""
    return value.upper() if isinstance(value, str) else value


def lower(value: object) -> object:
    """Return a string in lower case, anything else unchanged."""
    return value.lower() if isinstance(value, str) else value


def _path_prefix(value: str) -> str:
    if not _PATH_PREFIX.fullmatch(value):
        raise ValueError("must begin with a slash and not end with one, as in /shop")
    return value


def _address(value: str) -> str:
    """Return the URL unchanged, since an issuer must equal that of tokens exactly. Raises `ValueError`."""
    try:
        url = _URL.validate_python(value) if value else None
    except ValidationError:
        raise ValueError("must be an http or https URL") from None
    if any(character.isspace() for character in value):
        raise ValueError("must not contain whitespace")
    if url and (url.username is not None or url.password is not None or url.fragment is not None):
        raise ValueError("must not contain a user name, a password or a `#`")
    return value


def _issuer(value: str) -> str:
    if "?" in value:
        raise ValueError("must end with its path, without `?`")
    return _address(value)


def only_a_place(url: HttpUrl) -> HttpUrl:
    """Return a URL to which paths can be appended. Raises `ValueError` for credentials, a query or a fragment."""
    if url.username is not None or url.password is not None:
        raise ValueError("must not contain a user name or a password")
    if url.query is not None or url.fragment is not None:
        raise ValueError("must end with its path, without `?` or `#`")
    return url


Port = Annotated[int, Field(ge=0, le=65_535)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Names = Annotated[frozenset[str], NoDecode, BeforeValidator(split)]
PathPrefix = Annotated[str, AfterValidator(_path_prefix)]
InUpperCase = BeforeValidator(upper)
InLowerCase = BeforeValidator(lower)
_URL: Final = TypeAdapter(HttpUrl)
Issuer = Annotated[str, AfterValidator(_issuer)]
Address = Annotated[str, AfterValidator(_address)]
"""An http or https URL, kept exactly as written, or empty."""
UpstreamUrl = Annotated[HttpUrl, AfterValidator(only_a_place)]
"""Base URL of another service: http or https, a host, and optionally a port and a path prefix."""
