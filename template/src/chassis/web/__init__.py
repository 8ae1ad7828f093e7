"""HTTP: middleware, routers with strict JSON, pagination, and the API documentation."""

from .declared_headers import ENTITY_TAG, LOCATION, NEW_ENTITY_TAG, NEXT_PAGE, NOT_MODIFIED
from .entity_tags import ExpectedVersions, send_version
from .merge_patch import MERGE_PATCH
from .pagination import DEFAULT_LIMIT, Cursors, CursorText, Limit, link_next_page
from .root_path import public_path
from .routing import api_router
from .storable import Int16, Int32, Int64, Text, UtcTime

__all__ = [
    "DEFAULT_LIMIT",
    "ENTITY_TAG",
    "LOCATION",
    "MERGE_PATCH",
    "NEW_ENTITY_TAG",
    "NEXT_PAGE",
    "NOT_MODIFIED",
    "CursorText",
    "Cursors",
    "ExpectedVersions",
    "Int16",
    "Int32",
    "Int64",
    "Limit",
    "Text",
    "UtcTime",
    "api_router",
    "link_next_page",
    "public_path",
    "send_version",
]
