"""Routers are made by a function of their use cases, which no longer are in `app.state`.

A module is changed if its routes take what they need through `request.app.state` in a way that can be followed: by a
function with a `cast`, as the template had it. All names of its state have to be given to `build_application`.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeGuard

import libcst as cst

from updates.own_code import Left, OwnCode
from updates.syntax import argument, assigned, calls, dotted, keyword, with_import, with_value, without_argument

GUIDE: Final = "docs/from-the-first-edition.md#7-api"
BUILD: Final = "chassis.application.build_application"
ROUTER: Final = ("chassis.web.api_router", "chassis.web.routing.api_router")
BY_HAND: Final = "Nothing is in app.state: make the router in a function that takes what its routes need."
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Router:
    """A router at the top of a module, and what its routes take of the state."""

    path: str
    name: str
    maker: str
    routes: list[str]
    helpers: dict[str, str]
    """By the function that takes it out of the state: the name there."""
    types: dict[str, str] = field(default_factory=dict)
    """By the name in the state."""


def change(code: OwnCode) -> None:
    """Put the routes into functions, and call these where the application is built."""
    for root, tree in code.trees():
        built = [call for call in calls(tree) if code.origin(root, ast.unparse(call.func)) == BUILD]
        state = _state(built[0]) if len(built) == 1 else None
        if state is None:
            continue
        routers = [found for path, module in code.trees() if (found := _router(code, path, module))]
        named = {f"{code.module(each.path)}.{each.name}": each for each in routers if each.types.keys() <= state.keys()}
        called = {name: each for name, each in named.items() if _is_listed(code, root, built[0], name)}
        for router in called.values():
            code.files[router.path] = _made(code.files[router.path], router)
        application = _Application(code, root, called, state)
        text = cst.parse_module(code.files[root]).visit(application).code
        code.files[root] = text
        if not any(_uses(code, name) for name in state):
            code.files[root] = cst.parse_module(text).visit(_WithoutState(code, root)).code


def left(code: OwnCode) -> Iterator[Left]:
    """Name what still is in the state, or is taken out of it."""
    for path, tree in code.trees():
        for call in calls(tree):
            if keyword(call, "state") and code.origin(path, ast.unparse(call.func)) == BUILD:
                yield Left(path, call.lineno, "`build_application` takes no state: hand it to what makes the routers.")
        yield from (Left(path, node.lineno, BY_HAND) for node in _state_uses(tree))


def _state_uses(tree: ast.AST) -> Iterator[ast.Attribute]:
    """Each `….app.state.name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("app.state"):
            yield node


def _uses(code: OwnCode, name: str) -> bool:
    return any(node.attr == name for _, tree in code.trees() for node in _state_uses(tree))


def _state(call: ast.Call) -> dict[str, str] | None:
    """What is given as state, if that can be read: names, and the expressions behind them."""
    given = keyword(call, "state")
    if not given or not isinstance(given.value, ast.Dict):
        return None
    items = list(zip(given.value.keys, given.value.values, strict=True))
    if not all(isinstance(key, ast.Constant) and isinstance(value, ast.Name) for key, value in items):
        return None
    return {str(ast.literal_eval(key)): ast.unparse(value) for key, value in items if key}


def _is_listed(code: OwnCode, path: str, call: ast.Call, name: str) -> bool:
    routers = keyword(call, "routers")
    listed = routers.value.elts if routers and isinstance(routers.value, ast.List | ast.Tuple) else []
    return any(code.origin(path, ast.unparse(each)) == name for each in listed)


def _router(code: OwnCode, path: str, tree: ast.Module) -> Router | None:
    """The router of a module, if it has one and all that its routes take of the state can be followed."""
    assignments = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Call)
        and code.origin(path, ast.unparse(node.value.func)) in ROUTER
    ]
    if len(assignments) != 1:
        return None
    target = assignments[0].target if isinstance(assignments[0], ast.AnnAssign) else assignments[0].targets[0]
    name = ast.unparse(target)
    routes = [node for node in tree.body if isinstance(node, Function) and _is_route(node, name)]
    helpers = {node.name: found for node in tree.body if isinstance(node, Function) and (found := _taken(node))}
    inside = {id(node) for route in routes for node in ast.walk(route)}
    others = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in inside]
    names = {route.name for route in routes} | {name, *helpers}
    if sum(node.id in names for node in others) > 1:  # but for the assignment
        return None
    types = dict(helpers.values())
    taken = {each for route in routes for each in assigned(ast.Module([route], []))}
    uses = [node for route in routes for node in ast.walk(route) if isinstance(node, ast.Name) and node.id in helpers]
    followed = [node for route in routes for node in ast.walk(route) if _helper_call(node, helpers)]
    if not routes or not helpers or len(uses) != len(followed) or types.keys() & (taken | _imported(tree) | {name}):
        return None
    if len(list(_state_uses(tree))) != len(helpers):
        return None
    stem = path.rpartition("/")[2].removesuffix(".py")
    maker = f"{stem}_router" if name == "router" else f"make_{name}"
    names_of_parts = {each: part for each, (part, _) in helpers.items()}
    return Router(path, name, maker, [each.name for each in routes], names_of_parts, types)


def _is_route(function: Function, router: str) -> bool:
    decorators = [node for node in function.decorator_list if isinstance(node, ast.Call)]
    return any(ast.unparse(node.func).startswith(f"{router}.") for node in decorators)


def _taken(function: Function) -> tuple[str, str] | None:
    """Name and type of what a function takes out of the state, if it does nothing else."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if len(function.args.args) != 1 or len(body) != 1 or not isinstance(body[0], ast.Return) or not function.returns:
        return None
    value = body[0].value
    if isinstance(value, ast.Call) and ast.unparse(value.func).endswith("cast") and len(value.args) == 2:  # noqa: PLR2004
        value = value.args[1]
    if isinstance(value, ast.Attribute) and ast.unparse(value.value) == f"{function.args.args[0].arg}.app.state":
        return value.attr, ast.unparse(function.returns)
    return None


def _helper_call(node: ast.AST, helpers: dict[str, tuple[str, str]]) -> bool:
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in helpers:
        return False
    return len(node.args) == 1 and isinstance(node.args[0], ast.Name) and not node.keywords


def _imported(tree: ast.Module) -> set[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return {(alias.asname or alias.name).partition(".")[0] for node in imports for alias in node.names}


def _made(text: str, router: Router) -> str:
    """The module with its routes in a function, which stands where the last of them was."""
    module = cst.parse_module(text)
    body: list[cst.BaseStatement] = []
    inner: list[cst.BaseStatement] = []
    place = 0
    for statement in module.body:
        if _is_assignment(statement, router.name):
            inner.insert(0, statement.with_changes(leading_lines=_comments(statement)))
        elif isinstance(statement, cst.FunctionDef) and statement.name.value in router.routes:
            inner.append(_with_parts(statement, router))
            place = len(body)
        elif not (isinstance(statement, cst.FunctionDef) and statement.name.value in router.helpers):
            body.append(statement)
    parameters = ", ".join(f"{name}: {kind}" for name, kind in router.types.items())
    maker = cst.parse_statement(f"def {router.maker}({parameters}) -> APIRouter:\n    ...\n")
    assert isinstance(maker, cst.FunctionDef)  # noqa: S101 - as written
    end = cst.parse_statement(f"\nreturn {router.name}\n")
    docstring = cst.parse_statement('"""The routes to these use cases."""')
    maker = maker.with_changes(body=cst.IndentedBlock([docstring, *inner, end]), leading_lines=[cst.EmptyLine()] * 2)
    body.insert(place, maker)
    return with_import(module.with_changes(body=body).code, "from fastapi import APIRouter")


def _is_assignment(statement: cst.BaseStatement, name: str) -> TypeGuard[cst.SimpleStatementLine]:
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    [each] = statement.body
    if isinstance(each, cst.Assign):
        return dotted(each.targets[0].target) == name
    return isinstance(each, cst.AnnAssign) and dotted(each.target) == name


def _comments(statement: cst.SimpleStatementLine) -> list[cst.EmptyLine]:
    return [line for line in statement.leading_lines if line.comment]


def _with_parts(route: cst.FunctionDef, router: Router) -> cst.FunctionDef:
    """A route that uses the parts directly, without the request if that was only for them."""
    new = route.visit(_Parts(router.helpers))
    assert isinstance(new, cst.FunctionDef)  # noqa: S101 - it is the same one
    before, after = ast.parse(dotted(route)), ast.parse(dotted(new))
    calls_before = [node for node in calls(before) if ast.unparse(node.func) in router.helpers]
    requests = {ast.unparse(call.args[0]) for call in calls_before}
    used = {node.id for node in ast.walk(after) if isinstance(node, ast.Name)}
    gone = requests - used
    parameters = new.params
    last = [*parameters.params, *parameters.kwonly_params][-1:]

    def kept(some: Sequence[cst.Param]) -> list[cst.Param]:
        return [each for each in some if each.name.value not in gone]

    plain, named = kept(parameters.params), kept(parameters.kwonly_params)
    rest = named or plain
    if rest and last:
        rest[-1] = rest[-1].with_changes(comma=last[-1].comma)
    star = parameters.star_arg if named or not parameters.kwonly_params else cst.MaybeSentinel.DEFAULT
    return new.with_changes(params=parameters.with_changes(params=plain, kwonly_params=named, star_arg=star))


class _Parts(cst.CSTTransformer):
    """Replaces calls of the functions that took a part out of the state."""

    def __init__(self, helpers: dict[str, str]) -> None:
        self._helpers = helpers

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802
        """Replace a call by the name of the part."""
        part = self._helpers.get(dotted(original_node.func))
        return cst.Name(part) if part else updated_node


class _Application(cst.CSTTransformer):
    """Calls the functions that make routers where the application is built."""

    def __init__(self, code: OwnCode, path: str, routers: dict[str, Router], state: dict[str, str]) -> None:
        self._code = code
        self._path = path
        self._routers = routers
        self._state = state

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:  # noqa: N802
        """Import the function instead of the router, under the same name if it had another one."""
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        module = self._code.absolute(self._path, len(original_node.relative), dotted(original_node.module))
        names = [self._imported(module, alias) for alias in updated_node.names]
        return updated_node.with_changes(names=names)

    def _imported(self, module: str, alias: cst.ImportAlias) -> cst.ImportAlias:
        router = self._routers.get(f"{module}.{dotted(alias.name)}")
        return alias.with_changes(name=cst.Name(router.maker)) if router else alias

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802 - LibCST's name
        """Make the routers of the list."""
        routers = argument(updated_node, "routers")
        if not routers or self._code.origin(self._path, dotted(original_node.func)) != BUILD:
            return updated_node
        listed = routers.value
        assert isinstance(listed, cst.List | cst.Tuple)  # noqa: S101 - else there are no routers to be made
        value = listed.with_changes(elements=[self._element(each) for each in listed.elements])
        return with_value(updated_node, "routers", value)

    def _element(self, element: cst.BaseElement) -> cst.BaseElement:
        name = dotted(element.value)
        router = self._routers.get(self._code.origin(self._path, name))
        if not router:
            return element
        module, _, last = name.rpartition(".")
        maker = f"{module}.{router.maker}" if module else (router.maker if last == router.name else last)
        parts = ", ".join(self._state[part] for part in router.types)
        return element.with_changes(value=cst.parse_expression(f"{maker}({parts})"))


class _WithoutState(cst.CSTTransformer):
    """Takes the state away, when nothing is taken out of it any longer."""

    def __init__(self, code: OwnCode, path: str) -> None:
        self._code = code
        self._path = path

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802 - LibCST's name
        """Leave the argument out."""
        is_build = self._code.origin(self._path, dotted(original_node.func)) == BUILD
        return without_argument(updated_node, "state") if is_build else updated_node
