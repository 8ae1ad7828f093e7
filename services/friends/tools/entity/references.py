"""Finds the names of an existing entity in each layer, so that a new one can refer to it."""

import ast
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from entity.names import Refused, class_name
from entity.service import package, parsed, text_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """The target of a foreign key, and the error for a missing one."""

    is_self: bool = False
    table: str
    error: str
    """The class of the error in its core."""
    module: str = ""
    repository: str = ""
    maker: str = ""
    """The function in its tests that creates one."""
    rows: bool = False
    """Whether its tests have `add_one`."""
    problem: str = ""
    problem_name: str = ""
    slug: str = ""

    @property
    def variables(self) -> dict[str, Any]:
        """The values for the templates."""
        return asdict(self)


def reference_to(entity: str) -> Reference:
    """Find the parts of an entity; raises `Refused` if one is missing."""
    name = class_name(entity)
    tables = package() / "infrastructure/database"
    found = [(path, table) for path in sorted(tables.glob("*.py")) if (table := _table(path, f"{name}Row"))]
    if not found:
        raise Refused(f"There is no entity {entity}: no class {name}Row in {tables}.")
    [(path, table), *_] = found
    module = path.stem
    problem, slug = _problem(package() / "api" / f"{module}.py", f"{name}NotFound")
    return Reference(
        table=table,
        error=f"{name}NotFound",
        module=module,
        repository=_repository(path),
        maker=_maker(Path("tests/core/repositories", f"{module}.py"), name),
        rows="async def add_one(" in _text(Path("tests/infrastructure/database", f"{module}.py")),
        problem=problem,
        problem_name=f"{entity.upper()}_NOT_FOUND",
        slug=slug,
    )


def _text(path: Path) -> str:
    return text_of(path) if path.is_file() else ""


def _definitions(path: Path) -> list[ast.stmt]:
    return parsed(_text(path), path).body


def _table(path: Path, name: str) -> str | None:
    for model in _definitions(path):
        if isinstance(model, ast.ClassDef) and model.name == name:
            for line in model.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "__tablename__":
                    return str(ast.literal_eval(line.value))
    return None


def _repository(path: Path) -> str:
    for each in _definitions(path):
        if isinstance(each, ast.ClassDef) and each.name.startswith("Sql"):
            return each.name
    raise Refused(f"{path} has no class Sql…, the repository.")


def _maker(path: Path, name: str) -> str:
    for each in _definitions(path):
        if isinstance(each, ast.FunctionDef) and _returns(each) == name and not _required(each.args):
            return each.name
    raise Refused(f"{path} has no function that makes a {name} for tests: `def make_one() -> {name}`.")


def _returns(function: ast.FunctionDef) -> str:
    return ast.unparse(function.returns).rpartition(".")[2] if function.returns else ""


def _required(arguments: ast.arguments) -> bool:
    positional = len([*arguments.posonlyargs, *arguments.args]) - len(arguments.defaults)
    return positional > 0 or None in arguments.kw_defaults


def _problem(path: Path, error: str) -> tuple[str, str]:
    """Return the name and slug of the problem for an error; raises `Refused`."""
    calls = [node for node in ast.walk(parsed(_text(path), path)) if isinstance(node, ast.Call)]
    for call in calls:
        if ast.unparse(call.func) == "ProblemFor" and ast.unparse(call.args[0]).rpartition(".")[2] == error:
            name = ast.unparse(call.args[1])
            return name, next(_slugs(path, name), "")
    raise Refused(f"{path} has no ProblemFor({error}, …), which says that there is none.")


def _slugs(path: Path, name: str) -> Iterator[str]:
    for line in _definitions(path):
        if isinstance(line, ast.AnnAssign | ast.Assign) and isinstance(line.value, ast.Call):
            target = line.target if isinstance(line, ast.AnnAssign) else line.targets[0]
            if ast.unparse(target) == name:
                yield from (str(ast.literal_eval(each.value)) for each in line.value.keywords if each.arg == "slug")
