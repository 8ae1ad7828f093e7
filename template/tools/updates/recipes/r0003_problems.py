"""Problems are a sequence of `ProblemFor`, with functions that make further members, and no dictionary."""

import ast
from collections.abc import Iterator
from typing import Final

import libcst as cst

from updates.own_code import Left, OwnCode
from updates.syntax import argument, calls, dotted, keyword, with_import, with_value, without_argument

GUIDE: Final = "docs/from-the-first-edition.md#7-api"
BUILD: Final = "chassis.application.build_application"
PROBLEM: Final = ("chassis.problems.Problem", "chassis.problems.catalogue.Problem")
INVALID_REQUEST: Final = ("chassis.problems.INVALID_REQUEST", "chassis.problems.catalogue.INVALID_REQUEST")
IMPORT: Final = "from chassis.problems import ProblemFor"
Members = dict[str, tuple[str, ...]]
"""By the full name of a problem: the attributes of the exception that it tells."""


def change(code: OwnCode) -> None:
    """Make sequences of the dictionaries, and functions of the names of members."""
    members = _members(code)
    wanted = {name for path, tree in code.trees() for name in _handed_over(code, path, tree)}
    for path in list(code.files):
        if not code.takes(path, {BUILD, *PROBLEM}) and not any(f"{code.module(path)}." in name for name in wanted):
            continue
        problems = _Problems(code, path, members, wanted)
        new = cst.parse_module(code.files[path]).visit(problems).code
        code.files[path] = with_import(new, IMPORT) if problems.made else new


def left(code: OwnCode) -> Iterator[Left]:
    """Name dictionaries of problems, and names of members."""
    for path, tree in code.trees():
        for call in calls(tree):
            called = code.origin(path, ast.unparse(call.func))
            members = keyword(call, "members")
            if called in PROBLEM and members and isinstance(members.value, ast.Tuple):
                yield Left(path, call.lineno, "`members` of a Problem are types; a ProblemFor makes their values.")
            problems = keyword(call, "problems")
            if called == BUILD and problems and isinstance(problems.value, ast.Dict | ast.BinOp | ast.DictComp):
                yield Left(path, problems.value.lineno, "`problems` is a sequence of ProblemFor(Error, PROBLEM).")
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and "dict[type[Exception], Problem]" in ast.unparse(node.annotation):
                yield Left(path, node.lineno, "Problems are a sequence of ProblemFor(Error, PROBLEM).")


def _members(code: OwnCode) -> Members:
    found: Members = dict.fromkeys(INVALID_REQUEST, ("errors",))
    for path, tree in code.trees():
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                if code.origin(path, ast.unparse(node.value.func)) in PROBLEM and (names := _names(node.value)):
                    found[f"{code.module(path)}.{ast.unparse(target)}"] = names
    return found


def _names(problem: ast.Call) -> tuple[str, ...]:
    given = keyword(problem, "members")
    if not given or not isinstance(given.value, ast.Tuple):
        return ()
    return tuple(str(each.value) for each in given.value.elts if isinstance(each, ast.Constant))


def _handed_over(code: OwnCode, path: str, tree: ast.Module) -> Iterator[str]:
    """The full names of what is given to `build_application` as problems."""
    for call in calls(tree):
        given = keyword(call, "problems")
        if given and code.origin(path, ast.unparse(call.func)) == BUILD:
            yield from (
                _full(code, path, ast.unparse(node))
                for node in ast.walk(given.value)
                if isinstance(node, ast.Name | ast.Attribute)
            )


def _full(code: OwnCode, path: str, name: str) -> str:
    origin = code.origin(path, name)
    return f"{code.module(path)}.{name}" if origin == name else origin


class _Problems(cst.CSTTransformer):
    """Changes one file."""

    def __init__(self, code: OwnCode, path: str, members: Members, wanted: set[str]) -> None:
        self._code = code
        self._path = path
        self._members = members
        self._wanted = wanted
        self.made = False

    def leave_AnnAssign(self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign) -> cst.BaseSmallStatement:  # noqa: N802
        """Change a dictionary whose type says that it is one of problems."""
        annotation = dotted(original_node.annotation.annotation)
        is_wanted = "type[Exception]" in annotation or self._is_wanted(original_node.target)
        if not isinstance(original_node.value, cst.Dict) or not is_wanted:
            return updated_node
        value = self._sequence(original_node.value, brackets="()")
        if annotation.startswith("Final"):
            return updated_node.with_changes(value=value, annotation=cst.Annotation(cst.Name("Final")))
        return cst.Assign([cst.AssignTarget(original_node.target)], value)

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:  # noqa: N802
        """Change a dictionary that is given to `build_application` under this name."""
        if isinstance(original_node.value, cst.Dict) and self._is_wanted(original_node.targets[0].target):
            return updated_node.with_changes(value=self._sequence(original_node.value, brackets="()"))
        return updated_node

    def _is_wanted(self, target: cst.BaseExpression) -> bool:
        return f"{self._code.module(self._path)}.{dotted(target)}" in self._wanted

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802
        """Take the names of members out of a problem; change what is given to `build_application`."""
        called = self._code.origin(self._path, dotted(original_node.func))
        if called in PROBLEM and (given := argument(original_node, "members")) and isinstance(given.value, cst.Tuple):
            return without_argument(updated_node, "members")
        problems = argument(original_node, "problems")
        if called == BUILD and problems and isinstance(problems.value, cst.Dict | cst.BinaryOperation):
            value = self._united(problems.value)
            return with_value(updated_node, "problems", value)
        return updated_node

    def _united(self, node: cst.BaseExpression) -> cst.BaseExpression:
        """`[*A, *B]` for `A | B`, and what a dictionary holds."""
        if isinstance(node, cst.Dict):
            return self._sequence(node, brackets="[]")
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
            parts = ", ".join(f"*{dotted(self._united(each))}" for each in (node.left, node.right))
            return cst.parse_expression(f"[{parts}]")
        return node

    def _sequence(self, node: cst.Dict, *, brackets: str) -> cst.BaseExpression:
        self.made = True
        lines = [brackets[0] + dotted(node.lbrace.whitespace_after)]
        for element in node.elements:
            after = dotted(element.comma.whitespace_after) if isinstance(element.comma, cst.Comma) else ""
            lines.append(f"{self._item(element)},{after}")
        return cst.parse_expression("".join([*lines, dotted(node.rbrace.whitespace_before) + brackets[1]]))

    def _item(self, element: cst.BaseDictElement) -> str:
        return self._problem_for(element) if isinstance(element, cst.DictElement) else f"*{dotted(element.value)}"

    def _problem_for(self, element: cst.DictElement) -> str:
        value = element.value
        names = self._members.get(_full(self._code, self._path, dotted(value)), ())
        if isinstance(value, cst.Call):
            names = tuple(name for call in calls(ast.parse(dotted(value))) for name in _names(call))
            value = without_argument(value, "members")
        members = ", ".join(f'"{name}": error.{name}' for name in names)
        further = f", members=lambda error: {{{members}}}" if members else ""
        return f"ProblemFor({dotted(element.key)}, {dotted(value)}{further})"
