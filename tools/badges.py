"""Draw the badges of the README from the files that make them true: `./noxw -s docs -- picture`."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anybadge  # type: ignore[import-untyped]

from layout import ROOT, services

FOLDER = ROOT / "docs/images/badges"
COLOUR = "#3d7a55"


@dataclass(frozen=True, kw_only=True)
class Badge:
    """What a badge says."""

    label: str
    value: str
    proof: str
    """The file that it is read from, relative to the repository."""

    @property
    def picture(self) -> Path:
        """Where it is drawn."""
        return FOLDER / f"{self.label}.svg"

    @property
    def markdown(self) -> str:
        """How the README shows it."""
        return f"[![{self.label} {self.value}]({self.picture.relative_to(ROOT)})]({self.proof})"

    def svg(self) -> str:
        """Draw it."""
        badge = anybadge.Badge(self.label, self.value, default_color=COLOUR)
        badge.mask_str = self.label  # else it counts the badges of the process
        return str(badge.badge_svg_text)


def badges() -> list[Badge]:
    """Read what holds now."""
    versions = re.findall(r'"(3\.\d+)"', _line("template/noxfile.py", "PYTHONS = "))
    report = _toml(f"{services()[0].relative_to(ROOT)}/pyproject.toml")["tool"]["coverage"]["report"]
    [noticed] = re.findall(r"(\d+) %", _line("docs/testing.md", "A plain `./noxw -s mutate`: "))
    return [
        Badge(label="python", value=f"{versions[0]} to {versions[-1]}", proof="template/noxfile.py"),
        Badge(label="coverage", value=f"≥ {report['fail_under']} %, of core and api 100 %", proof="docs/testing.md"),
        Badge(label="mutants", value=f"{noticed} % noticed", proof="docs/testing.md"),
        Badge(label="licence", value=_toml("pyproject.toml")["project"]["license"], proof="LICENSE"),
    ]


def _line(file: str, beginning: str) -> str:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(beginning))


def _toml(file: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / file).read_text(encoding="utf-8"))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in badges():
        each.picture.write_text(each.svg(), encoding="utf-8")
