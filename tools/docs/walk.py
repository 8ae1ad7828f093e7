"""Calls an HTTP API for a reader: prints each request and answer, and insists on the documented one."""

import http
import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
TIMEOUT_SECONDS = 10


class UndocumentedAnswer(Exception):
    """A service answered otherwise than its documentation says."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    location: str | None
    body: Json


def say(sentence: str) -> None:
    """Print what comes next, and why."""
    print(f"\n# {sentence}")


def get(url: str, *, expect: int = 200, problem: str | None = None) -> Json:
    """Get a resource; return its JSON. Raises `UndocumentedAnswer` for another status or problem type."""
    print(f"$ curl {_quoted(url)}")
    return _documented(_ask("GET", url), expect=expect, problem=problem)


def post(url: str, body: dict[str, object], *, expect: int = 201, problem: str | None = None) -> Json:
    """Post JSON; return the JSON answer. Raises `UndocumentedAnswer` for another status or problem type."""
    text = json.dumps(body, ensure_ascii=False)
    print(f"$ curl --json {_quoted(text)} {_quoted(url)}")
    return _documented(_ask("POST", url, text), expect=expect, problem=problem)


def check(*, truth: bool, claim: str) -> None:
    """Raise `UndocumentedAnswer` if the claim does not hold."""
    if not truth:
        raise UndocumentedAnswer(f"This is not so: {claim}.")


def _ask(method: str, url: str, text: str | None = None) -> Answer:
    parts = urlsplit(url)
    headers = {"content-type": "application/json"} if text is not None else {}
    # Not urllib, which would ask a proxy and raise on what we came to see: the refusals.
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, path, body=text and text.encode(), headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.getheader("location"), _parsed(response.read()))
    except (OSError, http.client.HTTPException) as error:
        raise UndocumentedAnswer(f"{url} does not answer: {error}.") from error
    finally:
        connection.close()


def _parsed(content: bytes) -> Json:
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise UndocumentedAnswer(f"The documented answers are JSON objects, this is none: {content[:200]!r}.")
    return body


def _documented(answer: Answer, *, expect: int, problem: str | None) -> Json:
    _show(answer)
    if answer.status != expect:
        raise UndocumentedAnswer(f"The documented status is {expect}, not {answer.status}.")
    if problem and (actual := answer.body.get("type")) != f"/problems/{problem}":
        raise UndocumentedAnswer(f"The documented problem is {problem}, not {actual}.")
    if expect == http.HTTPStatus.CREATED and not answer.location:
        raise UndocumentedAnswer("The documented answer has a Location header.")
    return answer.body


def _show(answer: Answer) -> None:
    print(f"{answer.status} {http.HTTPStatus(answer.status).phrase}")
    if answer.location:
        print(f"Location: {answer.location}")
    print(json.dumps(answer.body, indent=2, ensure_ascii=False))


def _quoted(argument: str) -> str:
    # As a person would for a shell: no quotes around a plain URL.
    return f"'{argument}'" if set(argument) & set(' ?&"{') else argument
