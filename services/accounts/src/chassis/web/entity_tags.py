"""Entity tags of things whose changes are counted (RFC 9110 section 8.8.3), and requests that depend on them."""

import re
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError

_TAG: Final = re.compile(r'(?P<weak>W/)?"(?P<opaque>[\x21\x23-\x7e\x80-\xff]*)"')
_VERSION: Final = re.compile(r"[0-9]{1,18}")
_ANY: Final = "*"


def send_version(request: Request, response: Response, version: int) -> None:
    """Tell the version of what is answered, as `ETag`; a GET that names it in `If-None-Match` is answered with 304."""
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
        Header(alias="If-Match", description="The `ETag` of what is to be changed: if it is another one by now, 412."),
    ] = None,
) -> frozenset[int] | None:
    field = _field(request, "If-Match")
    return None if field in {None, _ANY} else _versions("If-Match", field or "", weak=False)


ExpectedVersions = Annotated[frozenset[int] | None, Depends(_expected_versions)]
"""The versions that `If-Match` permits to change; None: any, as a request without it changes what there is."""


def _field(request: Request, name: str) -> str | None:
    values = request.headers.getlist(name)
    return ", ".join(values).strip() if values else None


def _versions(name: str, field: str, *, weak: bool) -> frozenset[int]:
    """The versions in a list of tags; those that we never made match nothing. `weak` ones compare as RFC 9110 says."""
    tags = [tag for tag in _TAG.finditer(field) if weak or not tag["weak"]]
    if not _TAG.search(field) or _TAG.sub("", field).strip(" \t,"):
        message = 'Input should be * or entity tags such as "1"'
        raise RequestValidationError([{"type": "entity_tag", "loc": ("header", name), "msg": message}])
    return frozenset(int(tag["opaque"]) for tag in tags if _VERSION.fullmatch(tag["opaque"]))
