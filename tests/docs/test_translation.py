"""README.ru.md has the same structure, links and code as README.md, so that it cannot become outdated unnoticed."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pages import blocks

from layout import ROOT

ENGLISH, RUSSIAN = ROOT / "README.md", ROOT / "README.ru.md"
LANGUAGES = {"README.md", "README.ru.md"}


def headings(page: Path) -> list[str]:
    """Return the levels of the headings, since the words differ."""
    return re.findall(r"^(#+) ", page.read_text(encoding="utf-8"), re.MULTILINE)


def code(page: Path) -> list[tuple[str, str]]:
    return [(block.info, block.text) for block in blocks(page)]


def links(page: Path) -> list[str]:
    """Return the targets of links and pictures."""
    targets = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    return [target for target in targets if target not in LANGUAGES]


def names(page: Path) -> list[str]:
    """Return the inline code, regardless of its order in a sentence."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return sorted(re.findall(r"`([^`]+)`", text))


def rows(page: Path) -> list[int]:
    """Return the number of cells of each table row."""
    return [line.count("|") for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("|")]


@pytest.mark.parametrize("aspect", [headings, code, links, names, rows])
def test_translation_has_the_same_structure(aspect: Callable[[Path], object]) -> None:
    assert aspect(RUSSIAN) == aspect(ENGLISH)


@pytest.mark.parametrize(
    ("aspect", "added"),
    [
        (headings, "## New\n"),
        (code, "```sh\nls\n```\n"),
        (links, "[new](docs/new.md)\n"),
        (names, "`new`\n"),
        (rows, "| new | row |\n"),
    ],
)
def test_detects_a_difference(aspect: Callable[[Path], object], added: str, tmp_path: Path) -> None:
    changed = tmp_path / "README.md"
    changed.write_text(ENGLISH.read_text(encoding="utf-8") + added, encoding="utf-8")
    assert aspect(changed) != aspect(ENGLISH)


def test_both_link_to_each_other() -> None:
    assert "(README.ru.md)" in ENGLISH.read_text(encoding="utf-8")
    assert "(README.md)" in RUSSIAN.read_text(encoding="utf-8")
