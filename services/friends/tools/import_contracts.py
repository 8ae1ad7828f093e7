"""The two kinds of import contract in pyproject.toml that import-linter does not bring itself.

Both are whitelists: a module or a package that nobody thought of is refused, not overlooked.
"""

import sys
from abc import abstractmethod
from collections.abc import Iterator
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

Import = tuple[str, str]


class Whitelist(Contract):
    """A contract that is broken by each direct import that it does not allow."""

    @abstractmethod
    def forbidden(self, graph: ImportGraph) -> Iterator[Import]:
        """Yield (importer, imported) for each import against the contract."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - not our signature
        """Collect the forbidden imports."""
        forbidden = sorted(self.forbidden(graph))
        lines = {
            (importer, imported): [
                detail["line_number"] for detail in graph.get_import_details(importer=importer, imported=imported)
            ]
            for importer, imported in forbidden
        }
        return ContractCheck(kept=not forbidden, metadata={"lines": lines})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each forbidden import with its lines."""
        for (importer, imported), lines in cast("dict[Import, list[int]]", check.metadata["lines"]).items():
            output.print_error(f"{importer} may not import {imported} (l.{', '.join(map(str, lines))})", bold=False)
        output.new_line()

    def within(self, module: str, parts: object) -> bool:
        """Say whether `module` is or lies below one of `parts`, which are relative to the service's package."""
        root = self.session_options["root_packages"][0]
        return any(f"{module}.".startswith(f"{root}.{part}.") for part in cast("list[str]", parts))


class Pure(Whitelist):
    """`modules` import nothing but the standard library and themselves."""

    modules = fields.ListField(subfield=fields.StringField())

    def forbidden(self, graph: ImportGraph) -> Iterator[Import]:
        """Yield each import that leads out of the modules and out of Python's own library."""
        for importer in graph.modules:
            if self.within(importer, self.modules):
                for imported in graph.find_modules_directly_imported_by(importer):
                    is_standard = imported.partition(".")[0] in sys.stdlib_module_names
                    if not is_standard and not self.within(imported, self.modules):
                        yield importer, imported


class Fence(Whitelist):
    """The external `packages` are imported only by the modules in `allowed_in`."""

    packages = fields.ListField(subfield=fields.StringField())
    allowed_in = fields.ListField(subfield=fields.StringField())

    def forbidden(self, graph: ImportGraph) -> Iterator[Import]:
        """Yield each import of a fenced package from outside the fence."""
        for package in cast("list[str]", self.packages):
            if package in graph.modules:
                for importer in graph.find_modules_that_directly_import(package):
                    if not self.within(importer, self.allowed_in):
                        yield importer, package
