"""JSON pointers (RFC 6901 section 6) to the invalid part of a request."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

Step = int | str

MAX_STEP: Final = 64
_KEY: Final = "[key]"  # pydantic's last step if the name of a member itself is invalid


def pointer(steps: Iterable[Step]) -> str:
    """Return the pointer as a URI fragment. Names may come from the client: they are cut and made encodable."""
    names = (str(step)[:MAX_STEP].encode("utf-8", "replace").decode() for step in steps)
    return "#" + "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def steps_into_body(error: Mapping[str, Any], body: object) -> list[Step]:
    """Return the steps of a validation error that exist in the body, and the name of a missing field.

    The other steps name a member of a union: a class, or the value that selected it.
    """
    steps: list[Step] = [*error["loc"][1:]]
    if not isinstance(body, dict | list):
        return steps
    missing = [steps.pop()] if error["type"] == "missing" and steps else []
    if steps[-1:] == [_KEY]:
        steps.pop()
    found = _found(steps, body, error.get("input"), set())
    return [*(found if found is not None else _existing(steps, body)), *missing]


def _found(steps: list[Step], value: object, wanted: object, tried: set[tuple[int, int]]) -> list[Step] | None:
    """Return the steps that lead from `value` to the `wanted` object itself, or None if none do."""
    if not steps:
        return [] if value is wanted else None
    if (id(value), len(steps)) in tried:
        return None
    tried.add((id(value), len(steps)))
    first, rest = steps[0], steps[1:]
    if _has(value, first):
        onwards = _found(rest, value[first], wanted, tried)  # type: ignore[index]  # it has
        if onwards is not None:
            return [first, *onwards]
    return _found(rest, value, wanted, tried)


def _existing(steps: list[Step], value: object) -> list[Step]:
    """Return the steps that exist, each taken as soon as it does."""
    taken: list[Step] = []
    for step in steps:
        if _has(value, step):
            taken.append(step)
            value = value[step]  # type: ignore[index]  # it has
    return taken


def _has(value: object, step: Step) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value
