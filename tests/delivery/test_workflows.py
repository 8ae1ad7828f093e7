import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from workflow_rules import broken_rules, sessions_called

from dependencies import lock
from layout import ROOT, services
from noxw_words import sessions

GOOD = """\
name: Release
permissions: {}
concurrency: release
jobs:
  image:
    timeout-minutes: 5
    permissions: {packages: write}
    steps:
      - uses: some/action@0123456789012345678901234567890123456789  # v1.2.3
      - run: ./noxw -s lint
"""
BROKEN = [
    ("@0123456789012345678901234567890123456789", "@v1", "not pinned"),
    ("  # v1.2.3", "", "not pinned"),
    ("permissions: {}\n", "permissions: {contents: read}\n", "permissions at the top are not empty"),
    ("permissions: {}\n", "", "permissions at the top are not empty"),
    ("concurrency: release\n", "", "no concurrency"),
    ("    timeout-minutes: 5\n", "", "image has no timeout"),
    ("    permissions: {packages: write}\n", "", "image says no permissions"),
    ("name: Release", "name: CI", "image may write"),
    ("  image:", "  other:", "other may write"),
    ("-s lint", "-s lnit", "no session lnit"),
    ("-s lint", "-s lint ${{ secrets.TOKEN }}", "a secret is used"),
]
OURS = ROOT / ".github" / "workflows"
NAMES = sorted(path.name for path in OURS.glob("*.yml"))


def actions(folder: Path) -> set[str]:
    """Yield the pinned actions of workflows."""
    return {use for path in folder.glob("*.yml") for use in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize(("old", "new", "rule"), BROKEN)
def test_finds_a_broken_rule(old: str, new: str, rule: str) -> None:
    assert broken_rules(GOOD, {"lint"}) == []
    assert old in GOOD
    assert rule in " ".join(broken_rules(GOOD.replace(old, new, 1), {"lint"}))


@pytest.mark.parametrize("name", NAMES)
def test_workflows_of_the_repository_follow_the_rules(name: str) -> None:
    assert broken_rules((OURS / name).read_text(encoding="utf-8"), set(sessions(ROOT / "noxfile.py"))) == []


def test_every_push_runs_the_sessions_of_noxw() -> None:
    noxfile = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    (default,) = re.findall(r"^nox\.options\.sessions = (.*)", noxfile, re.MULTILINE)
    workflow = yaml.safe_load((OURS / "ci.yml").read_text(encoding="utf-8"))
    assert sessions_called(workflow) == {*yaml.safe_load(default), "docs-test", "images"}


@pytest.mark.parametrize("name", [*NAMES, "locks.yml", "update.yml"])
def test_workflows_of_a_service_follow_the_rules(generated: Mapping[str, Path], name: str) -> None:
    service = generated["github"]
    text = (service / ".github" / "workflows" / name).read_text(encoding="utf-8")
    assert broken_rules(text, set(sessions(service / "noxfile.py"))) == []


def test_gitlab_pipeline_of_a_service_runs_existing_sessions(generated: Mapping[str, Path]) -> None:
    service = generated["gitlab"]
    pipeline = yaml.safe_load((service / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    rows = [row["SESSION"] for job in ("checks", "weekly") for row in pipeline[job]["parallel"]["matrix"]]
    called = {name for row in rows for name in ([row] if isinstance(row, str) else row)}
    called.add(pipeline["chassis"]["variables"]["SESSION"])
    expected = {"lint", "typecheck", "test", "chassis", "lowest", "newest", "audit"}
    assert expected == called <= set(sessions(service / "noxfile.py"))


def test_changed_locks_trigger_the_chassis_tests(generated: Mapping[str, Path]) -> None:
    workflow = yaml.safe_load((generated["github"] / ".github/workflows/locks.yml").read_text(encoding="utf-8"))
    pipeline = yaml.safe_load((generated["gitlab"] / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert sessions_called(workflow) == {"chassis"}
    for patterns in (
        workflow[True]["push"]["paths"],
        pipeline["chassis"]["rules"][0]["changes"],
    ):  # YAML parses `on` as true
        assert all(any(Path(name).match(pattern) for pattern in patterns) for name in lock.LOCKS)


@pytest.mark.parametrize(("tag", "code"), [("v0.1.0", 0), ("v0.1.1", 1), ("v0.1", 1), ("v0.1.00", 1)])
def test_release_requires_a_tag_that_matches_the_version(generated: Mapping[str, Path], tag: str, code: int) -> None:
    workflow = yaml.safe_load((generated["github"] / ".github/workflows/release.yml").read_text(encoding="utf-8"))
    [script] = [step["run"] for step in workflow["jobs"]["image"]["steps"] if "docker login" in step.get("run", "")]
    pipeline = yaml.safe_load((generated["gitlab"] / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    for service, lines in (
        (generated["github"], script.splitlines()[:2]),
        (generated["gitlab"], pipeline["release"]["script"][:2]),
    ):
        check = "\n".join([*lines, 'echo "builds $version"'])
        names = {"GITHUB_REF_NAME": tag, "CI_COMMIT_TAG": tag}
        done = subprocess.run(["sh", "-c", check], cwd=service, env=names, check=False, capture_output=True, text=True)
        assert done.returncode == code
        assert (done.stdout == "builds 0.1.0\n") == (code == 0)


def test_services_pin_the_same_actions_as_the_repository(generated: Mapping[str, Path]) -> None:
    assert actions(generated["github"] / ".github" / "workflows") == actions(OURS)


def test_release_builds_an_image_of_every_service() -> None:
    release = yaml.safe_load((OURS / "release.yml").read_text(encoding="utf-8"))
    assert release["jobs"]["image"]["strategy"]["matrix"]["service"] == [path.name for path in services()]
