"""The service's own Python files, for recipes to read and change."""

import ast
import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from failures import SystemFailure
from updates import manifest

UNREADABLE = "This file cannot be read as Python, so nothing in it was changed."


@dataclass(frozen=True, order=True)
class Left:
    """Something that a recipe cannot change: where it is, and what to do."""

    path: str
    line: int
    sentence: str


@dataclass
class OwnCode:
    """The service's own code; recipes change `files`, and nothing is written before all have run."""

    package: str
    files: dict[str, str] = field(default_factory=dict)
    """The text of each valid Python file, by its path in the service."""
    unreadable: list[Left] = field(default_factory=list)

    @classmethod
    def of(cls, service: Path) -> "OwnCode":
        """Read the files that git lists and the template does not own; raises `SystemFailure` for bad answers."""
        try:
            name = str(manifest.answers(service).get("service_name"))
        except ValueError as error:
            raise SystemFailure(f"{manifest.ANSWERS} {error}") from error
        code = cls(f"{name.replace('-', '_')}_service")
        for path in _own_files(service):
            try:
                text = (service / path).read_bytes().decode("utf-8-sig")
                ast.parse(text)
            except (OSError, SyntaxError, ValueError, RecursionError) as error:
                line = getattr(error, "lineno", None) or 1
                code.unreadable.append(Left(path, line, UNREADABLE))
            else:
                code.files[path] = text
        return code

    def module(self, path: str) -> str:
        """Return the dotted module name of a file."""
        parts = Path(path.removeprefix("src/")).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def absolute(self, path: str, level: int, name: str) -> str:
        """Return the module that an import of a file is from; `level` is the number of leading dots."""
        if not level:
            return name
        package = self.module(path).split(".")
        if Path(path).stem != "__init__":
            package = package[:-1]
        package = package[: len(package) - level + 1]
        return ".".join([*package, *([name] if name else [])])

    def path_of(self, module: str) -> str | None:
        """Return the file of a module, if it is the service's own."""
        stem = module.replace(".", "/")
        candidates = [f"{root}{stem}{end}" for root in ("src/", "") for end in (".py", "/__init__.py")]
        return next((path for path in candidates if path in self.files), None)

    def origin(self, path: str, name: str) -> str:
        """Return the full name of what a file calls `name` (or `module.name`), following re-exports."""
        first, _, rest = name.partition(".")
        imported = self._imported(path, first)
        seen = set()
        while imported and (source := self.path_of(imported[0])) and (source, imported[1]) not in seen:
            seen.add((source, imported[1]))
            further = self._imported(source, imported[1])
            if not further:
                break
            imported = further
        start = ".".join(part for part in imported if part) if imported else first
        return f"{start}.{rest}" if rest else start

    def takes(self, path: str, names: Collection[str]) -> bool:
        """Return whether a file imports one of some names, or its module."""
        origins = {self.origin(path, local) for *_, local in _imports(self.files[path])}
        return any(name in origins or name.rpartition(".")[0] in origins for name in names)

    def _imported(self, path: str, name: str) -> tuple[str, str] | None:
        """Return the module and name that a file's name is imported from; the name is empty for a module."""
        for level, module, original, local in _imports(self.files[path]):
            if local == name:
                return (self.absolute(path, level, module), original) if original or level else (module, "")
        return None

    def from_package(self, path: str, name: str) -> str:
        """Return the statement that imports a name of the service's package into one of its files."""
        package = self.module(path).split(".")
        if package[0] != self.package:
            return f"from {self.package} import {name}"
        depth = len(package) - (Path(path).stem != "__init__")
        return f"from {'.' * depth} import {name}"

    def trees(self) -> Iterator[tuple[str, ast.Module]]:
        """Yield the syntax tree of each file; the recipe may change files meanwhile."""
        for path, text in list(self.files.items()):
            yield path, parsed(text)


@cache
def parsed(text: str) -> ast.Module:
    """Return the syntax tree of a file; it is shared, so do not change it."""
    return ast.parse(text)


@cache
def _imports(text: str) -> list[tuple[int, str, str, str]]:
    """Yield level, module, name and local name of each import; the name is empty for a module."""
    found = []
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.ImportFrom):
            found += [(node.level, node.module or "", each.name, each.asname or each.name) for each in node.names]
        elif isinstance(node, ast.Import):
            found += [(0, each.name, "", each.asname) for each in node.names if each.asname]
    return found


def _own_files(service: Path) -> list[str]:
    try:
        owned = set(manifest.read(service).files)
    except ValueError:
        owned = set()
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "*.py"]
    listed = os.fsdecode(subprocess.run(command, cwd=service, check=True, stdout=subprocess.PIPE).stdout).split("\0")
    paths = [path for path in listed if path and path not in owned and not path.startswith("src/chassis/")]
    return sorted(path for path in paths if (service / path).is_file() and not (service / path).is_symlink())


def tidy(path: str, text: str) -> str:
    """Sort the imports of a file, remove unused ones, and format it."""
    fix = ["check", "--fix-only", "--exit-zero", "--quiet", "--select=I,F401", f"--stdin-filename={path}", "-"]
    return _ruff(_ruff(text, *fix), "format", f"--stdin-filename={path}", "-")


def _ruff(text: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments]
    return subprocess.run(command, check=True, input=text.encode(), stdout=subprocess.PIPE).stdout.decode()
