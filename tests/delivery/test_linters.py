"""The linters of `lint` accept a generated service and detect faults."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from layout import ROOT, listed

BIN = Path(sys.executable).parent
GITHUB = ".github/workflows/ci.yml"
LINTED_ELSEWHERE = {"template", "services"}
LINTERS = {
    GITHUB: ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", GITHUB],
    ".github/dependabot.yml": ["check-jsonschema", "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml"],
    ".gitlab-ci.yml": ["check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", ".gitlab-ci.yml"],
    "renovate.json": ["check-jsonschema", "--builtin-schema", "vendor.renovate", "renovate.json"],
    "yamllint": ["yamllint", "--strict", "."],
    "zizmor": ["zizmor", "--offline", "--quiet", "--strict-collection", ".github"],
}


def lint(service: Path, name: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / LINTERS[name][0]), *LINTERS[name][1:]]
    return subprocess.run(command, cwd=service, check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("ci", "name"),
    [
        *[("github", name) for name in (GITHUB, ".github/dependabot.yml", "yamllint", "zizmor")],
        *[("gitlab", name) for name in (".gitlab-ci.yml", "renovate.json", "yamllint")],
    ],
)
def test_accepts_a_generated_service(generated: Mapping[str, Path], ci: str, name: str) -> None:
    done = lint(generated[ci], name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("ci", "name", "file", "old", "new"),
    [
        ("github", GITHUB, GITHUB, "runs-on:", "run-on:"),
        ("github", ".github/dependabot.yml", ".github/dependabot.yml", "weekly", "wekly"),
        ("github", "yamllint", GITHUB, "name: CI", "name: CI\nname: CI"),
        ("github", "zizmor", GITHUB, "          persist-credentials: false\n", ""),
        ("github", "zizmor", GITHUB, '"$SESSION"', "${{ github.head_ref }}"),
        ("gitlab", ".gitlab-ci.yml", ".gitlab-ci.yml", "parallel:", "paralel:"),
        ("gitlab", "renovate.json", "renovate.json", '"7 days"', "7"),
    ],
)
def test_detects_a_fault(  # violates a schema, a style rule or a security rule
    generated: Mapping[str, Path], tmp_path: Path, ci: str, name: str, file: str, old: str, new: str
) -> None:
    service = Path(shutil.copytree(generated[ci], tmp_path / "orders"))
    text = (service / file).read_text(encoding="utf-8")
    assert old in text
    (service / file).write_text(text.replace(old, new), encoding="utf-8")
    assert lint(service, name).returncode != 0


def test_ruff_excludes_only_the_template_and_the_services() -> None:
    ours = {ROOT / path for path in listed(ROOT) if path.suffix == ".py" and path.parts[0] not in LINTED_ELSEWHERE}
    done = subprocess.run([BIN / "ruff", "check", "--show-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert ours <= {Path(line) for line in done.stdout.splitlines()}


def test_pre_commit_hooks_run_the_programs_of_lint() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in config["repos"]] == ["local"], "hooks must use the installed versions"
    for hook in config["repos"][0]["hooks"]:
        assert os.access(ROOT / hook["entry"].split()[0], os.X_OK), hook["entry"]
    check = [str(BIN / "pre-commit"), "validate-config", ".pre-commit-config.yaml"]
    subprocess.run(check, cwd=ROOT, check=True)


@pytest.mark.parametrize(("folder", "accepted"), [("api", True), ("core", False)])
def test_ruff_accepts_a_boolean_query_parameter(folder: str, accepted: bool) -> None:  # noqa: FBT001
    route = '"""Routes."""\n\n\nasync def list_orders(active: bool = True) -> None:\n    """List orders."""\n'
    command = [str(BIN / "ruff"), "check", f"--stdin-filename=src/users_service/{folder}/orders.py"]
    done = subprocess.run(
        command, cwd=ROOT / "services/users", input=route, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) is accepted, done.stdout
