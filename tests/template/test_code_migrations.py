"""Recipes migrate the code of a service to a new version, and report what they leave, with file and line."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from working_copy import Copy, Generate

from layout import ROOT
from updates import code_migrations
from updates.drift import drift
from updates.own_code import OwnCode
from updates.recipes.one_chassis_names import BY_HAND, MOVED

NAMES = Path(__file__).with_name("first_edition") / "names.txt"
API = "src/orders_service/api/orders.py"
MAIN = "src/orders_service/main.py"
TABLES = "src/orders_service/infrastructure/database/orders.py"
TEST = "tests/api/test_orders.py"
ROUTES = """\
from typing import cast

from fastapi import Request

from ..chassis.routing import api_router
from ..core.services import orders as services

router = api_router(prefix="/api/v1/orders", tag="orders")


@router.get("/{number}")
async def get_one(number: int, request: Request) -> str:
    return await _service(request).get(number)


@router.get("")
async def list_all(request: Request) -> str:
    return await _service(request).all(request.url.path)


def _service(request: Request) -> services.Orders:
    return cast(services.Orders, request.app.state.service)
"""
APPLICATION = """\
from .api import orders as orders_api
from .chassis.application import build_application


def create_app():
    service = object()
    return build_application(
        None,
        version="1.2.0",
        routers=[orders_api.router],
        state={"service": service},
    )
"""


def migrated(files: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the files after all recipes, and the remaining reports; a second run must change nothing."""
    code = OwnCode("orders_service", dict(files))
    recipes = [code_migrations.load(name) for name in code_migrations.names()]
    found = code_migrations.run(code, recipes)
    once = dict(code.files)
    assert code_migrations.run(code, recipes) == found
    assert code.files == once
    return once, [f"{left.path}:{left.line}: {left.sentence}" for each in found.values() for left in each]


def imports(text: str, path: str = API) -> tuple[list[str], list[str]]:
    """Return the non-empty lines of a file after all recipes, and the lines with a report."""
    files, left = migrated({path: text})
    return [line for line in files[path].splitlines() if line], left


def old_names() -> Iterator[str]:
    for line in NAMES.read_text(encoding="utf-8").splitlines()[1:]:
        module, names = line.split(":")
        yield from (f"{module}.{name}" for name in names.split())


def names_of(module: str) -> set[str]:
    """Return the public names of a chassis module, including re-exported ones."""
    path = ROOT / "template/src" / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.ImportFrom(names=names) if file.name == "__init__.py":
                found |= {alias.asname or alias.name for alias in names}
    return found


def test_every_name_of_the_first_chassis_has_a_new_module_or_a_message() -> None:
    old = set(old_names())
    loggers = {name for name in old if name.endswith(".logger")}
    assert {*MOVED, *BY_HAND} == old - loggers
    assert {name: (module, new) for name, (module, new) in MOVED.items() if new not in names_of(module)} == {}


def test_moves_imports_and_keeps_aliases() -> None:
    lines, left = imports(
        "from ..chassis.database import Base as Model, Database\n"
        "from orders_service.chassis.settings import Port, load\n"
        "def later():\n"
        "    from ..chassis.identifiers import new_id; return new_id(Model, Database, Port, load)\n"
    )
    assert lines[:4] == [
        "from chassis.database import Base as Model",
        "from chassis.database import Database",
        "from chassis.process import load_settings as load",
        "from chassis.settings import Port",
    ]
    assert lines[5:] == ["    from chassis.ids import new_id", "    return new_id(Model, Database, Port, load)"]
    assert left == []


@pytest.mark.parametrize("start", ["if True:\n    ", "try:\n    "])
def test_moves_nested_imports_and_keeps_comments(start: str) -> None:
    end = "" if "if" in start else "finally:\n    pass\n"
    lines, left = imports(f"{start}from ..chassis.engine import database_url  # the address\n    database_url()\n{end}")
    assert lines[1] == "    from chassis.database.engine import database_url  # the address"
    assert left == []


