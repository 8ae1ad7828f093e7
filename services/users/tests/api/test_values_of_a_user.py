"""Which values POST /api/v1/users accepts and refuses."""

# ruff: noqa: RUF001 - similar letters of several scripts

from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp
import asyncpg
import pytest

from .calls import PATH, new_user, problem, register

TODAY: Final = datetime.now(UTC).date()

NAMES: Final = ["Ólafur", "Ngọc", "Николай", "محمد", "प्रिया", "ジャン・リュック", "O’Brien", "x" * 100]
REFUSED: Final[dict[str, list[object]]] = {
    "username": [
        *("", "abc", "a" * 21, "ada lovelace", "ada@home", "аdmin", "ada\x00l", "\ud800aaaa"),
        *(None, 1234, ["ada_l"], True),
    ],
    "first_name": [
        *("", "  ", "R2D2", "x" * 101, "A\x00da", "A\nda", "\udfffAda", "<b>Ada</b>"),
        *(None, False),
    ],
    "second_name": [
        *("", "…", "x" * 101, "L\x1bovelace", "\u202eevil", "\ud83d"),
        *(7, {}),
    ],
    "birthday": [
        *("1899-12-31", str(TODAY + timedelta(days=2)), "9999-12-31", "2001-02-29", "0000-01-01"),
        *("", "10.12.1915", "1915-12-10T00:00:00", "0", "1e3", "1915-12-1", "１９９０-05-04"),
        *(None, 0, 86_400, 1.5),
    ],
}


@pytest.mark.parametrize("name", NAMES)
async def test_accepts_names_in_many_scripts(client: aiohttp.ClientSession, name: str) -> None:
    user = await register(client, first_name=name, second_name=name)
    assert (user["first_name"], user["second_name"]) == (name, name)


@pytest.mark.parametrize("birthday", ["1900-01-01", "2000-02-29", str(TODAY)])
async def test_accepts_birthdays_from_1900_to_today(client: aiohttp.ClientSession, birthday: str) -> None:
    assert (await register(client, birthday=birthday))["birthday"] == birthday


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in REFUSED.items() for value in values],
    ids=lambda each: ascii(each)[:30],
)
async def test_refuses_invalid_fields_with_a_pointer(
    client: aiohttp.ClientSession, connection: asyncpg.Connection, field: str, value: object
) -> None:
    before = await connection.fetchval("SELECT count(*) FROM users")
    async with client.post(PATH, json=new_user(**{field: value})) as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == [f"#/{field}"]
    assert await connection.fetchval("SELECT count(*) FROM users") == before


async def test_errors_do_not_repeat_values(client: aiohttp.ClientSession) -> None:
    planted = {field: f"<planted> in {field}" for field in REFUSED}
    async with client.post(PATH, json=planted) as response:
        document = await problem(response, 422, "invalid-request")
        assert "planted" not in await response.text()
    assert {error["pointer"] for error in document["errors"]} == {f"#/{field}" for field in REFUSED}
