"""Draw the badges of the README from the values that the checks enforce: `./noxw -s docs -- picture`."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anybadge  # type: ignore[import-untyped]

from layout import ROOT
from mutation.gate import LEAST

FOLDER = ROOT / "docs/images/badges"
COVERAGE = ("COVERED", "COVERED_OF_CORE_AND_API")
COLOUR = "#3d7a55"


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A badge."""

    label: str
    value: str
    page: str
    """The target of its link, relative to the repository."""

    @property
    def picture(self) -> Path:
        """The file of its picture."""
        return FOLDER / f"{self.label}.svg"

    @property
    def markdown(self) -> str:
        """Its Markdown in the README."""
        return f"[![{self.label} {self.value}]({self.picture.relative_to(ROOT)})]({self.page})"

    def svg(self) -> str:
        """Draw it."""
        badge = anybadge.Badge(self.label, self.value, default_color=COLOUR)
        badge.mask_str = self.label  # else it counts the badges of the process
        return str(badge.badge_svg_text)


def badges() -> list[Badge]:
    """Return the badges with the current values."""
    noxfile = _text("template/noxfile.py")
    [versions] = re.findall(r"^PYTHONS = (.*)", noxfile, re.MULTILINE)
    first, *_, last = re.findall(r"[\d.]+", versions)
    covered, of_core_and_api = (re.findall(rf"^{name} = (\d+)$", noxfile, re.MULTILINE)[0] for name in COVERAGE)
    return [
        Badge(label="python", value=f"{first} to {last}", page="template/noxfile.py"),
        Badge(label="coverage", value=f"≥ {covered} %, of core and api {of_core_and_api} %", page="docs/testing.md"),
        Badge(label="mutants", value=f"≥ {LEAST} % noticed", page="docs/testing.md"),
        Badge(label="licence", value=_toml(ROOT / "pyproject.toml")["project"]["license"], page="LICENSE"),
    ]


def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _toml(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in badges():
        each.picture.write_text(each.svg(), encoding="utf-8")
