"""Valid names of an entity and its fields, and the names derived from them."""

import builtins
import keyword
import re
from dataclasses import dataclass
from typing import Final

MAX_ENTITY: Final = 32
MAX_PLURAL: Final = 30
MAX_FIELD: Final = 30
_SNAKE_CASE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Names that clash with those of the generated code; copier.yml refuses the first two lists as well.
ENTITIES: Final = _words("""
    base callable decimal ellipsis error exception false final invalid_value none page protocol router self true
    typed_dict unpack warning
""")
PLURALS: Final = _words("""
    alembic_version api changed changes collection contract created cursor database datetime entities errors
    expected found limit lines name new next_cursor page pages partial problems repositories request response router
    service services settings successor_id tables text unit_of_work upstreams version wanted_id
""")
FIELDS: Final = _words("""
    after changed changes checked cls column create created created_at cursor date datetime decimal entities expected
    found id limit lines link_next_page mapped_column new new_id page request response rows self statement uuid version
    wanted_id
""")
# Attributes of models in pydantic and SQLAlchemy, and the system columns of PostgreSQL.
LIBRARIES: Final = _words("""
    cmax cmin construct copy ctid from_orm json metadata model_computed_fields model_config model_construct model_copy
    model_dump model_dump_json model_extra model_fields model_fields_set model_json_schema model_parametrized_name
    model_post_init model_rebuild model_validate model_validate_json model_validate_strings parse_file parse_obj
    parse_raw registry schema schema_json tableoid update_forward_refs validate xmax xmin
""")
PYTHON: Final = frozenset((*keyword.kwlist, *dir(builtins)))


class Refused(Exception):
    """The command is impossible; the message says why and, if possible, what to do."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names derived from an entity."""

    entity: str
    """Singular, in snake_case."""
    entity_plural: str

    @property
    def variables(self) -> dict[str, str]:
        """The names for the templates, as copier.yml computes them."""
        return {
            "entity": self.entity,
            "entity_plural": self.entity_plural,
            "entity_title": self.entity.replace("_", " ").capitalize(),
            "entity_class": class_name(self.entity),
            "entity_plural_title": self.entity_plural.replace("_", " ").capitalize(),
            "entity_plural_class": class_name(self.entity_plural),
        }


def class_name(snake_case: str) -> str:
    """Return `OrderLine` for `order_line`."""
    return "".join(word.capitalize() for word in snake_case.split("_"))


def regular_plural(entity: str) -> str:
    """Return the regular plural, as copier.yml does: `replies`, `boxes`, `orders`."""
    if re.search(r"[^aeiou]y$", entity):
        return f"{entity[:-1]}ies"
    return f"{entity}es" if re.search(r"(s|sh|ch|x|z)$", entity) else f"{entity}s"


def names_of(entity: str, plural: str | None) -> Names:
    """Return the names of an entity, by default with the regular plural. Raises `Refused`."""
    plural = plural or regular_plural(entity)
    _refuse_odd(entity, MAX_ENTITY)
    _refuse_odd(plural, MAX_PLURAL)
    for name in (entity, plural):
        if name.startswith("test"):
            raise Refused(f'pytest would collect the classes of "{name}" as tests; choose another word.')
    if entity in ENTITIES or entity.endswith(("_error", "_warning")):
        raise Refused(f'"{entity}" would shadow a name of Python or of the generated code; add a word.')
    if plural in PLURALS | PYTHON or plural.endswith(("_error", "_warning")):
        raise Refused(f'"{plural}" is a name of Python or of the generated code; give another one with --plural.')
    if entity.replace("_", "") == plural.replace("_", ""):
        raise Refused("The plural must differ from the singular; give another one with --plural.")
    return Names(entity, plural)


def refuse_field(name: str) -> None:
    """Raise `Refused` unless a field may have this name."""
    _refuse_odd(name, MAX_FIELD)
    if name in FIELDS | LIBRARIES | PYTHON:
        raise Refused(
            f'"{name}" is a name that Python, a library or the code itself uses; choose another name for the field.'
        )


def _refuse_odd(name: str, longest: int) -> None:
    if not _SNAKE_CASE.fullmatch(name):
        raise Refused(f'"{name}" is not snake_case: lower-case letters, digits and single underscores.')
    if len(name) > longest:
        raise Refused(f'"{name}" has more than {longest} characters.')
