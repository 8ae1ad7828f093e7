"""Draw the badges of the README from the files that make them true: `./noxw -s docs -- picture`."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anybadge  # type: ignore[import-untyped]

from layout import ROOT

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
    least = _toml("services/users/pyproject.toml")["tool"]["coverage"]["report"]["fail_under"]
    [most] = re.findall(r'"--fail-under", "(\d+)"', _text("template/noxfile.py"))
    [noticed] = re.findall(r"(\d+) %", _line("docs/testing.md", "A plain `./noxw -s mutate`: "))
    return [
        Badge(label="python", value=f"{versions[0]} to {versions[-1]}", proof="template/noxfile.py"),
        Badge(label="coverage", value=f"≥ {least} %, of core and api {most} %", proof="docs/testing.md"),
        Badge(label="mutants", value=f"{noticed} % noticed", proof="docs/testing.md"),
        Badge(label="licence", value=_toml("pyproject.toml")["project"]["license"], proof="LICENSE"),
    ]


def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _line(file: str, beginning: str) -> str:
    return next(line for line in _text(file).splitlines() if line.startswith(beginning))


def _toml(file: str) -> dict[str, Any]:
    return tomllib.loads(_text(file))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in badges():
        each.picture.write_text(each.svg(), encoding="utf-8")
