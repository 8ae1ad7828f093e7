"""docs/chassis.md matches the chassis: every file, and the layers of the import contract."""

import re
import tomllib

from layout import ROOT

CHASSIS = ROOT / "template/src/chassis"
PAGE = ROOT / "docs/chassis.md"
PICTURE = ROOT / "docs/images/chassis.svg"
NAME = re.compile(r'<text class="name[^"]*" x="\d+" y="(\d+)">([\w.]+)/?</text>')


def test_page_lists_each_file_once() -> None:
    named = re.findall(r"^\| `([\w/]+\.py)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    files = {str(path.relative_to(CHASSIS)) for path in CHASSIS.rglob("*.py") if path.name != "__init__.py"}
    assert sorted(named) == sorted(files)


def test_picture_shows_the_layers_of_the_import_contract() -> None:
    rows: dict[int, set[str]] = {}
    for height, name in NAME.findall(PICTURE.read_text(encoding="utf-8")):
        rows.setdefault(int(height), set()).add(name.removesuffix(".py"))
    assert [rows[height] for height in sorted(rows)] == layers()


def layers() -> list[set[str]]:
    """Return the rows of the contract from the top."""
    settings = tomllib.loads((ROOT / "services/users/pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}
    return [set(layer.split(" | ")) for layer in contracts["layers-of-chassis"]["layers"]]
