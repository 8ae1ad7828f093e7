"""No password, token or secret reaches the log, for each value of LOG_BODIES and however a request fails."""

import asyncio
from pathlib import Path

import aiohttp

from accounts_service.main import create_app
from accounts_service.settings import Settings

from ..api.calls import CLIENT_SECRET, FORM, ME, PASSWORD, REVOKE, SESSIONS, TOKEN, basic, bearer, log_in, register
from ..booting import booted

GUESS = "a guess that nobody may read"
NEW = "through the looking-glass"


async def test_logs_no_secrets(settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    verbose = settings.model_copy(update={"log_bodies": "all", "log_file": log, "log_level": "DEBUG"})
    secrets = {PASSWORD, GUESS, NEW, CLIENT_SECRET}
    async with booted(create_app(verbose)) as url, aiohttp.ClientSession(url) as client:
        username = (await register(client))["username"]
        tokens = await log_in(client, username)
        secrets |= {tokens["access_token"], tokens["refresh_token"]}
        wrong = {"username": username, "password": GUESS}
        for path in (SESSIONS, f"{SESSIONS}/", f"/x{SESSIONS}", "/api/v1/accounts"):
            await client.post(path, json=wrong)
            await client.post(path, json=wrong | {"extra": 1})
            await client.put(path, json=wrong)
        await client.post(
            SESSIONS, data=f'{{"password": "{GUESS}"'.encode(), headers={"Content-Type": "application/json"}
        )
        await client.post(
            SESSIONS, data=f"<password>{GUESS}</password>".encode(), headers={"Content-Type": "text/plain"}
        )
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        async with client.post(TOKEN, data=form) as response:
            after = await response.json()
            secrets |= {after["access_token"], after["refresh_token"]}
        await client.post(TOKEN, json=form)
        await client.post(TOKEN, data=form | {"grant_type": "password", "password": GUESS})
        granted = {"grant_type": "client_credentials"}
        async with client.post(TOKEN, data=granted, headers=basic("friends", CLIENT_SECRET)) as response:
            secrets.add((await response.json())["access_token"])
        await client.post(TOKEN, data=granted | {"client_id": "friends", "client_secret": CLIENT_SECRET})
        await client.post(REVOKE, data={"token": after["access_token"]})
        await client.post(REVOKE, data=after["refresh_token"], headers={"Content-Type": FORM})
        change = {"current_password": GUESS, "new_password": NEW}
        await client.put(ME, json=change, headers=bearer(after))
        await client.put(ME, json=change | {"current_password": PASSWORD}, headers=bearer(after))
        await asyncio.sleep(0.3)
    text = log.read_text("utf-8")
    assert text.count('"logger":"access"') + text.count('"logger": "access"') >= 20
    for secret in secrets:
        assert secret not in text
        assert secret.replace(" ", "+") not in text
        assert secret.replace(" ", "%20") not in text
