"""The mutants of a module: its source with one change, by the mutation operators of mutmut.

mutmut itself wraps functions, so it skips decorated functions and module-level code (here validators, context
managers, settings, problems), and it would start a database for each mutant.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, cast

import libcst as cst
import libcst.matchers as m
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal, operator_string

# Docstrings, type variables, literal types and their aliases, `__all__`.
DESCRIPTION: Final = (
    m.Expr(m.SimpleString())
    | m.Assign(value=m.Call(m.Name("TypeVar")))
    | m.Subscript(m.Name("Literal"))
    | m.Assign(value=m.Subscript(m.Name("Literal")))
    | m.Assign([m.AssignTarget(m.Name("__all__"))])
)

# Where None would stand instead of what is false already.
_FALSE: Final = m.Name("False") | m.Name("None") | m.SimpleString('""') | m.SimpleString('b""')
FALSY_ANYWAY: Final = (
    m.Assign(value=_FALSE)
    | m.AnnAssign(value=_FALSE)
    | m.Call(m.Attribute(attr=m.Name("get")), [m.Arg(), m.Arg(_FALSE)])
)


@dataclass(frozen=True)
class Mutant:
    """A changed source, and its description."""

    source: str
    place: str
    """The function or class, such as `Database.transaction`."""
    change: str
    """The lines before and after."""

    def __str__(self) -> str:
        return f"{self.place}: {self.change}"


def mutants(source: str) -> list[Mutant]:
    """Return the mutants of a source, each of which compiles and differs from the others."""
    module = cst.parse_module(source)
    finder = _Finder()
    module.visit(finder)
    places: dict[str, str] = {}
    for place, old, new in finder.found:
        places.setdefault(cast("cst.Module", module.deep_replace(old, new)).code, place)
    return [Mutant(mutated, place, _change(source, mutated)) for mutated, place in places.items() if _compiles(mutated)]


class _Finder(cst.CSTVisitor):
    """Collects nodes with their positions and possible replacements."""

    def __init__(self) -> None:
        self.found: list[tuple[str, cst.CSTNode, cst.CSTNode]] = []
        self._within: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Skip annotations and docstrings, and imports, whose mutants always fail."""
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._within.append(node.name.value)
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom) or m.matches(
            node, DESCRIPTION
        ):
            return False
        place = ".".join(self._within) or "module"
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.found += [(place, node, replacement) for replacement in _replacements(operator, node)]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        """Leave the node."""
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._within.pop()


def _replacements(operator: Callable[[cst.CSTNode], Iterable[cst.CSTNode]], node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Keep one mutant per string and per argument: the argument is removed, or None if it is the only one."""
    if m.matches(node, FALSY_ANYWAY):
        return
    replacements = list(operator(node))
    if operator is operator_string:
        yield from replacements[:1]
    elif operator is operator_arg_removal and isinstance(node, cst.Call) and len(node.args) > 1:
        yield from replacements[-len(node.args) :]
    else:
        yield from replacements


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _change(source: str, mutated: str) -> str:
    lines = list(difflib.unified_diff(source.splitlines(), mutated.splitlines(), n=0, lineterm=""))[3:]
    before, after = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return f"{before} → {after}"
