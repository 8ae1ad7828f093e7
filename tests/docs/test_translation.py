"""README.ru.md says what README.md says: it cannot fall behind unnoticed."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pages import blocks

from layout import ROOT

ENGLISH, RUSSIAN = ROOT / "README.md", ROOT / "README.ru.md"
LANGUAGES = {"README.md", "README.ru.md"}


def headings(page: Path) -> list[str]:
    """Their levels: the words differ."""
    return re.findall(r"^(#+) ", page.read_text(encoding="utf-8"), re.MULTILINE)


def code(page: Path) -> list[tuple[str, str]]:
    return [(block.info, block.text) for block in blocks(page)]


def links(page: Path) -> list[str]:
    """Pictures are links too."""
    targets = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    return [target for target in targets if target not in LANGUAGES]


def names(page: Path) -> list[str]:
    """What is written as code within the text, in whatever order the sentence has it."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return sorted(re.findall(r"`([^`]+)`", text))


def rows(page: Path) -> list[int]:
    """The number of cells of each row of a table."""
    return [line.count("|") for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("|")]


@pytest.mark.parametrize("aspect", [headings, code, links, names, rows])
def test_both_have_the_same(aspect: Callable[[Path], object]) -> None:
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
def test_a_difference_would_be_seen(aspect: Callable[[Path], object], added: str, tmp_path: Path) -> None:
    changed = tmp_path / "README.md"
    changed.write_text(ENGLISH.read_text(encoding="utf-8") + added, encoding="utf-8")
    assert aspect(changed) != aspect(ENGLISH)


def test_each_leads_to_the_other() -> None:
    assert "(README.ru.md)" in ENGLISH.read_text(encoding="utf-8")
    assert "(README.md)" in RUSSIAN.read_text(encoding="utf-8")