def test_moves_imports_of_a_whole_module() -> None:
    lines, left = imports(
        "import orders_service.chassis.settings as chassis_settings\n"
        "from ..chassis import pagination, redaction as hiding\n"
        "def page(limit: pagination.Limit) -> pagination.Cursors:\n"
        "    return chassis_settings.Names, hiding.MASK\n"
    )
    assert lines[:3] == [
        "from chassis import settings as chassis_settings",
        "from chassis import web as pagination",
        "from chassis.logs import redaction as hiding",
    ]
    assert left == []


def test_follows_re_exported_names() -> None:
    files, left = migrated(
        {
            "src/orders_service/paging.py": "from .chassis.pagination import Cursors as Pages\n\n__all__ = ['Pages']\n",
            API: "from ..paging import Pages\n\nPAGES = Pages('orders')\n",
        }
    )
    assert "from chassis.web import Cursors as Pages" in files["src/orders_service/paging.py"]
    assert files[API] == 'from .. import IDENTITY\nfrom ..paging import Pages\n\nPAGES = Pages(IDENTITY, "orders")\n'
    assert left == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("from ..chassis.database import *\n", "1: A star import hides what is used: write the names"),
        ("x = 1\nfrom ..chassis.errors import BodyTooLarge\nBodyTooLarge\n", "2: `receive` raises `RequestRefused`"),
        ("from ..chassis.server import logger\nlogger\n", "1: The chassis's own logger is no part of it"),
        ("from ..chassis.server import _configured\n_configured\n", "1: It was no part of the chassis that services"),
        ("from ..chassis import errors\nraise errors.BodyTooLarge\n", "1: The names of this module are in several"),
        ("import orders_service.chassis.database\n", "1: The names of this module are in several places"),
        ("import logging\nlogging.getLogger('orders_service.chassis.access_log')\n", "2: This text names a module"),
        ("def get(request):\n    return request.app.state.orders\n", "2: Nothing is in app.state"),
        ("def ask(client):\n    return client.get_json('/', [], read=str)\n", "2: Write `client.get(path, query="),
    ],
)
def test_reports_remaining_names_with_line_numbers(text: str, said: str) -> None:
    _, left = imports(text)
    assert len(left) == 1
    assert left[0].startswith(f"{API}:{said}")


def test_leaves_only_names_without_a_new_module() -> None:
    lines, left = imports(
        "from ..chassis.errors import BodyTooLarge, UpstreamTimeout\nraise BodyTooLarge from UpstreamTimeout\n"
    )
    assert lines[:2] == ["from chassis.errors import UpstreamTimeout", "from ..chassis.errors import BodyTooLarge"]
    assert [line.partition(": ")[0] for line in left] == [f"{API}:3"]


def test_converts_a_router_to_a_function_and_calls_it() -> None:
    files, left = migrated({API: ROUTES, MAIN: APPLICATION})
    assert left == []
    assert 'def orders_router(service: services.Orders) -> APIRouter:\n    """The routes' in files[API]
    assert "async def get_one(number: int) -> str:\n        return await service.get(number)\n" in files[API]
    assert (
        "async def list_all(request: Request) -> str:\n        return await service.all(request.url.path)\n"
        in files[API]
    )
    assert files[API].endswith("\n    return router\n")
    assert "routers=[orders_api.orders_router(service)],\n    )" in files[MAIN]
    assert files["src/orders_service/version.py"].endswith('\nVERSION = "1.2.0"\n')


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("_service(request).get(number)", "Depends(_service)"),
        (
            "    return await _service(request).get(number)",
            "    service = 1\n    return await _service(request).get(service)",
        ),
        ("def _service", "router.add_api_route('/more', get_one)\n\n\ndef _service"),
    ],
)
def test_leaves_a_router_that_cannot_be_analysed(old: str, new: str) -> None:
    files, left = migrated({API: ROUTES.replace(old, new), MAIN: APPLICATION})
    assert "\nrouter = api_router(" in files[API]
    assert "routers=[orders_api.router]," in files[MAIN]
    assert [line.partition(": ")[2][:30] for line in left] == [
        "Nothing is in app.state: make t",
        "`build_application` takes no st",
    ] or len(left) == 2


