"""Services of every released version can be updated to the working tree."""

import shutil
from pathlib import Path
from subprocess import run
from typing import Any

import pytest
import yaml
from copier import run_copy, run_update
from frozen import HISTORY, VERSION, frozen, types
from promises import promises_kept
from working_copy import Copy

from layout import ROOT, git
from layout import answers as recorded_answers
from template.rendering import plain_copy

FILES = [pytest.param(file, id=file.stem) for file in sorted(HISTORY.glob("*.yml"))]
OF_THIS_MAJOR_VERSION = [
    pytest.param(file, id=file.stem) for file in sorted(HISTORY.glob(f"{VERSION.partition('.')[0]}.*.yml"))
]
ANSWERS = "{{ _copier_conf.answers_file }}.jinja"


def source(tag: str) -> str:
    """Return the revision of a version: its tag, or HEAD if it is not released."""
    if git("tag", "--list", tag, folder=ROOT):
        return tag
    if git("rev-parse", "--is-shallow-repository", folder=ROOT).strip() == "true":
        pytest.skip(f"this clone is shallow and may lack the tag {tag}")
    assert tag == f"v{VERSION}", f"there is no tag {tag}, although {VERSION} is later"
    return "HEAD"


def two_versions(root: Path, revision: str, *, chassis: bool = True) -> Copy:
    """Return a template with that revision as its first commit and the working tree as its second.

    Without the chassis there are fewer files to render, and all are treated the same.
    """
    left_out = [] if chassis else ["template/src/chassis", "template/tests/chassis"]
    archive = ["git", "-c", "safe.directory=*", "archive", revision, "copier.yml", "template"]
    content = run(archive, cwd=ROOT, check=True, capture_output=True).stdout
    root.mkdir(parents=True, exist_ok=True)
    run(["tar", "--extract"], cwd=root, check=True, input=content)
    template = Copy(root)
    template.git("init", "--quiet")
    for message in ("The released version", "The working tree"):
        if message == "The working tree":
            shutil.rmtree(root / "template")
            shutil.copytree(plain_copy(), root, dirs_exist_ok=True)
        for folder in left_out:
            shutil.rmtree(root / folder, ignore_errors=True)
        template.commit(message)
    return template


@pytest.mark.parametrize("file", FILES)
def test_updates_from_each_released_version(file: Path, tmp_path: Path) -> None:
    recorded = yaml.safe_load(file.read_text(encoding="utf-8"))
    template = two_versions(tmp_path / "template", source(recorded["tag"]), chassis=False)
    service = Copy(tmp_path / "service")
    run_copy(template.url, service.root, data=recorded["answers"], vcs_ref="HEAD~1", defaults=True, quiet=True)
    service.git("init", "--quiet")
    service.commit("Generate")
    with promises_kept(service, template, old="HEAD~1", new="HEAD"):
        run_update(service.root, vcs_ref="HEAD", defaults=True, overwrite=True, quiet=True)


def read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def questions_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the template without its files, which accepts answers like the full one."""
    folder = tmp_path_factory.mktemp("questions")
    (folder / "template").mkdir()
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copy(ROOT / "template" / ANSWERS, folder / "template")
    return folder


def accept_all(template: Path, given: list[dict[str, Any]], folder: Path) -> None:
    """Answer the questions; raise `ValueError` if an answer is refused."""
    for answers in given:
        run_copy(str(template), folder, data=answers, defaults=True, overwrite=True, quiet=True)
        assert answers.items() <= recorded_answers(folder).items()


@pytest.mark.parametrize("file", OF_THIS_MAJOR_VERSION)
def test_keeps_names_and_types_of_questions_within_a_major_version(file: Path) -> None:
    assert read(file)["questions"].items() <= types().items()


@pytest.mark.parametrize("file", OF_THIS_MAJOR_VERSION)
def test_accepts_earlier_answers_within_a_major_version(file: Path, questions_alone: Path, tmp_path: Path) -> None:
    accept_all(questions_alone, read(file)["accepted"], tmp_path)


def test_detects_a_stricter_validator(questions_alone: Path, tmp_path: Path) -> None:
    strict = Path(shutil.copytree(questions_alone, tmp_path / "strict"))
    questionnaire = (strict / "copier.yml").read_text(encoding="utf-8")
    (strict / "copier.yml").write_text(questionnaire.replace("port > 65535", "port > 9999"), encoding="utf-8")
    with pytest.raises(ValueError, match="must be a number from 1024"):
        accept_all(strict, frozen()["accepted"], tmp_path / "service")


def test_frozen_file_of_an_unreleased_version_is_up_to_date() -> None:
    if git("tag", "--list", f"v{VERSION}", folder=ROOT):
        pytest.skip(f"{VERSION} is released, so its file must not change")
    there = read(HISTORY / f"{VERSION}.yml")
    assert {**there, **frozen()} == there, "update it: PYTHONPATH=tools python tests/template/frozen.py"


def test_current_version_has_answers_in_the_history() -> None:
    assert (HISTORY / f"{VERSION}.yml").is_file(), f"record the answers of a service in history/{VERSION}.yml"


def test_history_files_are_named_after_their_tags() -> None:
    for file in HISTORY.iterdir():
        assert file.name == yaml.safe_load(file.read_text(encoding="utf-8"))["tag"].removeprefix("v") + ".yml"


def test_changelog_has_the_version_or_unreleased_changes() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    titles = [line.removeprefix("## ").split(" ")[0] for line in lines if line.startswith("## ")]
    assert titles[0] in {VERSION, "Unreleased"}
    assert VERSION in titles or not git("tag", "--list", f"v{VERSION}", folder=ROOT), f"## {VERSION} is missing"
