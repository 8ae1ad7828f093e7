"""Run the commands of this service as processes."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from accounts_service.settings import Settings

SERVICE_FOLDER = Path(__file__).parents[2]


async def run(settings: Settings, *arguments: str, **variables: str) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code and log records of `python -m accounts_service …` on the database of the settings."""
    environment = {
        "POSTGRES_HOST": settings.postgres_host,
        "POSTGRES_PORT": str(settings.postgres_port),
        "POSTGRES_USER": settings.postgres_user,
        "POSTGRES_PASSWORD": settings.postgres_password.get_secret_value(),
        "POSTGRES_DB": settings.postgres_db,
        "PYTHONPATH": "src",
        "DATABASE_CONNECT_TIMEOUT": "10",
        "DATABASE_TIMEOUT": "20",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "accounts_service", *arguments),
        cwd=SERVICE_FOLDER,
        env=os.environ | environment | variables,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, [json.loads(line) for line in output.decode().splitlines()]
