"""Everything that the documents name exists: nox sessions, options of our tools, files of this repository."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import documents

from layout import ROOT
from noxw_words import sessions

FOLDERS = "benchmarks|docs|services|template|tests|tools"
SERVICE = ROOT / "services/users"
# Generated files, and files of a service that the reader generates.
MADE = re.compile(r"docs/_build|benchmarks/\.venv|services/orders|.*[<{*…]")
ABOUT_OTHERS = {"comparison.md"}


def wrong(text: str) -> set[str]:
    """Return the names in a document that do not exist."""
    here, there = set(sessions(ROOT / "noxfile.py")), set(sessions(ROOT / "template/noxfile.py"))
    named = {match[1] for match in re.finditer(r"\./noxw -s ([\w-]+)", text)}
    named_there = {match[1] for match in re.finditer(r"(?<![\w/.])nox -s ([\w-]+)", text)}
    paths = {match[1] for match in re.finditer(rf"`((?:{FOLDERS})/[\w./-]*)`", text)}
    missing = {path for path in paths if not (MADE.match(path) or (ROOT / path).exists() or (SERVICE / path).exists())}
    within = re.findall(r"`((?:chassis|core)/[\w/]*\.py)`", text)
    missing |= {path for path in within if not in_a_service(path).exists()}
    return {*(named - here), *(named_there - there), *missing}


def in_a_service(path: str) -> Path:
    """Return the path of a chassis or core file that is named without its service."""
    if Path(path).name.startswith("test_"):
        return SERVICE / "tests" / path
    return SERVICE / ("src" if path.startswith("chassis/") else "src/users_service") / path


@pytest.mark.parametrize("page", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_name_only_existing_things(page: Path) -> None:
    if page.name not in ABOUT_OTHERS:
        assert wrong(page.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    "text",
    [
        "./noxw -s tset",
        "`nox -s servee`",
        "see `docs/nowhere.md`",
        "`tools/old.py` and `tools/layout.py`",
        "`tests/old.py` and `tests/booting.py`",
        "`chassis/web/test_old.py`",
        "`chassis/statements.py`",
        "`core/repositories/friendships.py`",
    ],
)
def test_detects_names_that_do_not_exist(text: str) -> None:
    assert len(wrong(text)) == 1


def test_documented_options_of_new_exist() -> None:
    texts = "\n".join(page.read_text(encoding="utf-8") for page in documents())
    named = set(re.findall(r"--[\w-]+", " ".join(re.findall(r"\./noxw -s new -- ([^`\n#]*)", texts))))
    helped = subprocess.run(
        [sys.executable, "-m", "template.scaffold", "new", "--help"],
        cwd=ROOT,
        env={"PYTHONPATH": "tools:template/tools", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"--port", "--upstreams"} <= named <= set(re.findall(r"--[\w-]+", helped.stdout))
