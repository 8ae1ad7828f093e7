"""The mutants of a module: its source with one small thing wrong, by the mutation operators of mutmut.

mutmut itself switches mutants by wrapping functions, which leaves out whatever is decorated or stands outside a
function (here that is much: validators, context managers, settings, problems), and starts a database for each mutant.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, cast

import libcst as cst
import libcst.matchers as m
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal, operator_string

# A docstring, a type variable, a literal type.
DESCRIPTION: Final = (
    m.Expr(m.SimpleString()) | m.Assign(value=m.Call(m.Name("TypeVar"))) | m.Subscript(m.Name("Literal"))
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
    """A changed source, and the lines that changed, by which a person and the list of explanations know it."""

    source: str
    change: str


def mutants(source: str) -> list[Mutant]:
    """Return the mutants of a source, each of which compiles and differs from the others."""
    module = cst.parse_module(source)
    finder = _Finder()
    module.visit(finder)
    changed = (module.deep_replace(old, new) for old, new in finder.found)
    sources = dict.fromkeys(cast("cst.Module", each).code for each in changed)
    return [Mutant(mutated, _change(source, mutated)) for mutated in sources if _compiles(mutated)]


class _Finder(cst.CSTVisitor):
    """Collects pairs of a node and what may stand in its place."""

    def __init__(self) -> None:
        self.found: list[tuple[cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Pass by what only describes the code (or, as with imports, always fails)."""
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom) or m.matches(
            node, DESCRIPTION
        ):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.found += [(node, replacement) for replacement in _replacements(operator, node)]
        return True


def _replacements(operator: Callable[[cst.CSTNode], Iterable[cst.CSTNode]], node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """One mutant of a string is enough, and one of each argument: it is left out, or None if it is the only one."""
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
