"""A service from before the chassis was a package, with unusual code, passes its own checks after an update.

This needs the network for Copier and for the locks.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from copier import run_copy, run_update
from test_code_migrations import NAMES, old_names
from test_history import two_versions
from working_copy import Copy

from layout import ROOT, git

pytestmark = pytest.mark.thorough
LAST = "9e2f9454ce703d3703cfe375d7077a022dbf1b1f"
"""The last commit with the chassis in the package of the service."""
ANSWERS = {
    "service_name": "order-lines",
    "entity": "order_line",
    "entity_plural": "order_lines",
    "upstreams": ["users"],
}
PACKAGE = "src/order_lines_service"
PAGING = '''"""What lists have in common; others take it from here."""

from ..chassis.pagination import Cursors as Pages
from ..chassis.pagination import Limit

__all__ = ["Limit", "Pages"]
'''
SHELVES = '''"""Shelves: another router, with names of its own for what the chassis has."""

import typing as t

from fastapi import Request

from .. import SERVICE_NAME as NAME
from ..chassis import problems as known
from ..chassis.routing import api_router as make_router
from ..core.services import order_lines as services
from .paging import Limit, Pages

SHELVES: t.Final = Pages("shelves")
FULL: t.Final = known.Problem(slug="shelf-full", status=409, title="Shelf full", members=("number",))


class ShelfFull(Exception):
    """Nothing more has a place on it."""

    def __init__(self, number: int) -> None:
        self.number = number


PROBLEMS: t.Final[dict[type[Exception], known.Problem]] = {ShelfFull: FULL}

shelves = make_router(prefix="/api/v1/shelves", tag="shelves")


@shelves.get("", responses=known.problem_responses(FULL))
async def list_shelves(request: Request, limit: Limit = 5) -> dict[str, str | int]:
    """List them."""
    page = await _lines(request).page(limit=limit, after=SHELVES.decode(None))
    if page.items:
        raise ShelfFull(len(page.items))
    return {"service": NAME, "limit": limit}


def _lines(request: Request) -> services.OrderLines:
    return t.cast(services.OrderLines, request.app.state.service)
'''
TEST_SHELVES = """from order_lines_service.chassis.identifiers import new_id
import aiohttp


async def test_lists_until_one_is_full(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/v1/shelves") as response:
        assert await response.json() == {"service": "order-lines", "limit": 5}
    async with client.post("/api/v1/order-lines", json={"name": str(new_id())}) as response:
        assert response.status == 201
    async with client.get("/api/v1/shelves") as response:
        assert response.status == 409
        assert (await response.json())["number"] == 1
"""
IN_MAIN = {
    "from .api.problems import PROBLEMS\n": "from .api.problems import PROBLEMS\n"
    "from .api.shelves import PROBLEMS as SHELF_PROBLEMS, shelves\n",
    "routers=[order_lines_api.router]": "routers=[order_lines_api.router, shelves]",
    "problems=PROBLEMS": "problems=PROBLEMS | SHELF_PROBLEMS",
    'version="0.1.0"': 'version="1.4.0"',
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return two versions: that commit, and the working tree."""
    if git("rev-parse", "--is-shallow-repository", folder=ROOT).strip() == "true":
        pytest.skip("this clone is shallow and lacks the commit")
    return two_versions(tmp_path_factory.mktemp("first edition") / "template", LAST)


@pytest.fixture(scope="module")
def service(template: Copy, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return a service of that commit with unusual code, after the update by its own tool."""
    service = Copy(tmp_path_factory.mktemp("service") / "order-lines")
    run_copy(template.url, service.root, data=ANSWERS, vcs_ref="HEAD~1", defaults=True, quiet=True)
    for path, text in {
        f"{PACKAGE}/api/paging.py": PAGING,
        f"{PACKAGE}/api/shelves.py": SHELVES,
        "tests/api/test_shelves.py": TEST_SHELVES,
    }.items():
        service.write(path, text)
    main = (service.root / PACKAGE / "main.py").read_text(encoding="utf-8")
    for old, new in IN_MAIN.items():
        assert old in main
        main = main.replace(old, new)
    service.write(f"{PACKAGE}/main.py", main)
    service.git("init", "--quiet")
    service.commit("Generate, and work")
    run_update(service.root, vcs_ref="HEAD", defaults=True, overwrite=True, quiet=True)
    service.commit("Update")
    return service


def nox(service: Copy, *arguments: str) -> str:
    """Run nox in the service as its owner does, and return its output."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "nox", *arguments],
        cwd=service.root,
        env={**environment, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.usefixtures("template")
def test_list_of_names_matches_the_commit() -> None:
    names = set()
    for path in git("ls-tree", "-r", "--name-only", LAST, folder=ROOT).splitlines():
        if path.startswith("template/src/{{ package }}/chassis/"):
            for node in ast.parse(git("show", f"{LAST}:{path}", folder=ROOT)).body:
                match node:
                    case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                        names.add(f"{Path(path).stem}.{name}")
                    case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                        names.add(f"{Path(path).stem}.{name}")
    assert {name for name in names if "._" not in name} == set(old_names()), NAMES


@pytest.fixture(scope="module")
def migrated(service: Copy) -> Copy:
    """Return that service after the update that migrates its code."""
    said = nox(service, "-s", "update", "--", "--vcs-ref", "HEAD")
    assert "To do by hand" not in said, said
    service.commit("Migrate the code")
    return service


def test_passes_its_own_checks_after_the_update(migrated: Copy) -> None:
    assert 'VERSION = "1.4.0"' in (migrated.root / PACKAGE / "version.py").read_text(encoding="utf-8")
    nox(migrated)
    assert migrated.git("status", "--porcelain") == ""


def test_reports_remaining_work_with_file_and_line(migrated: Copy) -> None:
    migrated.write(f"{PACKAGE}/core/everything.py", "from ..chassis.errors import *\n")
    said = nox(migrated, "-s", "migrate-code", "--", "--all")
    assert f"{PACKAGE}/core/everything.py:1: A star import hides what is used" in said
    (migrated.root / PACKAGE / "core/everything.py").unlink()
