"""Record what a version of the template asks and accepts: run `python tests/template/frozen.py` before its release.

Later versions of the same major version are tested against it.
"""

import json
import tomllib
from pathlib import Path
from typing import Any

import yaml
from odd_answers import FEW_ROWS, answers

from layout import ROOT
from template.rendering import questionnaire, questions

HISTORY = Path(__file__).with_name("history")
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
HEAD = "# What a service of this version answered, and what its questions accept; not edited once it is released.\n"


def types() -> dict[str, str]:
    """Return the type of each question whose answer is recorded."""
    return {name: questionnaire()[name]["type"] for name in sorted(questions())}


def frozen() -> dict[str, Any]:
    """Return the file for the version in pyproject.toml, apart from `answers`, which are written by hand."""
    accepted = json.loads(json.dumps([answers(row) for row in FEW_ROWS]))  # no aliases for repeated lists
    return {"tag": f"v{VERSION}", "questions": types(), "accepted": accepted}


def main() -> None:
    """Write the file, keeping its answers."""
    file = HISTORY / f"{VERSION}.yml"
    there = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    text = yaml.safe_dump({**there, **frozen()}, sort_keys=False, allow_unicode=True, width=120)
    file.write_text(HEAD + text, encoding="utf-8")


if __name__ == "__main__":
    main()
