"""A 415 problem names the media type that the operation accepts."""

from typing import Annotated

import aiohttp
import pytest
from fastapi import Body

from chassis.web import api_router

from ..conftest import Boot
from ..sample_service.main import create_app
from ..sample_service.settings import Settings


@pytest.mark.parametrize(
    ("media_type", "body", "status", "detail"),
    [
        ("image/png", b"123", 200, None),
        ("image/PNG; q=1", b"1234", 422, "The request is invalid; see errors."),
        ("image/gif", b"1234", 415, "Send the body as image/png."),
        ("application/json", b"[]", 415, "Send the body as image/png."),
    ],
)
async def test_names_the_declared_media_type(
    sample_settings: Settings, boot: Boot, media_type: str, body: bytes, status: int, detail: str | None
) -> None:
    router = api_router(prefix="/pictures", tag="pictures")

    @router.put("")
    async def put_picture(picture: Annotated[bytes, Body(media_type="image/png", max_length=3)]) -> dict[str, str]:
        return {"detail": picture.decode()}

    app = create_app(sample_settings)
    app.include_router(router)
    async with (
        boot(app) as url,
        aiohttp.ClientSession(url) as client,
        client.put("/pictures", data=body, headers={"Content-Type": media_type}) as response,
    ):
        told = (await response.json(content_type=None))["detail"]
    assert (response.status, told) == (status, detail or body.decode())
