"""Keyset pagination over HTTP: opaque cursors, `limit`, and the `Link` header (RFC 8288)."""

import base64
import binascii
from hashlib import blake2b
from typing import Annotated, Final
from urllib.parse import quote, urlencode
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError

from chassis.identity import Identity

from .declared_parameters import declared
from .root_path import public_path

MAX_LIMIT: Final = 100
DEFAULT_LIMIT: Final = 20
_DIGEST_SIZE: Final = 5  # 21 bytes with the 16 of the id, so that base64 needs no padding

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Maximum number of items on a page.")]
CursorText = Annotated[
    str | None, Query(max_length=64, description="`next_cursor` of the previous page; leave it out for the first page.")
]


class Cursors:
    """Cursors of one list: the id after which a page begins, with a digest of the service and the list.

    The digest detects truncated, mistyped and foreign cursors. It is not a secret: a cursor contains only an id.
    """

    def __init__(self, service: Identity, list_name: str) -> None:
        self._key = f"{service.name}/{list_name}".encode()[:64]

    def encode(self, after: UUID) -> str:
        """Return the cursor of the page that follows the item with this id."""
        return base64.urlsafe_b64encode(after.bytes + self._digest(after.bytes)).decode()

    def decode(self, cursor: str | None) -> UUID | None:
        """Return the id in a cursor. Raises `RequestValidationError` (422) for a cursor of another list."""
        if cursor is None:
            return None
        try:
            raw = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raw = b""
        if len(raw) != 16 + _DIGEST_SIZE or raw[16:] != self._digest(raw[:16]):
            message = "Input should be a cursor of this list"
            raise RequestValidationError([{"type": "cursor", "loc": ("query", "cursor"), "msg": message}])
        return UUID(bytes=raw[:16])

    def _digest(self, raw: bytes) -> bytes:
        return blake2b(raw, key=self._key, digest_size=_DIGEST_SIZE).digest()


def link_next_page(request: Request, response: Response, *, limit: int, cursor: str | None) -> None:
    """Set the `Link` header to the next page: the same path and declared parameters, with its cursor."""
    if cursor is None:
        return
    kept = {each.name for each in declared(request.scope["route"].dependant, "query")} - {"limit", "cursor"}
    others = [pair for pair in request.query_params.multi_items() if pair[0] in kept]
    query = urlencode([*others, ("limit", limit), ("cursor", cursor)])
    path = quote(public_path(request, request.scope["path"]))
    response.headers["Link"] = f'<{path}?{query}>; rel="next"'
