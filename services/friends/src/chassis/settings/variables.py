"""Names of the environment variables that set a field, including nested fields and aliases."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, get_args, get_origin

from pydantic import AliasChoices, AliasPath, BaseModel, RootModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """A value that an environment variable can set."""

    names: tuple[str, ...]
    """In upper case. If several are set, the first one wins."""
    fields: tuple[tuple[str, FieldInfo], ...]
    """The name and the definition of the field, preceded by those of the fields around it."""


def variables(kind: type[BaseSettings]) -> list[Variable]:
    """Return all variables of the settings. A field that is a model has one variable per field of its own."""
    return list(_below(kind, kind, (), ()))


def unknown_names(kind: type[BaseSettings], given: Iterable[str]) -> list[str]:
    """Return the names, in any case, that no setting reads. They may be names of variables or of files."""
    delimiter = kind.model_config.get("env_nested_delimiter") or ""
    leaves = {name.upper() for variable in variables(kind) for name in variable.names}
    tops = {each.upper() for name, field in kind.model_fields.items() for each in own_names(kind, name, field)}
    within = tuple(f"{leaf}{delimiter}" for leaf in leaves) if delimiter else ()  # keys of a dictionary
    return [name for name in given if name.upper() not in leaves | tops and not name.upper().startswith(within)]


def _below(
    kind: type[BaseSettings],
    model: type[BaseModel],
    outer_names: tuple[str, ...],
    outer_fields: tuple[tuple[str, FieldInfo], ...],
) -> Iterator[Variable]:
    for name, field in model.model_fields.items():
        names = _joined(kind, outer_names, own_names(model, name, field))
        fields = (*outer_fields, (name, field))
        models = models_in(field.annotation)
        is_recursive = any(models == models_in(outer.annotation) for _, outer in outer_fields)
        if len(models) == 1 and kind.model_config.get("env_nested_delimiter") and not is_recursive:
            yield from _below(kind, models[0], names, fields)
        else:
            yield Variable(names=_spelled(kind, names), fields=fields)


def names_at(kind: type[BaseSettings], location: Sequence[str | int]) -> tuple[str, ...]:
    """Return the names of the variable at the `loc` of a pydantic error; none if it concerns several fields."""
    names: tuple[str, ...] = ()
    models: list[type[BaseModel]] = [kind]
    for part in location:
        found = [
            (_joined(kind, names, own_names(model, name, field)), models_in(field.annotation))
            for model in models
            for name, field in model.model_fields.items()
            if part in {name, field.alias, *own_names(model, name, field)}
        ]
        if found:
            names, models = found[0]
        elif isinstance(part, int):
            break  # the rest is inside the value; a string would name the member of a union that was tried
    return _spelled(kind, names)


def own_names(model: type[BaseModel], name: str, field: FieldInfo) -> tuple[str, ...]:
    """Return the names of a field within its model, in lookup order."""
    alias = field.validation_alias
    by_name = alias is None or model.model_config.get("validate_by_name") or model.model_config.get("populate_by_name")
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    aliases = [str(choice.path[0]) if isinstance(choice, AliasPath) else choice for choice in choices if choice]
    return (*aliases, *([f"{model.model_config.get('env_prefix', '')}{name}"] if by_name else []))


def models_in(annotation: object) -> list[type[BaseModel]]:
    """Return the models that a value of this type can be; none for a list of models."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [] if issubclass(annotation, RootModel) else [annotation]
    if get_origin(annotation) is Annotated:
        return models_in(get_args(annotation)[0])
    if isinstance(get_origin(annotation), type) and get_origin(annotation) is not UnionType:
        return []
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def _joined(kind: type[BaseSettings], outer: tuple[str, ...], own: tuple[str, ...]) -> tuple[str, ...]:
    delimiter = kind.model_config.get("env_nested_delimiter") or ""
    return tuple(f"{before}{delimiter}{name}" for before in outer for name in own) if outer else own


def _spelled(kind: type[BaseSettings], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the distinct names, in upper case unless the settings are case-sensitive."""
    spelled = names if kind.model_config.get("case_sensitive") else (name.upper() for name in names)
    return tuple(dict.fromkeys(spelled))
