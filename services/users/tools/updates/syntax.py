"""Reading and changing syntax trees, for recipes."""

import ast
from collections.abc import Iterator
from io import StringIO

import libcst as cst


def dotted(node: cst.CSTNode | None) -> str:
    """Return the text of an expression, such as `database.Base`; empty if there is none."""
    return cst.Module([]).code_for_node(node) if node else ""


def calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield all calls."""
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def keyword(call: ast.Call, name: str) -> ast.keyword | None:
    """Return a keyword argument."""
    return next((each for each in call.keywords if each.arg == name), None)


def argument(call: cst.Call, name: str) -> cst.Arg | None:
    """Return a keyword argument."""
    return next((each for each in call.args if each.keyword and each.keyword.value == name), None)


def without_argument(call: cst.Call, name: str) -> cst.Call:
    """Return a call without a keyword argument."""
    kept = [each for each in call.args if not (each.keyword and each.keyword.value == name)]
    return call.with_changes(args=_last_as_before(kept, call))


def with_value(call: cst.Call, name: str, value: cst.BaseExpression) -> cst.Call:
    """Return a call with another value for a keyword argument."""
    given = argument(call, name)
    args = [each.with_changes(value=value) if each is given else each for each in call.args]
    return call.with_changes(args=args)


def with_first(call: cst.Call, value: str) -> cst.Call:
    """Return a call with an additional first argument."""
    return call.with_changes(args=[cst.Arg(cst.parse_expression(value)), *call.args])


def _last_as_before(kept: list[cst.Arg], call: cst.Call) -> list[cst.Arg]:
    """Give the last argument the ending of the previous last one: comma, line break, indentation."""
    if kept and call.args:
        last = call.args[-1]
        kept[-1] = kept[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    return kept


def lines_of(text: str) -> list[str]:
    """Return the lines as Python counts them, with their ends; a form feed, or U+2028 in a text, ends none."""
    return list(StringIO(text, newline=""))


def with_import(text: str, statement: str) -> str:
    """Return a file with an import statement before its first one, unless it has the same; `tidy` sorts them."""
    tree = ast.parse(text)
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    if any(ast.unparse(node) == statement for node in imports):
        return text
    after = [node for node in imports if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")]
    lines = lines_of(text)
    if after:
        place = after[0].lineno - 1
    elif imports:
        place = imports[-1].end_lineno or 1
    else:
        place = (tree.body[0].end_lineno or 0) if ast.get_docstring(tree) is not None else 0
    return "".join([*lines[:place], f"{statement}\n", *lines[place:]])


def assigned(tree: ast.Module) -> set[str]:
    """Return the names that a file binds, without imports."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return names | {node.name for node in ast.walk(tree) if isinstance(node, definitions)}
