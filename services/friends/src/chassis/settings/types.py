"""Types of settings."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl
from pydantic_settings import NoDecode


def split(value: object) -> object:
    """The parts of a comma-separated list; what is a list already stays as it is."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


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
UpstreamUrl = Annotated[HttpUrl, AfterValidator(only_a_place)]
"""Where another service is: http or https, a host, perhaps a port and the beginning of all paths."""
