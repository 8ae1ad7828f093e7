"""Calls an HTTP API for a reader: prints each request and response, and fails if it is not the documented one."""

import http
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

Json = dict[str, Any]
TIMEOUT_SECONDS = 10
_SHORT = "…"


class UndocumentedAnswer(Exception):
    """A response differs from the documented one."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A person with an access token, which is printed as the variable `name`."""

    name: str
    token: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    status: int
    location: str | None
    body: Json


def say(sentence: str) -> None:
    """Print what comes next, and why."""
    print(f"\n# {sentence}")


def get(url: str, *, caller: Caller | None = None, expect: int = 200, problem: str | None = None) -> Json:
    """Get a resource; return its JSON. Raises `UndocumentedAnswer` for another status or problem type."""
    print(f"$ curl {_shown(caller)}{_quoted(url)}")
    return _documented(_ask("GET", url, caller=caller), expect=expect, problem=problem)


def post(
    url: str,
    body: Mapping[str, object],
    *,
    caller: Caller | None = None,
    expect: int = 201,
    problem: str | None = None,
) -> Json:
    """Post JSON; return the JSON answer. Raises `UndocumentedAnswer` for another status or problem type."""
    text = json.dumps(body, ensure_ascii=False)
    print(f"$ curl {_shown(caller)}--json {_quoted(text)} {_quoted(url)}")
    answer = _ask("POST", url, text, caller=caller, kind="application/json")
    return _documented(answer, expect=expect, problem=problem)


def post_form(url: str, form: Mapping[str, str], *, shown: str, expect: int = 200, error: str | None = None) -> Json:
    """Post a form as OAuth has it, and return the answer. `shown`: the form for the reader, without secrets."""
    print(f'$ curl -d "{shown}" {_quoted(url)}')
    answer = _ask("POST", url, urlencode(form), kind="application/x-www-form-urlencoded")
    body = _documented(answer, expect=expect, problem=None)
    check(truth=body.get("error") == error, claim=f"the documented error is {error}")
    return body


def check(*, truth: bool, claim: str) -> None:
    """Raise `UndocumentedAnswer` if the claim does not hold."""
    if not truth:
        raise UndocumentedAnswer(f"This does not hold: {claim}.")


def _ask(method: str, url: str, text: str | None = None, *, caller: Caller | None = None, kind: str = "") -> Answer:
    parts = urlsplit(url)
    headers = {"content-type": kind} if text is not None else {}
    if caller:
        headers["authorization"] = f"Bearer {caller.token}"
    # Not urllib, which may use a proxy and raises for error responses.
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, path, body=text and text.encode(), headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.getheader("location"), _parsed(response.read()))
    except (OSError, http.client.HTTPException) as error:
        raise UndocumentedAnswer(f"{url} does not respond: {error}.") from error
    finally:
        connection.close()


def _parsed(content: bytes) -> Json:
    if not content:
        return {}
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise UndocumentedAnswer(f"The documented responses are JSON objects; this is not one: {content[:200]!r}.")
    return body


def _documented(answer: Answer, *, expect: int, problem: str | None) -> Json:
    _show(answer)
    if answer.status != expect:
        raise UndocumentedAnswer(f"The documented status is {expect}, not {answer.status}.")
    if problem and (actual := answer.body.get("type")) != f"/problems/{problem}":
        raise UndocumentedAnswer(f"The documented problem is {problem}, not {actual}.")
    if expect == http.HTTPStatus.CREATED and "id" in answer.body and not answer.location:
        raise UndocumentedAnswer("The documented response has a Location header.")
    return answer.body


def _show(answer: Answer) -> None:
    print(f"{answer.status} {http.HTTPStatus(answer.status).phrase}")
    if answer.location:
        print(f"Location: {answer.location}")
    if answer.body:
        short = {name: _SHORT if name.endswith("_token") else value for name, value in answer.body.items()}
        print(json.dumps(short, indent=2, ensure_ascii=False))


def _shown(caller: Caller | None) -> str:
    return f'-H "Authorization: Bearer ${caller.name}" ' if caller else ""


def _quoted(argument: str) -> str:
    # Quote for a shell only where needed: plain URLs have no quotes.
    return f"'{argument}'" if set(argument) & set(' ?&"{') else argument
