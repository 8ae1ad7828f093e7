"""Adds an entity to the composition root, `main.py`, or removes it."""

import ast
import re
from dataclasses import dataclass
from typing import Final

from entity.names import Names, Refused, class_name
from entity.service import parsed

SHAPE: Final = "build_application(…, database=<a name>, routers=[…], problems=[…])"
Edit = tuple[int, int, str]
"""A replacement: first byte, end byte, new text."""


@dataclass(frozen=True, slots=True)
class Root:
    """The parts of `main.py` that an entity uses."""

    source: bytes
    """Its text as bytes, as the parser counts; lines end with a line feed."""
    module: ast.Module
    function: ast.FunctionDef
    statement: ast.stmt
    """The call that builds the application."""
    routers: ast.List
    problems: ast.List
    database: str

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Return the first and end byte of a node."""
        starts = [0, *(match.end() for match in re.finditer(rb"\n", self.source))]
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column

    def spaces(self, position: int) -> int:
        """Return how many bytes of white space begin there."""
        rest = self.source[position:]
        return len(rest) - len(rest.lstrip())


def with_entity(text: str, names: Names) -> str:
    """Return `main.py` with an entity, unformatted; raises `Refused` if it cannot be added."""
    root = _root(text)
    plural, title = names.entity_plural, class_name(names.entity_plural)
    taken = {node.id for node in ast.walk(root.function) if isinstance(node, ast.Name)}
    if plural in taken:
        raise Refused(f"main.py uses the name {plural} already. Choose another plural.")
    construction = f"""{plural} = {title}(
        repository=Sql{title}({root.database}),
        unit_of_work={root.database}.transaction,
        new_id=new_id,
        now=partial(datetime.now, UTC),
    )
    """
    start, _ = root.span(root.statement)
    edits = [
        (start, start, construction),
        _appended(root, root.routers, f"{plural}_api.{plural}_router({plural})"),
        _appended(root, root.problems, f"*{plural}_api.PROBLEMS"),
        _imported(root, names),
    ]
    return _edited(root.source, edits)


def without_entity(text: str, names: Names) -> str:
    """Return `main.py` without an entity, but with its imports; raises `Refused` if it is not there."""
    root = _root(text)
    plural = names.entity_plural
    constructions = [
        each for each in root.function.body if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == plural
    ]
    if len(constructions) != 1:
        raise Refused(f"main.py does not create {plural} in exactly one place.")
    start, end = root.span(constructions[0])
    end += root.spaces(end)
    edits = [
        (start, end, ""),
        _removed(root, root.routers, f"{plural}_api.{plural}_router({plural})"),
        _removed(root, root.problems, f"*{plural}_api.PROBLEMS"),
    ]
    return _edited(root.source, edits)


def _root(text: str) -> Root:
    module = parsed(text, "main.py")
    for function in (each for each in module.body if isinstance(each, ast.FunctionDef)):
        for statement in function.body:
            for node in ast.walk(statement):
                match node:
                    case ast.Call(func=ast.Name(id="build_application"), keywords=keywords):
                        match {each.arg: each.value for each in keywords}:
                            case {
                                "database": ast.Name(id=database),
                                "routers": ast.List() as routers,
                                "problems": ast.List() as problems,
                            }:
                                return Root(text.encode(), module, function, statement, routers, problems, database)
    raise Refused(f"main.py has no {SHAPE}, to which an entity could be added.")


def _appended(root: Root, items: ast.List, item: str) -> Edit:
    _, end = root.span(items)
    if items.elts and not _comma(root, items.elts[-1]):
        _, end = root.span(items.elts[-1])
        return end, end, f", {item}"
    return end - 1, end - 1, f"{item},"


def _removed(root: Root, items: ast.List, item: str) -> Edit:
    for number, each in enumerate(items.elts):
        if ast.unparse(each) == item:
            start, end = root.span(each)
            comma = _comma(root, each)
            if number and not comma:
                _, start = root.span(items.elts[number - 1])
            return start, end + comma, ""
    raise Refused(f"main.py has no {item} in the lists of build_application.")


def _comma(root: Root, item: ast.expr) -> int:
    """Return the bytes up to the end of the comma after an item; 0 if there is none."""
    _, end = root.span(item)
    spaces = root.spaces(end)
    return spaces + 1 if root.source[end + spaces :].startswith(b",") else 0


def _imported(root: Root, names: Names) -> Edit:
    plural, title = names.entity_plural, class_name(names.entity_plural)
    lines = {
        "UTC": "from datetime import UTC",
        "datetime": "from datetime import datetime",
        "partial": "from functools import partial",
        "new_id": "from chassis.ids import new_id",
        f"{plural}_api": f"from .api import {plural} as {plural}_api",
        title: f"from .core.services.{plural} import {title}",
        f"Sql{title}": f"from .infrastructure.database.{plural} import Sql{title}",
    }
    imports = [each for each in root.module.body if isinstance(each, ast.Import | ast.ImportFrom)]
    modules = {alias.asname or alias.name for each in imports if isinstance(each, ast.Import) for alias in each.names}
    if hidden := sorted(lines.keys() & modules):
        raise Refused(f"main.py imports a module as {hidden[0]}; take what it needs instead: {lines[hidden[0]]}")
    known = {alias.asname or alias.name for each in imports for alias in each.names}
    _, end = root.span(imports[-1])
    return end, end, "".join(f"\n{line}" for name, line in lines.items() if name not in known)


def _edited(source: bytes, edits: list[Edit]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        source = source[:start] + new.encode() + source[end:]
    return source.decode()
