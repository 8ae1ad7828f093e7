"""Python versions are the same in all files that name them."""

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from layout import ROOT

DOCKERFILE = (ROOT / "template" / "Dockerfile.jinja").read_text(encoding="utf-8")
IN_IMAGES = set(re.findall(r"python:([\d.]+)-slim", DOCKERFILE))


def supported() -> set[str]:
    """Return the Python versions of a service's noxfile."""
    noxfile = (ROOT / "template" / "noxfile.py").read_text(encoding="utf-8")
    (versions,) = re.findall(r"^PYTHONS = (.*)", noxfile, re.MULTILINE)
    return set(ast.literal_eval(versions))


def versions_in(file: Path) -> set[str]:
    """Return the Python versions of the session `test` in a workflow."""
    matrix: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"]["checks"]["strategy"]["matrix"]
    return {*matrix["python"], *(row["python"] for row in matrix["include"] if row["session"] == "test")}


def test_workflows_run_every_supported_version(generated: Mapping[str, Path]) -> None:
    assert versions_in(ROOT / ".github/workflows/ci.yml") == supported()
    assert versions_in(generated["github"] / ".github/workflows/ci.yml") == supported()
    pipeline = yaml.safe_load((generated["gitlab"] / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    others = pipeline["checks"]["parallel"]["matrix"][1]["PYTHON"]
    assert {pipeline[".nox"]["variables"]["PYTHON"], *others} == supported()


def test_all_images_use_one_python_version() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert {container["image"].removeprefix("python:")} == IN_IMAGES
    assert len(IN_IMAGES) == 1 < len(supported())
