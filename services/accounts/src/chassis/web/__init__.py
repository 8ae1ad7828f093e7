"""HTTP: the middleware around the application, routers that read JSON strictly, pages of lists, the documentation."""

from .declared_headers import LOCATION, NEXT_PAGE
from .pagination import DEFAULT_LIMIT, Cursors, CursorText, Limit, link_next_page
from .root_path import public_path
from .routing import api_router
from .storable import Int16, Int32, Int64, Text

__all__ = [
    "DEFAULT_LIMIT",
    "LOCATION",
    "NEXT_PAGE",
    "CursorText",
    "Cursors",
    "Int16",
    "Int32",
    "Int64",
    "Limit",
    "Text",
    "api_router",
    "link_next_page",
    "public_path",
]
