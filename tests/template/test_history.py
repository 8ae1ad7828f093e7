"""A service of every released version updates to the template as it is in the working tree."""

import shutil
import tomllib
from pathlib import Path
from subprocess import run

import pytest
import yaml
from copier import run_copy, run_update
from promises import promises_kept
from working_copy import Copy

from layout import ROOT, git
from template.rendering import plain_copy

HISTORY = Path(__file__).with_name("history")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def source(tag: str) -> str:
    """The revision of this repository that has a version: its tag, or HEAD while that version is not released."""
    if git("tag", "--list", tag, folder=ROOT):
        return tag
    if git("rev-parse", "--is-shallow-repository", folder=ROOT).strip() == "true":
        pytest.skip(f"this clone is shallow and may lack the tag {tag}")
    assert tag == f"v{VERSION}", f"there is no tag {tag}, although {VERSION} is a later version"
    return "HEAD"


def two_versions(root: Path, revision: str) -> Copy:
    """A template whose first commit is that revision, and whose second one is the working tree."""
    archive = ["git", "-c", "safe.directory=*", "archive", revision, "copier.yml", "template"]
    content = run(archive, cwd=ROOT, check=True, capture_output=True).stdout
    root.mkdir(parents=True, exist_ok=True)
    run(["tar", "--extract"], cwd=root, check=True, input=content)
    template = Copy(root)
    template.git("init", "--quiet")
    template.commit("The released version")
    shutil.rmtree(root / "template")
    shutil.copytree(plain_copy(), root, dirs_exist_ok=True)
    template.commit("The working tree")
    return template


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in sorted(HISTORY.glob("*.yml"))])
def test_updates_from(file: Path, tmp_path: Path) -> None:
    recorded = yaml.safe_load(file.read_text(encoding="utf-8"))
    template = two_versions(tmp_path / "template", source(recorded["tag"]))
    service = Copy(tmp_path / "service")
    run_copy(template.url, service.root, data=recorded["answers"], vcs_ref="HEAD~1", defaults=True, quiet=True)
    service.git("init", "--quiet")
    service.commit("Generate")
    with promises_kept(service, template, old="HEAD~1", new="HEAD"):
        run_update(service.root, vcs_ref="HEAD", defaults=True, overwrite=True, quiet=True)


def test_the_version_has_answers_in_the_history() -> None:
    assert (HISTORY / f"{VERSION}.yml").is_file(), f"freeze the answers of a service in history/{VERSION}.yml"


def test_every_file_of_the_history_is_named_after_its_tag() -> None:
    for file in HISTORY.iterdir():
        assert file.name == yaml.safe_load(file.read_text(encoding="utf-8"))["tag"].removeprefix("v") + ".yml"


def test_the_changelog_tells_of_the_version_or_of_what_will_be_in_it() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    titles = [line.removeprefix("## ").split(" ")[0] for line in lines if line.startswith("## ")]
    assert titles[0] in {VERSION, "Unreleased"}
    assert VERSION in titles or not git("tag", "--list", f"v{VERSION}", folder=ROOT), f"## {VERSION} is missing"
