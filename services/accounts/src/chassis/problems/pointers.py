"""Where in a request something is wrong: JSON pointers (RFC 6901 section 6) that lead into what was sent."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

Step = int | str

MAX_STEP: Final = 64
_KEY: Final = "[key]"  # pydantic's last step to the name of a member, which is wrong itself


def pointer(steps: Iterable[Step]) -> str:
    """A URI fragment; names of unknown fields are the client's: cut and made encodable."""
    names = (str(step)[:MAX_STEP].encode("utf-8", "replace").decode() for step in steps)
    return "#" + "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def steps_into_body(error: Mapping[str, Any], body: object) -> list[Step]:
    """The steps of a validation error that are in the body.

    Others name a member of a union: a class, or the value that chose it. What is missing is named last.
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
    """The steps by which `value` leads to the very object that is wrong; None if there are none such."""
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
    """The steps that are there, taken whenever they are."""
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
