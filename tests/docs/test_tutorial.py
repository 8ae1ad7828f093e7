"""The tutorial works as written: every file written and every command run, in a fresh clone."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from pages import Block, blocks

from layout import ROOT, listed

START_SECONDS = 300
STOP_SECONDS = 30


@pytest.fixture
def clone() -> Iterator[Path]:
    """Return a repository with the current files of this one, in a folder that the account of PostgreSQL can enter."""
    with tempfile.TemporaryDirectory(prefix="tutorial-") as temporary:
        Path(temporary).chmod(0o755)
        yield working_tree(Path(temporary) / "allium")


def test_tutorial_works(clone: Path) -> None:
    section = ""
    found = blocks(ROOT / "docs/tutorial.md")
    assert {block.info for block in found} >= {"python", "diff", "sh serve", "sh"}
    with ExitStack() as served:
        for block in found:
            if block.section != section:
                served.close()
                section = block.section
            match block.info:
                case "python":
                    write(clone, block)
                case "diff":
                    apply(clone, block.text)
                case "sh serve":
                    served.enter_context(serving(clone, block.text))
                case "sh":
                    run(clone, block.text)


def working_tree(folder: Path) -> Path:
    for path in listed(ROOT):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    for command in (["init"], ["add", "--all"], ["commit", "-m", "Begin"]):
        subprocess.run(["git", *command], cwd=folder, env=environment(), check=True, stdout=subprocess.DEVNULL)
    return folder


def write(clone: Path, block: Block) -> None:
    """Write a file; the first line of the block is its name."""
    first, _, text = block.text.partition("\n")
    path = clone / first.removeprefix("# ")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def apply(clone: Path, change: str) -> None:
    done = subprocess.run(["git", "apply", "-"], cwd=clone, input=change, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{change}\n{done.stderr}"


def run(clone: Path, script: str) -> None:
    """Run a command as typed into a shell in the root, with the actual ports of the system."""
    script = with_our_nox(script)
    script = re.sub(r"http://127\.0\.0\.1:(800\d)", lambda match: url(clone, int(match[1])), script)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}"


def with_our_nox(script: str) -> str:
    """Use the nox that runs this test, instead of another environment for the clone."""
    return script.replace("./noxw ", "nox ")


def url(clone: Path, port: int) -> str:
    services: dict[str, dict[str, str]] = json.loads((clone / ".allium/state.json").read_text())["services"]
    return services[{8001: "users", 8002: "friends", 8004: "orders"}[port]]["url"]


@contextmanager
def serving(clone: Path, command: str) -> Iterator[None]:
    """Run a command as in a second terminal: start it, wait for it, and stop it with all its children."""
    log = clone.parent / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["env", *shlex.split(with_our_nox(command)), "--", "--ports", "free"],
            cwd=clone,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while "Logs are in" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # a shell makes background processes ignore SIGINT
            process.wait(STOP_SECONDS)


def environment() -> dict[str, str]:
    """Return the environment of a person with nox on the PATH."""
    path = os.pathsep.join([str(ROOT / ".noxw/bin"), os.environ["PATH"]])
    hidden = {"PYTHONPATH", "PYTEST_CURRENT_TEST", "COVERAGE_PROCESS_START"}
    author = {f"GIT_{who}_{what}": "tutorial" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {**{name: value for name, value in os.environ.items() if name not in hidden}, **author, "PATH": path}
