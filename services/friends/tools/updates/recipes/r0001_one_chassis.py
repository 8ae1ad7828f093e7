"""The chassis of `<package>.chassis` is `chassis`, in folders: change what the service imports of it.

An import is changed if it is known of all its names where they are. A new name is imported `as` the old one, so that
what the file does with it, and who imports it from there, stays as it is.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import libcst as cst

from updates.own_code import Left, OwnCode
from updates.recipes.one_chassis_names import MODULES, MOVED, sentence
from updates.syntax import dotted

GUIDE: Final = "docs/from-the-first-edition.md#3-imports"
STAR: Final = "A star import hides what is used: write the names, and run `nox -s migrate-code -- --all`."
MODULE: Final = "The names of this module are in several places now: import them by name."
TEXT: Final = "This text names a module of the chassis: it is below `chassis` now, as are the names of its loggers."
OLD_FILE: Final = "The chassis is in src/chassis now; move what is yours elsewhere and delete this file."
OTHERS: Final = {
    "postgres_server": {"postgres_environment": ("postgres.server", "postgres_environment")},
    "ports": {"free_ports": ("processes.ports", "free_ports")},
    "tests.conftest": {
        "administrator": ("tests.databases", "administrator"),
        "temporary_database": ("tests.databases", "temporary_database"),
        "settings_for": ("tests.databases", "settings_for"),
        "booted": ("tests.booting", "booted"),
    },
}
"""Names of the service's tools and tests, by the module they were in; those that are not here stayed."""


def change(code: OwnCode) -> None:
    """Change the imports."""
    for path, tree in code.trees():
        if _is_old(code, path):
            continue
        if any(_imports(code, path, node) for node in ast.walk(tree)):
            imports = _Imports(code, path, tree)
            code.files[path] = cst.parse_module(code.files[path]).visit(imports).code


def left(code: OwnCode) -> Iterator[Left]:
    """Name the imports that are left, and texts that name a module."""
    for path, tree in code.trees():
        if _is_old(code, path):
            yield Left(path, 1, OLD_FILE)
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from (Left(path, node.lineno, said) for said in _imports(code, path, node))
            elif isinstance(node, ast.Constant) and f"{code.package}.chassis" in str(node.value):
                yield Left(path, node.lineno, TEXT)


def _is_old(code: OwnCode, path: str) -> bool:
    return path.startswith((f"src/{code.package}/chassis/", "tests/chassis/"))


def _imports(code: OwnCode, path: str, node: ast.AST) -> Iterator[str]:
    """Say of each name that an import has of the old places what to do about it."""
    chassis = f"{code.package}.chassis"
    if isinstance(node, ast.Import):
        yield from (MODULE for alias in node.names if alias.name == chassis or alias.name.startswith(f"{chassis}."))
    elif isinstance(node, ast.ImportFrom):
        module = code.absolute(path, node.level, node.module or "")
        names = [alias.name for alias in node.names]
        if module == chassis or module.startswith(f"{chassis}."):
            yield from (_said(f"{module}.{name}".removeprefix(f"{chassis}.")) for name in names)
        elif module == code.package and "chassis" in names:
            yield MODULE
        else:
            moved = OTHERS.get(module, {})
            yield from (f"It is in {moved[name][0]} now." for name in names if name in moved)


def _said(name: str) -> str:
    if name.endswith("*"):
        return STAR
    if name in MODULES:
        return MODULE
    return f"It is in {MOVED[name][0]} now." if name in MOVED else sentence(name)


