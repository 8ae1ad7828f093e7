"""`Database.execute` returns SQLAlchemy's result; statements at the top of a module are `prepared`, or they are slow.

Where a list of rows is needed, and not only something to iterate, `.all()` makes it. A SELECT or DELETE is prepared if
it is only executed, and its SQL does not depend on values. An INSERT or UPDATE stays as it is, since a prepared one
takes each column.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import libcst as cst
from libcst.metadata import PositionProvider

from updates.own_code import Left, OwnCode
from updates.syntax import calls, dotted, lines_of, with_import

GUIDE: Final = "docs/from-the-first-edition.md#6-infrastructuredatabase"
DATABASE: Final = ("chassis.database.Database", "chassis.database.database.Database")
RESULT: Final = "The chassis's Database returns SQLAlchemy's result: write `.all()` for the list of rows."
CLIENT: Final = "Write `client.get(path, query={…}, read=Model)`; a pydantic model reads the answer."
PREPARABLE: Final = re.compile(r"(\w+\.)?(select|delete)\(")
DEPENDS_ON_VALUES: Final = re.compile(r"\.(not_)?in_\(|expanding|literal_execute|execution_options|tuple_\(")
ITERATING: Final = {"list", "tuple", "set", "frozenset", "map", "filter", "sorted", "dict", "sum", "enumerate", "zip"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def change(code: OwnCode) -> None:
    """Make lists of results, and prepare what can be."""
    for path, tree in code.trees():
        databases = _databases(code, path, tree)
        if not databases:
            continue
        statements = _Statements.of(tree, databases)
        lists = _Lists(_lists(tree, databases, code.files[path]))
        module = cst.MetadataWrapper(cst.parse_module(code.files[path])).visit(lists)
        if statements.prepared:
            text = module.visit(_Prepared(statements)).code
            code.files[path] = with_import(text, "from chassis.database import prepared")
        else:
            code.files[path] = module.code


def left(code: OwnCode) -> Iterator[Left]:
    """Name calls of what may be a database, and of clients as they were."""
    for path, tree in code.trees():
        databases = _databases(code, path, tree)
        statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        chained = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        for node in (each for each in ast.walk(tree) if isinstance(each, ast.Await)):
            receiver = _executed_by(node.value) or ""
            may_be_database = "database" in receiver.lower() and receiver not in databases
            if may_be_database and id(node) not in statements | chained:
                yield Left(path, node.lineno, RESULT)
        for call in calls(tree):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "get_json":
                yield Left(path, call.lineno, CLIENT)


def _executed_by(node: ast.AST) -> str | None:
    """What `execute` is called of."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "execute":
        return ast.unparse(node.func.value)
    return None


def _databases(code: OwnCode, path: str, tree: ast.Module) -> set[str]:
    """What is of the type `Database` in a file: `database`, `self._database`."""

    def is_database(node: ast.expr | None) -> bool:
        return node is not None and code.origin(path, ast.unparse(node)) in DATABASE

    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg=name, annotation=kind) if is_database(kind):
                found.add(name)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind) if is_database(kind):
                found |= {name, f"self.{name}"}
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=made)) if is_database(made):
                found.add(name)
            case ast.withitem(context_expr=ast.Call(func=made), optional_vars=ast.Name(id=name)) if is_database(made):
                found.add(name)
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Attribute() as target], value=ast.Name(id=name)) if name in found:
                found.add(ast.unparse(target))
    return found


def _lists(tree: ast.Module, databases: set[str], text: str) -> set[tuple[int, int]]:
    """Line and column of each result that must be a list."""
    lines = lines_of(text)
    found = set()
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        nodes = list(ast.walk(function))
        results = [node for node in nodes if isinstance(node, ast.Await) and _executed_by(node.value) in databases]
        uses = {id(each): use for node in nodes for each, use in _uses(node)}
        for result in results:
            names = [node.targets[0] for node in nodes if isinstance(node, ast.Assign) and node.value is result]
            named = {name.id for name in names if isinstance(name, ast.Name)}
            asked = [uses.get(id(node)) for node in nodes if isinstance(node, ast.Name) and node.id in named]
            if "attribute" not in asked and "list" in [*asked, uses.get(id(result))]:
                column = len(lines[result.lineno - 1].encode()[: result.col_offset].decode())
                found.add((result.lineno, column))
    return found


