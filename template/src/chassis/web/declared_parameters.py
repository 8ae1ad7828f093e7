"""The path and query parameters that a route declares."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi.dependencies.models import Dependant
from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter: its name in the path or query, and its field."""

    name: str
    field: FieldInfo


def declared(dependant: Dependant, place: str) -> Iterator[Parameter]:
    """Yield what a route and its dependencies read from `path` or `query`. A model yields each of its fields."""
    for each in dependant.query_params if place == "query" else dependant.path_params:
        model = each.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for name, field in model.model_fields.items():
                yield Parameter(field.alias or name, field)
        else:
            yield Parameter(each.alias, each.field_info)
    for dependency in dependant.dependencies:
        yield from declared(dependency, place)
