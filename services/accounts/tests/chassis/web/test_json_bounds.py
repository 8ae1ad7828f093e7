"""JSON documents are limited in values and depth before they are parsed."""

import io
import json

import aiohttp
import pytest

from chassis.web.json_bounds import MAX_JSON_DEPTH, MAX_JSON_VALUES

TOO_MANY = [{"pointer": "#", "detail": f"Input should have at most {MAX_JSON_VALUES} values"}]
TOO_DEEP = [{"pointer": "#", "detail": f"Input should be nested at most {MAX_JSON_DEPTH} deep"}]


async def errors(client: aiohttp.ClientSession, document: str, path: str = "/crates") -> list[dict[str, str]]:
    """Return the errors of the document; none if it is accepted."""
    async with client.post(
        path, data=io.BytesIO(document.encode()), headers={"Content-Type": "application/json"}
    ) as response:
        answer = await response.json(content_type=None)
        assert response.status in {200, 422}
    return answer["errors"] if response.status == 422 else []


def crate(numbers: int) -> str:
    return json.dumps({"numbers": [1] * (numbers)})


async def test_accepts_as_many_values_as_the_limit(sample: aiohttp.ClientSession) -> None:
    least = 2  # the document and its list
    assert await errors(sample, crate(MAX_JSON_VALUES - least)) == []
    assert await errors(sample, crate(MAX_JSON_VALUES - least + 1)) == TOO_MANY


async def test_a_router_may_raise_the_limit(sample: aiohttp.ClientSession) -> None:
    assert await errors(sample, crate(90_000), "/roomy-crates") == []
    assert await errors(sample, crate(100_000), "/roomy-crates") != []


@pytest.mark.parametrize(
    "item", ["{}", "[]", '"x"', "null", "1.5", '{"a": 1}', "[[[]]]"], ids=lambda item: item.replace("[", "(")
)
async def test_counts_every_kind_of_value(sample: aiohttp.ClientSession, item: str) -> None:
    document = '{"numbers": [' + ", ".join([item] * MAX_JSON_VALUES) + "]}"
    assert await errors(sample, document) == TOO_MANY


async def test_counts_unknown_members(sample: aiohttp.ClientSession) -> None:
    names = json.dumps({f"k{number:x}": 1 for number in range(95_000)}, separators=(",", ":"))
    assert await errors(sample, names, "/sample/items") == TOO_MANY


@pytest.mark.parametrize("text", [",[{" * 20_000, '",[' * 20_000, "\\" * 20_001 + ',{"[' * 20_000, "\n,[" * 20_000])
async def test_ignores_brackets_and_commas_in_strings(sample: aiohttp.ClientSession, text: str) -> None:
    document = json.dumps({"numbers": [1], text: text, "last": {text: [text]}})
    assert await errors(sample, document) == []


async def test_counts_values_after_escaped_quotes(sample: aiohttp.ClientSession) -> None:
    for text in (r"\\", r"\\\"", r"\"\\"):
        document = f'{{"{text}": "{text}", "numbers": [' + "1," * MAX_JSON_VALUES + "1]}"
        assert await errors(sample, document) == TOO_MANY


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
async def test_accepts_nesting_up_to_the_limit(sample: aiohttp.ClientSession, opening: str, closing: str) -> None:
    for more, expected in ((0, []), (1, TOO_DEEP), (1_000, TOO_DEEP)):
        inner = MAX_JSON_DEPTH - 1 + more  # the document itself is the first level
        assert await errors(sample, f'{{"other": {opening * inner}1{closing * inner}}}') == expected


async def test_does_not_take_siblings_for_nesting(sample: aiohttp.ClientSession) -> None:
    assert await errors(sample, json.dumps({"others": [[{}]] * 1_000})) == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("[" * 40, TOO_DEEP),
        ("[" * 500_000, TOO_MANY),
        ("[" * 40 + "]" * 1_000_000, TOO_DEEP),
        ("}" * 1_000_000, [{"pointer": "#", "detail": "Not valid JSON: Expecting value at line 1, column 1"}]),
        ('{"a": [1, 2', [{"pointer": "#", "detail": "Not valid JSON: Expecting ',' delimiter at line 1, column 12"}]),
        (
            '"' + "," * 20_000,
            [{"pointer": "#", "detail": "Not valid JSON: Unterminated string starting at line 1, column 1"}],
        ),
    ],
    ids=["opened", "opened often", "closed too often", "closed", "cut", "a text cut"],
)
async def test_reports_the_first_error_of_malformed_json(
    sample: aiohttp.ClientSession, document: str, said: list[dict[str, str]]
) -> None:
    assert await errors(sample, document) == said
