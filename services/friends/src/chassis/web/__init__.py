"""HTTP: the middleware around the application, routers that read JSON strictly, pages of lists, the documentation."""

from .declared_headers import LOCATION, NEXT_PAGE
from .pagination import DEFAULT_LIMIT, Cursors, CursorText, Limit, link_next_page
from .routing import api_router

__all__ = [
    "DEFAULT_LIMIT",
    "LOCATION",
    "NEXT_PAGE",
    "CursorText",
    "Cursors",
    "Limit",
    "api_router",
    "link_next_page",
]
