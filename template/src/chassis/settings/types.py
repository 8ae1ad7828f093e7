"""Types of settings."""

import json
import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, TypeAdapter, ValidationError
from pydantic_settings import NoDecode

_PATH_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


def split(value: object) -> object:
    """The parts of a list that is separated by commas or written as JSON; what is a list already stays as it is.

    Raises `ValueError` for a text that is neither.
    """
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:  # it may be an address of IPv6
            pass
    if '"' in value:
        raise ValueError("is neither JSON nor a list that is separated by commas")
    return [part.strip() for part in value.split(",") if part.strip()]


def upper(value: object) -> object:
    """Upper case, if it is a text."""
    return value.upper() if isinstance(value, str) else value


def lower(value: object) -> object:
    """Lower case, if it is a text."""
    return value.lower() if isinstance(value, str) else value


def _path_prefix(value: str) -> str:
    if not _PATH_PREFIX.fullmatch(value):
        raise ValueError("must begin with a slash and not end with one, as in /shop")
    return value


def _address(value: str) -> str:
    """Kept as it is written: an issuer is compared with what tokens say, character by character."""
    try:
        url = _URL.validate_python(value) if value else None
    except ValidationError:
        raise ValueError("must be a URL of http or https") from None
    if any(character.isspace() for character in value):
        raise ValueError("must not hold blanks")
    if url and (url.username is not None or url.password is not None or url.fragment is not None):
        raise ValueError("must not hold a user name, a password or a `#`")
    return value


def _issuer(value: str) -> str:
    if "?" in value:
        raise ValueError("must end with its path: no `?`")
    return _address(value)


def only_a_place(url: HttpUrl) -> HttpUrl:
    """Refuse what would be dropped, sent to the wrong place, or logged: the path of each call is put after this URL."""
    if url.username is not None or url.password is not None:
        raise ValueError("must not hold a user name or a password")
    if url.query is not None or url.fragment is not None:
        raise ValueError("must end with its path: no `?`, no `#`")
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
"""A URL as it is written, or empty."""
UpstreamUrl = Annotated[HttpUrl, AfterValidator(only_a_place)]
"""Where another service is: http or https, a host, perhaps a port and the beginning of all paths."""