class _Imports(cst.CSTTransformer):
    """Changes the import statements of one file."""

    def __init__(self, code: OwnCode, path: str, tree: ast.Module) -> None:
        self._code = code
        self._path = path
        self._chassis = f"{code.package}.chassis"
        self._names = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        self._attributes = [
            (node.value.id, node.attr)
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        ]

    def leave_SimpleStatementLine(  # noqa: N802 - LibCST's name
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        """Replace an import; one of names that are in several modules becomes several, each on its own line."""
        new = [(self._replacement(each), each) for each in original_node.body]
        if not any(found for found, _ in new):
            return updated_node
        statements = [statement for found, each in new for statement in (found or [each])]
        lines = [
            cst.SimpleStatementLine([each.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)]) for each in statements
        ]
        lines[0] = lines[0].with_changes(leading_lines=updated_node.leading_lines)
        lines[-1] = lines[-1].with_changes(trailing_whitespace=updated_node.trailing_whitespace)
        return cst.FlattenSentinel(lines)

    def _replacement(self, node: cst.BaseSmallStatement) -> Sequence[cst.BaseSmallStatement]:
        if isinstance(node, cst.Import):
            return self._modules_by_import(node)
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
            return []
        module = self._code.absolute(self._path, len(node.relative), dotted(node.module))
        if module == self._chassis:
            return self._modules(node.names)
        places = [self._place(module, dotted(alias.name)) for alias in node.names]
        if all(place is None for place in places):
            return []
        if "#" in cst.Module([]).code_for_node(node) and len({place and place[0] for place in places}) > 1:
            return []  # a comment would be lost
        return _by_module(node, places)

    def _place(self, module: str, name: str) -> tuple[str, str] | None:
        if module.startswith(f"{self._chassis}."):
            return MOVED.get(f"{module.removeprefix(f'{self._chassis}.')}.{name}")
        return OTHERS.get(module, {}).get(name)

    def _modules(self, aliases: Sequence[cst.ImportAlias]) -> list[cst.BaseSmallStatement]:
        """Replace `from ..chassis import database`, if all that is used of each module is in one place."""
        statements: list[cst.BaseSmallStatement] = []
        for alias in aliases:
            old = dotted(alias.name)
            local = dotted(alias.asname.name) if alias.asname else old
            new = self._one_place(old, local)
            if not new:
                return []
            parent, _, name = new.rpartition(".")
            asname = None if name == local else cst.AsName(cst.Name(local))
            statements.append(cst.ImportFrom(_name(parent), [cst.ImportAlias(cst.Name(name), asname)]))
        return statements

    def _modules_by_import(self, node: cst.Import) -> list[cst.BaseSmallStatement]:
        """Replace `import <package>.chassis.database as database`, in the same way."""
        names = [dotted(alias.name) for alias in node.names]
        if not all(name.startswith(f"{self._chassis}.") for name in names) or not all(
            each.asname for each in node.names
        ):
            return []
        shortened = [
            alias.with_changes(name=cst.Name(name.removeprefix(f"{self._chassis}.")))
            for name, alias in zip(names, node.names, strict=True)
        ]
        return self._modules(shortened)

    def _one_place(self, module: str, local: str) -> str | None:
        used = [attribute for name, attribute in self._attributes if name == local]
        places = {MOVED.get(f"{module}.{attribute}") for attribute in used}
        if len(used) != self._names[local] or None in places or not used:
            return None
        if any(place and place[1] not in used for place in places):
            return None  # a name of which only the import could keep the old one
        modules = {place[0] for place in places if place}
        return modules.pop() if len(modules) == 1 else None


def _by_module(node: cst.ImportFrom, places: Sequence[tuple[str, str] | None]) -> list[cst.ImportFrom]:
    """Return an import for each module that the names are in now."""
    aliases: dict[str | None, list[cst.ImportAlias]] = {}
    for alias, place in zip(_aliases(node), places, strict=True):
        aliases.setdefault(place[0] if place else None, []).append(_renamed(alias, place))
    statements = []
    for target, group in aliases.items():
        group[-1] = group[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        if target is None:
            statements.append(node.with_changes(names=group))
        elif node.relative and target.startswith("tests."):
            statements.append(node.with_changes(names=group, module=_name(target.rpartition(".")[2])))
        else:
            statements.append(node.with_changes(names=group, module=_name(target), relative=[]))
    return statements


def _aliases(node: cst.ImportFrom) -> Sequence[cst.ImportAlias]:
    return [] if isinstance(node.names, cst.ImportStar) else node.names


def _renamed(alias: cst.ImportAlias, place: tuple[str, str] | None) -> cst.ImportAlias:
    if place is None or place[1] == dotted(alias.name):
        return alias
    asname = alias.asname or cst.AsName(cst.Name(dotted(alias.name)))
    return alias.with_changes(name=cst.Name(place[1]), asname=asname)


def _name(dotted: str) -> cst.Name | cst.Attribute:
    expression = cst.parse_expression(dotted)
    assert isinstance(expression, cst.Name | cst.Attribute)  # noqa: S101 - of the names above
    return expression