def _uses(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """What a node asks of the expressions in it: an attribute, or what only a list can do."""
    match node:
        case ast.Attribute(value=value):
            yield value, "attribute"
        case ast.Call(func=ast.Name(id=name), args=args) if name in ITERATING:
            yield from ((each, "iterated") for each in args)
        case ast.Call(args=args, keywords=keywords):
            yield from ((each, "list") for each in [*args, *(each.value for each in keywords)])
        case ast.Subscript(value=value) | ast.Return(value=ast.expr() as value) | ast.UnaryOp(operand=value):
            yield value, "list"
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield test, "list"
        case ast.BoolOp(values=values):
            yield from ((each, "list") for each in values)
        case ast.Compare(left=value, comparators=others):
            yield from ((each, "list") for each in [value, *others])


@dataclass
class _Statements:
    """The statements at the top of a module that are to be prepared."""

    prepared: set[str] = field(default_factory=set)
    bases: set[str] = field(default_factory=set)
    """Those of them that others are made from."""

    @classmethod
    def of(cls, tree: ast.Module, databases: set[str]) -> "_Statements":
        tops = {name: value for node in tree.body if (found := _top(node)) for name, value in [found]}
        definitions = [node for node in tree.body if isinstance(node, Function | ast.ClassDef)]
        inside = {id(each) for node in definitions for each in ast.walk(node)}
        uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
        groups = list(_executed(tree, databases))
        executed = {id(node) for group in groups for node in group}
        others = {node.id for node in uses if id(node) in inside and id(node) not in executed}
        chosen = {name for name in tops if _is_preparable(name, tops) and name not in others}
        names = [{node.id for node in group} for group in groups]
        while mixed := {name for group in names if not group <= chosen for name in group} & chosen:
            chosen -= mixed
        chosen &= {name for group in names for name in group}
        return cls(chosen, {node.id for node in uses if id(node) not in inside} & chosen)


def _top(node: ast.stmt) -> tuple[str, ast.expr] | None:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="Final"), value=ast.expr() as value):
            return name, value
    return None


def _is_preparable(name: str, tops: dict[str, ast.expr]) -> bool:
    """Whether it is a SELECT or DELETE whose SQL does not depend on values, with all that it is made from."""
    text = ast.unparse(tops[name])
    if DEPENDS_ON_VALUES.search(text):
        return False
    if PREPARABLE.match(text):
        return True
    base = text.partition(".")[0]
    return base in tops and base != name and "." in text and _is_preparable(base, tops)


def _executed(tree: ast.Module, databases: set[str]) -> Iterator[list[ast.Name]]:
    """The names in each first argument of `execute`, also by way of a variable that is one or the other."""
    for function in (node for node in ast.walk(tree) if isinstance(node, Function)):
        nodes = list(ast.walk(function))
        for call in (node for node in nodes if isinstance(node, ast.Call)):
            if _executed_by(call) not in databases or not call.args:
                continue
            given = call.args[0]
            if isinstance(given, ast.Name):
                chosen = [
                    node.value
                    for node in nodes
                    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == given.id
                ]
                yield [name for value in chosen or [given] for name in _either(value)]


def _either(node: ast.expr) -> list[ast.Name]:
    if isinstance(node, ast.IfExp):
        return [*_either(node.body), *_either(node.orelse)]
    return [node] if isinstance(node, ast.Name) else []


class _Lists(cst.CSTTransformer):
    """Makes a list of the results that are at some places."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, places: set[tuple[int, int]]) -> None:
        super().__init__()
        self._places = places

    def leave_Await(self, original_node: cst.Await, updated_node: cst.Await) -> cst.BaseExpression:  # noqa: N802
        """Add `.all()`."""
        start = self.get_metadata(PositionProvider, original_node).start
        if (start.line, start.column) not in self._places:
            return updated_node
        bracketed = updated_node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        return cst.Call(cst.Attribute(bracketed, cst.Name("all")))


class _Prepared(cst.CSTTransformer):
    """Prepares statements at the top of a module."""

    def __init__(self, statements: _Statements) -> None:
        self._statements = statements

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:  # noqa: ARG002, N802 - LibCST's names
        """Leave functions alone, in which the statements are executed."""
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:  # noqa: ARG002, N802 - LibCST's names
        """And classes."""
        return False

    def leave_SimpleStatementLine(  # noqa: N802 - LibCST's name
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        """Prepare a statement; one that others are made from gets a name for that."""
        [found] = ast.parse(dotted(original_node)).body[:1] or [ast.Pass()]
        top = _top(found)
        if not top or top[0] not in self._statements.prepared:
            return updated_node
        [assignment] = updated_node.body
        if not isinstance(assignment, cst.Assign | cst.AnnAssign) or not assignment.value:
            return updated_node
        name, value = top[0], assignment.value
        if name not in self._statements.bases:
            return updated_node.with_changes(body=[assignment.with_changes(value=_call(value))])
        base = updated_node.with_changes(body=[_named(assignment, _base(name))])
        made = _named(assignment, name).with_changes(value=_call(cst.Name(_base(name))))
        return cst.FlattenSentinel([base, cst.SimpleStatementLine([made])])

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:  # noqa: N802 - LibCST's name
        """Take the plain statement where another one is made from it."""
        is_base = original_node.value in self._statements.bases
        return cst.Name(_base(original_node.value)) if is_base else updated_node


def _call(value: cst.BaseExpression) -> cst.Call:
    return cst.Call(cst.Name("prepared"), [cst.Arg(value)])


def _base(name: str) -> str:
    return f"{name}_STATEMENT"


def _named(assignment: cst.Assign | cst.AnnAssign, name: str) -> cst.Assign | cst.AnnAssign:
    if isinstance(assignment, cst.AnnAssign):
        return assignment.with_changes(target=cst.Name(name))
    return assignment.with_changes(targets=[assignment.targets[0].with_changes(target=cst.Name(name))])