def test_converts_dictionaries_of_problems_to_sequences() -> None:
    files, left = migrated(
        {
            API: "from ..chassis.problems import INVALID_REQUEST, Problem\n"
            'GONE = Problem(slug="gone", status=410, title="Gone", members=("when", "why"))\n'
            "MORE = {\n    # first\n    KeyError: GONE,  # a comment\n}\n"
            "PROBLEMS: dict[type[Exception], Problem] = {ValueError: INVALID_REQUEST, **MORE}\n",
            MAIN: "from .api.orders import MORE, PROBLEMS\n"
            "from .chassis.application import build_application\n"
            "build_application(problems=PROBLEMS | MORE)\n",
        }
    )
    assert left == []
    assert 'GONE = Problem(slug="gone", status=410, title="Gone")' in files[API]
    assert (
        "MORE = (\n    # first\n    ProblemFor(KeyError, GONE, "
        'members=lambda error: {"when": error.when, "why": error.why}),  # a comment\n)\n'
    ) in files[API]
    assert (
        "PROBLEMS = (\n"
        '    ProblemFor(ValueError, INVALID_REQUEST, members=lambda error: {"errors": error.errors}),\n    *MORE,\n)\n'
    ) in files[API]
    assert "build_application(problems=[*PROBLEMS, *MORE])" in files[MAIN]


def test_converts_results_to_lists_and_prepares_constant_statements() -> None:
    files, left = migrated(
        {
            TABLES: "from sqlalchemy import bindparam, insert, select\n"
            "from ...chassis.database import Database as Db\n"
            "ALL = select(1)\nSOME = ALL.where(x=bindparam('x'))\nLISTED = select(2).where(y.in_([1]))\n"
            "ADD = insert(3)\nSHARED = select(4)\n"
            "class Orders:\n"
            "    def __init__(self, db: Db) -> None:\n        self._db = db\n"
            "    async def get(self, some):\n"
            "        await self._db.execute(ADD, {'x': 1})\n"
            "        found = await self._db.execute(LISTED)\n        first = found[0] if found else 'è'\n"
            "        some = (await self._db.execute(LISTED))[0]; 'è', await self._db.execute(LISTED) or some\n"
            "        statement = SOME if some else ALL\n"
            "        for row in await self._db.execute(statement):\n            print(row)\n"
            "        new = await self._db.execute(ADD)\n        print(new.rowcount, new)\n"
            "        return (await self._db.execute(SHARED.limit(1))).scalars(), found\n"
            "async def other(connection):\n    return await connection.execute('SELECT 1')\n"
        }
    )
    assert left == []
    for line in (
        "from chassis.database import Database as Db",
        "from chassis.database import prepared",
        "ALL_STATEMENT = select(1)",
        "ALL = prepared(ALL_STATEMENT)",
        'SOME = prepared(ALL_STATEMENT.where(x=bindparam("x")))',
        "LISTED = select(2).where(y.in_([1]))",
        "ADD = insert(3)",
        "SHARED = select(4)",
        '        await self._db.execute(ADD, {"x": 1})',
        "        found = (await self._db.execute(LISTED)).all()",
        '        first = found[0] if found else "è"',
        "        some = (await self._db.execute(LISTED)).all()[0]",
        '        "è", (await self._db.execute(LISTED)).all() or some',
        "        for row in await self._db.execute(statement):",
        "        new = await self._db.execute(ADD)",
        "        return (await self._db.execute(SHARED.limit(1))).scalars(), found",
        '    return await connection.execute("SELECT 1")',
    ):
        assert f"{line}\n" in files[TABLES]


