"""The usage lines of programs that nox runs: they name what the user has typed."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from layout import ROOT

FOLDERS = ("tools", "template/tools", "benchmarks")
BEFORE_NOX = ROOT / "tools/noxw_words.py"


def parsers(file: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "argparse.ArgumentParser":
            yield node


def test_every_parser_names_the_session_that_the_user_typed() -> None:
    every = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    own = [file for file in every if file != BEFORE_NOX and ".venv" not in file.parts]
    found = {str(file): [ast.unparse(each) for each in parsers(file)] for file in own}
    assert sum(map(len, found.values())) > len(FOLDERS)
    named = ("prog=command(", 'prog=f"{command(', "prog='./noxw -s'")
    assert {
        file: calls for file, calls in found.items() if not all(any(n in call for n in named) for call in calls)
    } == {}


def test_usage_names_the_command_without_what_nox_adds() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "nox", "-s", "migration", "--", "users"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    assert "usage: ./noxw -s migration -- users [-h] [--empty] message\n" in done.stdout
