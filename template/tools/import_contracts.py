"""A kind of import contract for pyproject.toml that import-linter does not have."""

import sys
from collections.abc import Iterator
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

Import = tuple[str, str]


class Pure(Contract):
    """`modules` import nothing but the standard library and themselves.

    An allowlist: it also refuses packages that nobody thought of.
    """

    modules = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - not our signature
        """Collect the forbidden imports."""
        forbidden = sorted(self._forbidden(graph))
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

    def _forbidden(self, graph: ImportGraph) -> Iterator[Import]:
        for importer in filter(self._is_within, graph.modules):
            for imported in graph.find_modules_directly_imported_by(importer):
                is_standard = imported.partition(".")[0] in sys.stdlib_module_names
                if not is_standard and not self._is_within(imported):
                    yield importer, imported

    def _is_within(self, module: str) -> bool:
        return any(f"{module}.".startswith(f"{part}.") for part in cast("list[str]", self.modules))
