"""Rules for the OpenAPI document of every service."""

import re
from collections.abc import Iterator
from typing import Any, Final

# Syntax that Python, Rust (pydantic), Go (RE2) and JavaScript (with and without the flag `u`) interpret alike. This
# excludes `.`, `\d`, `\w`, `\s`, `\b` and `[^…]`, which differ in newlines, in Unicode, or beyond U+FFFF.
_ESCAPE: Final = r"\\(?:[\\^$.|?*+()\[\]{}/tnr]|x[0-9A-Fa-f]{2})"
_IN_CLASS: Final = rf"(?:[^\\\[\]\-\U00010000-\U0010ffff]|{_ESCAPE}|\\-)"
_CLASS: Final = rf"\[(?!\^|[^\]]*(?:&&|~~|\|\|))(?:{_IN_CLASS}(?:-{_IN_CLASS})?)+-?\]"
_ATOM: Final = rf"[^\\^$.|?*+()\[\]{{}}\U00010000-\U0010ffff]|{_ESCAPE}|{_CLASS}"
_TOKEN: Final = re.compile(
    rf"(?P<atom>{_ATOM})|(?P<open>\((?:\?:)?)|(?P<close>\))|(?P<between>[|^$])"
    r"|(?P<repeat>(?:[*+?]|\{(?P<least>\d{1,3})(?:,(?P<most>\d{1,3})?)?\})\??)"
)


def answers_of(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the responses that an operation declares, by status; references to the components are resolved."""
    return {status: _resolved(document, answer) for status, answer in operation["responses"].items()}


def check_operations(document: dict[str, Any]) -> None:
    """Check that each operation has a short unique id, a summary in sentence case, and a described tag."""
    operations = [each for path in document["paths"].values() for each in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids)), sorted(ids)
    described = {tag["name"] for tag in document.get("tags", ()) if tag.get("description")}
    for operation in operations:
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", operation["operationId"]), operation["operationId"]
        summary = operation["summary"]
        assert summary[0].isupper(), summary
        assert not summary.istitle() or " " not in summary, summary
        assert described.issuperset(operation["tags"]), operation["tags"]


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    for step in part.get("$ref", "").removeprefix("#/").split("/") if "$ref" in part else ():
        document = document[step]
    return document if "$ref" in part else part


def check_references(document: dict[str, Any]) -> None:
    """Check that each `$ref` leads to a part of the document."""
    names = set(_references(document))
    assert names
    for name in names:
        part: Any = document
        for step in name.removeprefix("#/").split("/"):
            part = part[step]
        assert part


def check_problems(document: dict[str, Any]) -> None:
    """Check that each operation declares the common problems, and that all errors are problems."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.startswith("/health"):
                continue
            assert operation["responses"].keys() >= {"421", "422", "500", "503"}, (method, path)
            # An operation of a protocol that has errors of its own, such as OAuth, names it: `x-errors: RFC 6749`.
            is_foreign = "x-errors" in operation
            if "requestBody" in operation:
                assert operation["responses"].keys() >= ({"413"} if is_foreign else {"413", "415"}), (method, path)
            allowed = {"application/problem+json"} | ({"application/json"} if is_foreign else set())
            for status, response in answers_of(document, operation).items():
                if int(status) >= 400:
                    assert response["content"].keys() <= allowed, (method, path, status)
                    assert response["content"], (method, path, status)


def check_examples(document: dict[str, Any]) -> None:
    """Check that examples of problems have all required members."""
    required = set(document["components"]["schemas"]["ProblemDetails"]["required"])
    examples = list(_examples_of_problems(document))
    assert examples or has_other_errors(document)
    for example in examples:
        assert example.keys() >= required


def has_other_errors(document: dict[str, Any]) -> bool:
    """Return whether every operation declares another format of errors."""
    return all("x-errors" in operation for path in document["paths"].values() for operation in path.values())


def check_patterns(document: dict[str, Any]) -> None:
    """Check that clients and gateways in other languages interpret each pattern alike."""
    for pattern in _patterns(document):
        assert is_portable(pattern), f"languages interpret this pattern differently: {pattern}"


def is_portable(pattern: str) -> bool:
    """Return whether Python, Rust, Go and JavaScript interpret a regular expression alike.

    The exception is `$`, which in Python also matches before a final newline; no other anchor is known to all of them.
    """
    depth = position = 0
    may_repeat = False
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if token is None or (token["repeat"] and not may_repeat):
            return False
        depth += bool(token["open"]) - bool(token["close"])
        if depth < 0:
            return False
        may_repeat = bool(token["atom"] or token["close"])
        position = token.end()
    return depth == 0


def _patterns(part: object) -> Iterator[str]:
    """Yield all `pattern`s and names of `patternProperties` below a part of the document."""
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield part["pattern"]
        named = part.get("patternProperties")
        yield from named if isinstance(named, dict) else ()
    for below in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _patterns(below)


def _examples_of_problems(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operations in document["paths"].values():
        for operation in operations.values():
            for response in answers_of(document, operation).values():
                content = response.get("content", {}).get("application/problem+json", {})
                for example in content.get("examples", {}).values():
                    yield example["value"]


def _references(document: object) -> Iterator[str]:
    """Yield all `$ref`s below a part of the document."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "$ref":
                yield value
            yield from _references(value)
    elif isinstance(document, list):
        for value in document:
            yield from _references(value)
