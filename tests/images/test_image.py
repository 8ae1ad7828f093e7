"""The contents of an image, and what a rebuild repeats."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from containers.engine import docker, inspect
from layout import ROOT, listed

LARGEST_ADDITION = 200_000_000
LABELS = {"title", "description", "version", "revision", "base.name"}

pytestmark = pytest.mark.usefixtures("containers")


def test_adds_less_than_200_mb_to_its_base(name: str) -> None:
    added = inspect(f"{name}-service")["Size"] - inspect("python:3.13-slim")["Size"]
    print(f"{name}-service adds {added / 1e6:.0f} MB to python:3.13-slim")
    assert 0 < added < LARGEST_ADDITION


def test_has_labels_and_an_unprivileged_user(name: str) -> None:
    config = inspect(f"{name}-service")["Config"]
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
    assert labels.keys() >= LABELS
    assert labels["title"] == f"{name}-service"
    assert int(config["User"].split(":")[0]) >= 10_000


def test_prints_the_version_of_its_service(name: str) -> None:
    [source] = (ROOT / "services" / name).glob("src/*_service/version.py")
    version = in_image(name, "python", "-m", f"{name}_service", "--version").strip()
    assert f'VERSION = "{version}"\n' in source.read_text(encoding="utf-8")


def test_contains_only_the_program(name: str) -> None:
    assert in_image(name, "ls", "-A", "/app").split() == ["migrations", "pyproject.toml", "requirements.txt", "src"]
    assert in_image(name, "find", "/app", "/opt", "-name", ".env*") == ""
    assert in_image(name, "sh", "-c", "command -v cc gcc make git curl wget || true") == ""
    assert in_image(name, "sh", "-c", "ls -A /root/.cache 2>/dev/null || true") == ""
    packages = set(in_image(name, "ls", "/opt/venv/lib/python3.13/site-packages").split())
    assert not packages & {"pip", "pytest", "mypy", "hypothesis"}


def test_files_belong_to_root(name: str) -> None:
    assert (
        in_image(
            name, "find", "/app", "/opt/venv", "(", "!", "-user", "root", "-o", "-perm", "/022", ")", "!", "-type", "l"
        )
        == ""
    )


def test_contains_compiled_bytecode(name: str) -> None:
    sources = in_image(name, "find", "/app/src", "-name", "*.py").split()
    compiled = in_image(name, "find", "/app/src", "-name", "*.pyc").split()
    assert len(sources) == len(compiled) > 0


def test_second_build_is_cached(name: str) -> None:
    build(ROOT / "services" / name)
    steps = build(ROOT / "services" / name)
    assert set(steps.values()) == {"CACHED"}


def test_changed_source_does_not_reinstall_dependencies(name: str, tmp_path: Path) -> None:
    context = copy_of(name, tmp_path)
    before = build(context)
    (source,) = context.glob("src/*/main.py")
    source.write_text(source.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    after = build(context)
    installing = next(step for step in before if "pip" in step)
    assert after[installing] == "CACHED"
    assert next(state for step, state in after.items() if "COPY src" in step) != "CACHED"


def test_build_context_excludes_secrets_tests_and_environments(name: str, tmp_path: Path) -> None:
    context = copy_of(name, tmp_path)
    wanted = {str(path) for path in listed(context, "src", "migrations")} | {"pyproject.toml", "requirements.txt"}
    (package,) = (path.parent.name for path in context.glob("src/*/main.py"))
    for unwanted in (
        ".env",
        ".env.local",
        "secrets.json",
        "id_rsa",
        ".venv/bin/python",
        "tests/test_more.py",
        ".allium/data",
        f"src/{package}/.env",
        f"src/{package}/__pycache__/main.cpython-313.pyc",
        "migrations/.secret",
        "src/.git/config",
    ):
        (context / unwanted).parent.mkdir(parents=True, exist_ok=True)
        (context / unwanted).write_text("secret", encoding="utf-8")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n", encoding="utf-8")
    shutil.copy(context / ".dockerignore", tmp_path / "Dockerfile.dockerignore")
    docker("build", "--file", str(tmp_path / "Dockerfile"), "--output", str(tmp_path / "sent"), str(context))
    sent = {path.relative_to(tmp_path / "sent").as_posix() for path in (tmp_path / "sent").rglob("*") if path.is_file()}
    assert sent == wanted


def copy_of(name: str, folder: Path) -> Path:
    """Copy the tracked files of a service into a new repository."""
    context = folder / name
    for path in listed(ROOT / "services" / name):
        (context / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "services" / name / path, context / path)
    subprocess.run(["git", "init", "--quiet", context], check=True)
    return context


def in_image(name: str, *command: str) -> str:
    """Run a command as root in a throw-away container and return its output."""
    return docker(
        "run", "--rm", "--user", "0", "--network", "none", "--entrypoint", command[0], f"{name}-service", *command[1:]
    )


def build(context: Path) -> dict[str, str]:
    """Build without a tag and return whether each step was CACHED or DONE."""
    command = ["docker", "build", "--progress", "plain", str(context)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    names = dict(re.findall(r"^#(\d+) \[.*?\] ((?:RUN|COPY|WORKDIR) .*)$", done.stderr, re.MULTILINE))
    states = re.findall(r"^#(\d+) (CACHED|DONE)\b", done.stderr, re.MULTILINE)
    return {names[number]: state for number, state in states if number in names}
