"""Entity tags for resources with a version number (RFC 9110 section 8.8.3), and conditional requests."""

import re
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError

_TAG: Final = re.compile(r'(?P<weak>W/)?"(?P<opaque>[\x21\x23-\x7e\x80-\xff]*)"')
_VERSION: Final = re.compile(r"[0-9]{1,18}")
_ANY: Final = "*"


def send_version(request: Request, response: Response, version: int) -> None:
    """Set `ETag` to the version of the resource. Raises a 304 for a GET with this version in `If-None-Match`."""
    tag = f'"{version}"'
    response.headers["ETag"] = tag
    if request.method != "GET":
        return
    known = _field(request, "If-None-Match")
    if known == _ANY or (known and version in _versions("If-None-Match", known, weak=True)):
        raise HTTPException(HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})


def _expected_versions(
    request: Request,
    _declared: Annotated[
        str | None,
        Header(alias="If-Match", description="`ETag` of the version to change. 412 if it has changed since."),
    ] = None,
) -> frozenset[int] | None:
    field = _field(request, "If-Match")
    return None if field in {None, _ANY} else _versions("If-Match", field or "", weak=False)


ExpectedVersions = Annotated[frozenset[int] | None, Depends(_expected_versions)]
"""The versions in `If-Match`, one of which the resource must have. None means any version: no `If-Match`, or `*`."""


def _field(request: Request, name: str) -> str | None:
    values = request.headers.getlist(name)
    return ", ".join(values).strip() if values else None


def _versions(name: str, field: str, *, weak: bool) -> frozenset[int]:
    """Return the versions in a list of tags. Foreign tags match nothing; weak tags count only if `weak`."""
    tags = [tag for tag in _TAG.finditer(field) if weak or not tag["weak"]]
    if not _TAG.search(field) or _TAG.sub("", field).strip(" \t,"):
        message = 'Input should be * or entity tags such as "1"'
        raise RequestValidationError([{"type": "entity_tag", "loc": ("header", name), "msg": message}])
    return frozenset(int(tag["opaque"]) for tag in tags if _VERSION.fullmatch(tag["opaque"]))
