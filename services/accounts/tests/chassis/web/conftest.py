"""The sample, with restricted hosts and CORS origins."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ..conftest import Boot
from ..sample_service.main import create_app
from ..sample_service.settings import Settings


@pytest.fixture(scope="module")
async def restricted_url(boot: Boot, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    settings = Settings(
        log_file=Path(tmp_path_factory.mktemp("log")) / "lines",
        allowed_hosts=frozenset({"api.example", "*.shop.example", "[::1]"}),
        cors_allowed_origins=frozenset({"https://a.example"}),
    )
    async with boot(create_app(settings)) as url:
        yield url
