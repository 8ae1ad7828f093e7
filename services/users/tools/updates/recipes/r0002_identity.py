"""Who a service is stands in `IDENTITY`, with the one version of `version.py`: settings and cursors are told of it."""

import ast
import re
from collections.abc import Iterator
from typing import Final

import libcst as cst

from updates.own_code import Left, OwnCode
from updates.syntax import argument, assigned, calls, dotted, keyword, with_first, with_import, without_argument

GUIDE: Final = "docs/from-the-first-edition.md#2-versionpy-a-new-file"
BUILD: Final = "chassis.application.build_application"
CURSORS: Final = ("chassis.web.Cursors", "chassis.web.pagination.Cursors")
SETTINGS: Final = ("chassis.settings.ChassisSettings", "chassis.settings.chassis_settings.ChassisSettings")
SETTINGS_FOR: Final = "tests.databases.settings_for"
PARTS: Final = {
    "SERVICE_NAME": "IDENTITY.name",
    "TITLE": "IDENTITY.title",
    "DESCRIPTION": "IDENTITY.description",
    "DEFAULT_PORT": "IDENTITY.default_port",
}
VERSION: Final = '''\
"""The version of this service: the one place that documents, logs, images and releases read it from."""

VERSION = {version!r}
'''


def change(code: OwnCode) -> None:
    """Write `version.py`, and tell settings, cursors and users of the old constants of `IDENTITY`."""
    path = f"src/{code.package}/version.py"
    if path not in code.files:
        code.files[path] = VERSION.format(version=_version(code) or "0.1.0")
    for each in list(code.files):
        _name_parts(code, each)
        if not code.takes(each, {BUILD, *CURSORS, *SETTINGS, SETTINGS_FOR}):
            continue
        told = _Told(code, each)
        code.files[each] = cst.parse_module(code.files[each]).visit(told).code
        for statement in sorted(told.imports):
            code.files[each] = with_import(code.files[each], statement)


def left(code: OwnCode) -> Iterator[Left]:
    """Name what still has a version of its own, or the old constants."""
    for path, tree in code.trees():
        for call in calls(tree):
            called = code.origin(path, ast.unparse(call.func))
            if called == BUILD and keyword(call, "version"):
                yield Left(path, call.lineno, "`build_application` takes no version: write that into version.py.")
            if called in CURSORS and len(call.args) + len(call.keywords) == 1:
                yield Left(path, call.lineno, "Write `Cursors(IDENTITY, …)`; the service's package has it.")
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and code.absolute(path, node.level, node.module or "") == code.package:
                for name in (alias.name for alias in node.names if alias.name in PARTS):
                    yield Left(path, node.lineno, f"{name} is {PARTS[name]} now.")


def _version(code: OwnCode) -> str | None:
    """What the service passed to `build_application`, if it is written there."""
    for path, tree in code.trees():
        for call in calls(tree):
            given = keyword(call, "version")
            if given and code.origin(path, ast.unparse(call.func)) == BUILD:
                return str(given.value.value) if isinstance(given.value, ast.Constant) else None
    return None


def _name_parts(code: OwnCode, path: str) -> None:
    """Replace the constants that a file imports of the package, where nothing else has their names."""
    tree = ast.parse(code.files[path])
    taken = assigned(tree)
    names = {
        alias.asname or alias.name: PARTS[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and code.absolute(path, node.level, node.module or "") == code.package
        for alias in node.names
        if alias.name in PARTS
    }
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if names and names.keys() <= used and not names.keys() & taken:
        code.files[path] = cst.parse_module(code.files[path]).visit(_Parts(names)).code
        code.files[path] = with_import(code.files[path], code.from_package(path, "IDENTITY"))


class _Parts(cst.CSTTransformer):
    """Replaces names; the import of them is left unused, for ruff to remove."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: ARG002, N802 - LibCST's names
        """Leave the names in imports alone."""
        return False

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:  # noqa: N802
        """Take back what was replaced after a dot."""
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:  # noqa: N802 - LibCST's name
        """Take back what was replaced as the name of an argument."""
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:  # noqa: N802
        """Replace a name."""
        new = self._names.get(original_node.value)
        return cst.parse_expression(new) if new else updated_node


class _Told(cst.CSTTransformer):
    """Adds the identity where it is asked for, and notes what that needs to import."""

    def __init__(self, code: OwnCode, path: str) -> None:
        self._code = code
        self._path = path
        self.imports: set[str] = set()

    def _origin(self, node: cst.CSTNode) -> str:
        return self._code.origin(self._path, dotted(node))

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802 - LibCST's name
        """Change the arguments of `Cursors`, `build_application` and `settings_for`."""
        called = self._origin(original_node.func)
        plain = not any(each.star or each.keyword for each in original_node.args)
        if called in CURSORS and plain and len(original_node.args) == 1:
            self.imports.add(self._code.from_package(self._path, "IDENTITY"))
            return with_first(updated_node, "IDENTITY")
        if called == SETTINGS_FOR and len(original_node.args) == 2:  # noqa: PLR2004 - as it was
            self.imports.add(f"from {self._code.package}.settings import Settings")
            return with_first(updated_node, "Settings")
        version = argument(original_node, "version")
        if called == BUILD and version and isinstance(version.value, cst.SimpleString):
            return without_argument(updated_node, "version")
        return updated_node

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802
        """Add `identity` to a class of settings."""
        body = updated_node.body
        if not isinstance(body, cst.IndentedBlock) or re.search(r"^\s*identity\b", dotted(body), re.MULTILINE):
            return updated_node
        if not any(self._origin(base.value) in SETTINGS for base in original_node.bases):
            return updated_node
        self.imports.add(self._code.from_package(self._path, "IDENTITY"))
        first = 1 if original_node.get_docstring() is not None else 0
        line = cst.parse_statement("identity = IDENTITY\n")
        if first:
            line = line.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        rest = list(body.body[first:])
        if rest and first:
            rest[0] = rest[0].with_changes(leading_lines=[cst.EmptyLine(indent=False), *_comments(rest[0])])
        return updated_node.with_changes(body=body.with_changes(body=[*body.body[:first], line, *rest]))


def _comments(statement: cst.BaseStatement) -> list[cst.EmptyLine]:
    """The comments above a statement."""
    lines: list[cst.EmptyLine] = list(getattr(statement, "leading_lines", ()))
    return [line for line in lines if line.comment]
