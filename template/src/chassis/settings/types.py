"""Types of settings."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

_PATH_PREFIX: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


def split(value: object) -> object:
    """The parts of a comma-separated list; what is a list already stays as it is."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _path_prefix(value: str) -> str:
    if not _PATH_PREFIX.fullmatch(value):
        raise ValueError("must begin with a slash and not end with one, as in /shop")
    return value


Port = Annotated[int, Field(ge=0, le=65_535)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Names = Annotated[frozenset[str], NoDecode, BeforeValidator(split)]
PathPrefix = Annotated[str, AfterValidator(_path_prefix)]
