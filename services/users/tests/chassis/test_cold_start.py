"""A service imports no library for features that are off, which would delay a cold start."""

import asyncio
import sys
from typing import Final

from .sample_process import SERVICE_FOLDER, python_path

AUTHENTICATION: Final = ("aiohttp", "cryptography", "jwt")
MIGRATIONS: Final = ("alembic",)
TELEMETRY: Final = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto", "google.protobuf", "requests")
STARTED: Final = """
import asyncio, sys
from sample_service.main import create_app

async def main():
    async with app.router.lifespan_context(app):
        print(*(name for name in sys.argv[1:] if name in sys.modules))

app = create_app()
asyncio.run(main())
"""


async def imported(*names: str, **environment: str) -> list[str]:
    """Return those of the modules that a started service has imported."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STARTED, *names),
        cwd=SERVICE_FOLDER,
        env={"PYTHONPATH": python_path(), **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    (line,) = [line for line in printed.decode().splitlines() if not line.startswith("{")]
    return line.split()


async def test_imports_nothing_for_features_that_are_off() -> None:
    assert await imported(*AUTHENTICATION, *MIGRATIONS, *TELEMETRY) == []


async def test_imports_libraries_of_authentication_if_it_is_on() -> None:
    assert await imported(*AUTHENTICATION, AUTH_ISSUER="http://127.0.0.1:1") == list(AUTHENTICATION)
