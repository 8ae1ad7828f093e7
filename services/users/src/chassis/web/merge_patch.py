"""JSON Merge Patch (RFC 7396): what is absent stays as it is, null empties."""

from typing import Final

from fastapi import Body

MERGE_PATCH: Final = Body(media_type="application/merge-patch+json")
"""`changes: Annotated[Changes, MERGE_PATCH]`: a `TypedDict` with `total=False` holds what was sent, and nothing else.

The document names this media type; `application/json` is read as well.
"""
