"""The weekly update workflow of a service on GitHub: a pull request for a newer template version, or an issue."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

NOX = """\
case "$*" in
  *--check*) exit "$NEWER" ;;
  *update*)
    printf '_commit: v1.1.0\\n' >.copier-answers.yml
    mkdir -p "$(dirname "$CHANGED")"
    echo new >"$CHANGED"
    echo said
    ;;
  *) exit "$CHECKS" ;;
esac
"""
GH = """\
echo "$*" >>"$CALLS"
case "$*" in *--body-file*) cat "$RUNNER_TEMP/body" >>"$CALLS" ;; "issue list"*) echo "$ISSUE" ;; esac
"""
IDENTITY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.org"}
COMMITTER = {"GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.org"}


@dataclass
class Repository:
    """A checkout of a service, its remote, and stand-ins for nox and gh."""

    folder: Path
    script: str

    def run(self, *command: str, **variables: str) -> str:
        path = os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]])
        environment = {
            **os.environ,
            **IDENTITY,
            **COMMITTER,
            "PATH": path,
            "RUNNER_TEMP": str(self.folder / "temp"),
            "CALLS": str(self.folder / "calls"),
            "GITHUB_SERVER_URL": f"file://{self.folder}",
            "GITHUB_REPOSITORY": "remote.git",
            "GITHUB_RUN_ID": "7",
            **variables,
        }
        done = subprocess.run(
            command, cwd=self.folder / "checkout", env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    def update(self, *, newer: str = "1", checks: str = "0", changed: str = "noxfile.py", issue: str = "") -> str:
        """Run the script of the workflow on a fresh checkout; return the GitHub commands that it called."""
        self.run("git", "switch", "--quiet", "main")
        (self.folder / "calls").write_text("")
        variables = {"NEWER": newer, "CHECKS": checks, "CHANGED": changed, "ISSUE": issue}
        self.run("bash", "-e", "-o", "pipefail", "-c", self.script, **variables)  # as on GitHub
        return (self.folder / "calls").read_text()

    def branches(self) -> list[str]:
        return self.run("git", "-C", "../remote.git", "branch", "--format=%(refname:short)").split()


@pytest.fixture
def repository(generated: Mapping[str, Path], tmp_path: Path) -> Repository:
    workflow = yaml.safe_load((generated["github"] / ".github/workflows/update.yml").read_text(encoding="utf-8"))
    repository = Repository(tmp_path, workflow["jobs"]["template"]["steps"][-1]["run"])
    for folder in ("bin", "temp", "checkout"):
        (tmp_path / folder).mkdir()
    for name, script in (("nox", NOX), ("gh", GH)):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}")
        (tmp_path / "bin" / name).chmod(0o755)
    repository.run("git", "init", "--quiet", "--bare", "../remote.git")
    repository.run("git", "init", "--quiet", "--initial-branch=main")
    (tmp_path / "checkout/.copier-answers.yml").write_text("_commit: v1.0.0\n")
    repository.run("git", "add", "--all")
    repository.run("git", "commit", "--quiet", "--message", "Begin")
    return repository


def test_opens_no_pull_request_without_a_newer_version(repository: Repository) -> None:
    assert repository.update(newer="0") == ""
    assert repository.branches() == []


@pytest.mark.parametrize(("checks", "outcome"), [("0", "pass"), ("1", "fail")])
def test_opens_one_pull_request_per_version_with_the_result_of_the_checks(
    repository: Repository, checks: str, outcome: str
) -> None:
    calls = repository.update(checks=checks)
    assert "pr create --title Take v1.1.0 of the template" in calls
    assert f"The service's checks {outcome}: file://" in calls
    assert "\nsaid\n" in calls
    assert repository.branches() == ["template/v1.1.0"]
    assert repository.run("git", "-C", "../remote.git", "show", "template/v1.1.0:noxfile.py") == "new\n"
    assert "pr create" not in repository.update()


def test_opens_one_issue_if_the_update_changes_workflows(repository: Repository) -> None:
    calls = repository.update(changed=".github/workflows/ci.yml")
    assert "issue create --title Take v1.1.0 of the template --body It changes workflows" in calls
    assert repository.branches() == []
    repository.run("git", "clean", "--quiet", "--force", "-d")
    repository.run("git", "checkout", "--quiet", ".")
    assert "create" not in repository.update(changed=".github/workflows/ci.yml", issue="12")