def test_reports_settings_tests_and_old_constants_of_the_identity() -> None:
    files, left = migrated(
        {
            "src/orders_service/settings.py": "from .chassis.settings import ChassisSettings as Base\n"
            'class Settings(Base):\n    """Ours."""\n    # of the shop\n    shop: str\n',
            API: "from .. import SERVICE_NAME as NAME, TITLE\nprint(NAME, request.TITLE, dict(TITLE=TITLE))\n",
            TEST: "from ..conftest import SERVICE_FOLDER, settings_for\nsettings_for(SERVICE_FOLDER, 'name')\n",
        }
    )
    assert left == []
    assert "    identity = IDENTITY\n\n    # of the shop\n    shop: str\n" in files["src/orders_service/settings.py"]
    assert files[API] == (
        "from .. import IDENTITY\n\nprint(IDENTITY.name, request.TITLE, dict(TITLE=IDENTITY.title))\n"
    )
    assert files[TEST] == (
        "from orders_service.settings import Settings\n\n"
        "from ..conftest import SERVICE_FOLDER\nfrom ..databases import settings_for\n\n"
        'settings_for(Settings, SERVICE_FOLDER, "name")\n'
    )


def test_keeps_line_ends_and_unaffected_files() -> None:
    files, _ = migrated({API: "from ..chassis.identifiers import new_id\r\nnew_id()\r\n", MAIN: "x=1;y  =2\n"})
    assert files[API] == "from chassis.ids import new_id\r\n\r\nnew_id()\r\n"
    assert files[MAIN] == "x=1;y  =2\n"


@pytest.mark.parametrize("odd", ["\x0c", "\u2028", "\x1e"])
def test_adds_an_import_below_a_docstring_with_odd_characters(odd: str) -> None:
    docstring = f'"""Tables.{odd}\n\nMore.\n"""\n\n'
    old = "from chassis.database import Database\nfrom sqlalchemy import select\n\nONE = select(1)\n"
    use = "\n\nasync def one(database: Database) -> int:\n    return (await database.execute(ONE)).scalar_one()\n"
    files, _ = migrated({TABLES: docstring + old + use})
    assert "prepared" not in (ast.get_docstring(ast.parse(files[TABLES])) or "")
    assert "ONE = prepared(select(1))" in files[TABLES]


@pytest.mark.parametrize("name", code_migrations.names())
def test_each_recipe_has_a_guide(name: str) -> None:
    page, _, anchor = code_migrations.load(name).guide.partition("#")
    headings = re.findall(r"^##+ (.*)", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor in [re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings]


def test_new_service_records_all_recipes() -> None:
    record = (ROOT / "template/.code-migrations").read_text(encoding="utf-8")
    assert record == code_migrations.HEAD + "".join(f"{name}\n" for name in code_migrations.names())


def test_update_runs_missing_recipes_once(generate: Generate) -> None:
    service = Copy(generate({"service_name": "orders", "ci": "none"}))
    (service.root / ".code-migrations").unlink()
    service.write(
        "src/orders_service/core/odd.py", "from ..chassis.identifiers import new_id\n\n__all__ = ['new_id']\n"
    )
    service.write("src/orders_service/core/bad.py", "print 'old'\n")
    service.write("src/orders_service/core/deep.py", f"x = 1{' + 1' * 5000}\n")
    service.write("src/orders_service/core/marked.py", "\ufefffrom ..chassis.identifiers import new_id as new_id\n")
    assert drift(service.root) == [
        f"The code migration {name} has not run; `nox -s migrate-code` runs it" for name in code_migrations.names()
    ]
    said = code_migrations.migrate(service.root, code_migrations.pending(service.root))
    assert "+from chassis.ids import new_id\n" in said
    changed = "src/orders_service/core/marked.py, src/orders_service/core/odd.py"
    assert f"Changed in the service's own code: {changed}." in said
    assert "src/orders_service/core/deep.py:1: This file cannot be read as Python" in said
    assert "src/orders_service/core/bad.py:1: This file cannot be read as Python" in said
    assert code_migrations.pending(service.root) == []
    assert service.git("status", "--porcelain", "--untracked-files=all").split() == [
        "??",
        "src/orders_service/core/bad.py",
        "??",
        "src/orders_service/core/deep.py",
        "??",
        "src/orders_service/core/marked.py",
        "??",
        "src/orders_service/core/odd.py",
    ]
