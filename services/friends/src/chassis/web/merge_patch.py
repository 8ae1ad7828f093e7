"""JSON Merge Patch (RFC 7396): absent fields stay unchanged, null clears a field."""

from typing import Final

from fastapi import Body

MERGE_PATCH: Final = Body(media_type="application/merge-patch+json")
"""`changes: Annotated[Changes, MERGE_PATCH]`, where `Changes` is a `TypedDict` with `total=False`: only fields sent.

The OpenAPI document declares this media type. `application/json` is accepted as well.
"""
