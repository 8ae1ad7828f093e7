"""Parses fields such as `text:str:500` or `order_id:ref:order?` for the templates."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from entity.names import Names, Refused, refuse_field
from entity.references import Reference, reference_to

KINDS: Final = ("str", "text", "int", "bool", "float", "decimal", "date", "datetime", "uuid", "ref")
FILTERS: Final = frozenset(KINDS) - {"text", "float", "decimal"}
MAX_CHARACTERS: Final = {"str": 2_000, "text": 100_000}  # normalising a longer one-line text can take a second
MAX_FILTERS: Final = 4
FORM: Final = (
    "name:kind, such as stars:int, title:str:100, body:text:10000 (several lines) or order_id:ref:order,"
    " with ? at the end if it may be empty"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A field of the command line."""

    name: str
    kind: str
    maximum: int = 0
    """Of a text: the maximum number of characters."""
    lines: bool = False
    """Whether a text may have several lines."""
    target: str = ""
    """Of a reference: the entity that it refers to."""
    nullable: bool


def field_of(given: str) -> Field:
    """Parse a field; raises `Refused`."""
    name, *rest = given.removesuffix("?").split(":")
    nullable = given.endswith("?")
    match rest:
        case ["str" | "text" as kind, number] if number.isdecimal() and 0 < int(number) <= MAX_CHARACTERS[kind]:
            field = Field(name=name, kind="str", maximum=int(number), lines=kind == "text", nullable=nullable)
        case ["str" | "text" as kind, *_]:
            most = MAX_CHARACTERS[kind]
            raise Refused(f"{given}: say how many characters a text may have, 1 to {most}, as in {name}:{kind}:100.")
        case ["ref", target] if target:
            field = Field(name=name, kind="ref", target=target, nullable=nullable)
        case ["ref", *_]:
            raise Refused(f"{given}: say which entity it leads to, as in order_id:ref:order.")
        case [kind] if kind in KINDS:
            field = Field(name=name, kind=kind, nullable=nullable)
        case [kind, *_] if kind not in KINDS:
            raise Refused(f"{given}: there is no kind {kind or '(empty)'}. Kinds: {', '.join(KINDS)}.")
        case _:
            raise Refused(f"{given}: a field is {FORM}. Kinds: {', '.join(KINDS)}.")
    refuse_field(name)
    return field


def variables(fields: Sequence[Field], filters: Collection[str], names: Names) -> list[dict[str, Any]]:
    """Return the fields for the templates; raises `Refused` if they do not fit together."""
    if not fields:
        raise Refused("Give it at least one field, such as --field name:str:100.")
    if len({field.name for field in fields}) < len(fields):
        raise Refused("Two fields have the same name.")
    if names.entity_plural in filters:
        raise Refused(f"A list of {names.entity_plural} cannot be filtered by a field of the same name.")
    if len(filters) > MAX_FILTERS:
        raise Refused(
            f"A list can have {MAX_FILTERS} filters at most; further ones are better one object of the query."
        )
    filterable = {field.name for field in fields if field.kind in FILTERS and not field.lines}
    if odd := sorted(set(filters) - filterable):
        raise Refused(f"{', '.join(odd)}: no field that a list can be filtered by; it can by: {sorted(filterable)}.")
    return [_variables(field, names, is_filter=field.name in filters) for field in fields]


def _variables(field: Field, names: Names, *, is_filter: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": field.name,
        "kind": field.kind,
        "maximum": field.maximum,
        "lines": field.lines,
        "nullable": field.nullable,
        "filter": is_filter,
        "indexed": is_filter or field.kind == "ref",
    }
    if field.kind == "ref":
        found["ref"] = _reference(field, names).variables
    return found


def _reference(field: Field, names: Names) -> Reference:
    if field.target != names.entity:
        return reference_to(field.target)
    if not field.nullable:
        raise Refused(f"{field.name}: the first {names.entity} can refer to no other; add a ? at the end.")
    error = f"{names.variables['entity_class']}NotFound"
    return Reference(is_self=True, table=names.entity_plural, error=error)
