"""Each folder of tools has a description, and no name exists in both folders of the shared path."""

import ast
from pathlib import Path

import pytest

from layout import ROOT

OURS, OF_SERVICES = ROOT / "tools", ROOT / "template/tools"
FOLDERS = sorted(file.parent for tools in (OURS, OF_SERVICES) for file in tools.glob("*/__init__.py"))


def names(tools: Path) -> set[str]:
    return {path.stem for path in tools.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}


def test_no_name_is_in_both_folders() -> None:
    assert names(OURS) & names(OF_SERVICES) == set()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_init_file_contains_only_a_docstring(folder: Path) -> None:
    module = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(module)
    assert len(module.body) == 1
