"""What a route declares that it reads of its path and its query."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi.dependencies.models import Dependant
from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a route declares: a name in the path or the query, and what it is read as."""

    name: str
    field: FieldInfo


def declared(dependant: Dependant, place: str) -> Iterator[Parameter]:
    """What a route and its dependencies read of `path` or `query`; of a model each of its fields."""
    for each in dependant.query_params if place == "query" else dependant.path_params:
        model = each.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for name, field in model.model_fields.items():
                yield Parameter(field.alias or name, field)
        else:
            yield Parameter(each.alias, each.field_info)
    for dependency in dependant.dependencies:
        yield from declared(dependency, place)
