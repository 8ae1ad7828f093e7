"""The command that adds an entity: the result passes every check of its service, and equals the sample."""

import shutil
from pathlib import Path

import pytest
from copier import run_copy, run_update
from promises import promises_kept
from working_copy import Copy, Generate
from workshop import WORKSHOPS, Programs

from entity import names
from layout import ROOT
from template.rendering import questionnaire

ORDERS = {"service_name": "orders", "ci": "none"}
SAMPLE = ("order", "--field", "name:str:100", "--field", "successor_id:ref:order?", "--filter", "name")
REVIEW = ("review", "--field", "text:str:500", "--field", "order_id:ref:order", "--field", "stars:int")
REPLY = (
    *("reply", "--field", "review_id:ref:review", "--field", "order_id:ref:order?"),
    *("--field", "parent_id:ref:reply?", "--field", "hidden:bool", "--field", "weight:float?"),
    *("--field", "price:decimal", "--field", "discount:decimal?", "--field", "day:date", "--field", "at:datetime?"),
    *("--field", "token:uuid", "--field", "remark:str:20?", "--field", "title:str:2000"),
    *("--field", "body:text:20000", "--field", "note:text:50?"),
    *("--filter", "hidden", "--filter", "day", "--filter", "at", "--filter", "review_id"),
)
LONG = ("e" * 32, "--plural", "p" * 30, "--field", f"{'f' * 30}:ref:order", "--filter", "f" * 30)
COMMON_WORDS = (
    *(
        "number",
        "--field",
        "due:date",
        "--field",
        "number:int",
        "--field",
        "index:int",
        "--field",
        "count:int",
        "--field",
        "keys:str:10",
    ),
    *("--field", "items:str:10", "--field", "table:str:10", "--field", "select:bool", "--field", "model_name:str:10"),
    *("--filter", "number", "--filter", "count", "--filter", "table"),
)
PRICE_ALONE = ("fee", "--field", "price:decimal?")  # this is what the tests change
ONE_FIELD = ("tag", "--field", "weight:int?", "--filter", "weight")


@pytest.fixture
def orders(generate: Generate) -> Copy:
    """Return a new, committed service."""
    return Copy(generate(ORDERS))


@pytest.fixture
def unchanged(generated: Generate) -> Copy:
    """Return the same service, shared with other tests, which must not change it."""
    return Copy(generated(ORDERS))


@pytest.fixture
def empty(generated: Generate, tmp_path: Path) -> Copy:
    """Return a new, committed service without a sample."""
    return Copy(Path(shutil.copytree(generated({**ORDERS, "sample": False}), tmp_path / "empty")))


def make(programs: Programs, service: Copy, *arguments: str) -> None:
    programs.run("python", "-m", "entity.command", *arguments, service=service.root)


def refused(programs: Programs, service: Copy, *arguments: str) -> str:
    """Return the error message; check that nothing was changed."""
    before = service.git("status", "--short")
    with pytest.raises(AssertionError) as caught:
        make(programs, service, *arguments)
    assert service.git("status", "--short") == before
    return str(caught.value)


def test_generates_the_same_code_as_the_sample(orders: Copy, empty: Copy, programs: Programs) -> None:
    make(programs, empty, *SAMPLE)
    for service in (orders, empty):
        for about_the_answers in (".copier-answers.yml", "tools/updates/owned.txt"):
            (service.root / about_the_answers).unlink()
    [migration] = (empty.root / "migrations/versions").glob("*.py")
    [sample] = (orders.root / "migrations/versions").glob("*.py")
    assert without_revision(migration) == without_revision(sample)
    for path in (migration, migration.with_name(".gitkeep"), sample, orders.root / "tests/service/test_restart.py"):
        path.unlink()
    assert contents(empty) == contents(orders)


def without_revision(migration: Path) -> list[str]:
    lines = migration.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("revision = ")]


def contents(service: Copy) -> dict[Path, bytes]:
    files = [path for path in service.root.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {path.relative_to(service.root): path.read_bytes() for path in files if path.suffix != ".pyc"}


def test_generated_entities_pass_all_checks(orders: Copy, programs: Programs) -> None:
    """Every kind of field, references to others, itself and an optional one, and the longest names."""
    for arguments in (REVIEW, REPLY, LONG, ONE_FIELD, PRICE_ALONE, COMMON_WORDS):
        make(programs, orders, *arguments)
    changed = orders.git("diff", "--name-only").splitlines()
    assert changed == ["src/orders_service/main.py"]
    check_all(orders, programs)
    programs.run("pytest", "--quiet", "--ignore=tests/chassis", service=orders.root)


@pytest.mark.thorough
def test_generated_entities_are_covered_by_their_tests(orders: Copy, programs: Programs) -> None:
    for arguments in (REVIEW, REPLY, LONG, ONE_FIELD, PRICE_ALONE, COMMON_WORDS):
        make(programs, orders, *arguments)
    report = ("coverage", "report", "--include", "src/*_service/core/*,src/*_service/api/*", "--fail-under", "100")
    programs.run("coverage", "run", "-m", "pytest", "--quiet", "--ignore=tests/chassis", service=orders.root)
    programs.run("coverage", "combine", "--quiet", service=orders.root)
    programs.run(*report, service=orders.root)


@pytest.mark.thorough
def test_generated_entity_passes_all_checks_without_a_sample(empty: Copy, programs: Programs) -> None:
    conformance = "tests/conformance"
    programs.run("pytest", "--quiet", conformance, service=empty.root)
    make(programs, empty, *ONE_FIELD)
    check_all(empty, programs)
    programs.run(
        "pytest", "--quiet", "tests/api", "tests/core", "tests/infrastructure", conformance, service=empty.root
    )


def check_all(service: Copy, programs: Programs) -> None:
    programs.run("ruff", "check", "--no-cache", service=service.root)
    programs.run("ruff", "format", "--no-cache", "--check", service=service.root)
    programs.run("lint-imports", "--no-cache", service=service.root)
    code = ("src/orders_service", "tests", "tools", "migrations", "--exclude", "^tests/chassis/")
    programs.run("mypy", f"--cache-dir={WORKSHOPS / 'mypy'}", *code, service=service.root)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["friends", "accounts"])
def test_adds_an_entity_to_older_services(name: str, tmp_path: Path) -> None:
    """Whatever their composition root and their other entities look like."""
    service = Copy(tmp_path / name)
    hidden = shutil.ignore_patterns(".venv", ".allium", "__pycache__", ".*_cache")
    shutil.copytree(ROOT / "services" / name, service.root, ignore=hidden)
    programs = Programs.of(service.root / "requirements-dev.txt", name)
    reference = {"users": ("--field", "user_id:ref:user")}.get(name, ())
    make(programs, service, *ONE_FIELD, *reference)
    programs.run("ruff", "check", "--no-cache", service=service.root)
    code = ("src", "tests/api", "tests/core", "tests/infrastructure")
    programs.run("mypy", f"--cache-dir={WORKSHOPS / 'mypy'}", *code, service=service.root)
    programs.run(
        "pytest", "--quiet", "tests/api/test_tags.py", "tests/core", "tests/infrastructure", service=service.root
    )


def test_delete_reverts_the_creation(orders: Copy, programs: Programs) -> None:
    for arguments in (REVIEW, REPLY):
        make(programs, orders, *arguments)
    assert "create_replies.py" in refused(programs, orders, "review", "--delete")
    make(programs, orders, "reply", "--delete")
    said = programs.run("python", "-m", "entity.command", "review", "--delete", service=orders.root)
    back = "UPDATE alembic_version SET version_num = '000000000001'"
    assert f'  nox -s psql -- -c "DROP TABLE reviews; {back}"\n' in said
    assert orders.git("status", "--short") == ""


def test_deletes_the_sample(orders: Copy, empty: Copy, programs: Programs) -> None:
    make(programs, orders, "order", "--delete")
    main = "src/orders_service/main.py"
    assert (orders.root / main).read_bytes() == (empty.root / main).read_bytes()


@pytest.mark.parametrize(
    "edited", ["src/orders_service/main.py", "src/orders_service/api/reviews.py", "tests/api/test_reviews.py"]
)
def test_refuses_to_delete_edited_files(edited: str, orders: Copy, programs: Programs) -> None:
    make(programs, orders, *REVIEW)
    file = orders.root / edited
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("new_id=new_id,\n        now", "new_id=uuid4,\n        now") + "\n# Mine.\n")
    if edited.endswith("main.py"):
        file.write_text(
            text.replace("    return build_application", "    print(reviews)\n    return build_application")
        )
    assert f"by hand:\n  {edited}\n" in refused(programs, orders, "review", "--delete")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "the following arguments are required: entity"),
        (("review",), "at least one field"),
        (("Review", "--field", "stars:int"), "is not snake_case"),
        (("review", "--field", "Stars:int"), "is not snake_case"),
        (("review", "--field", "stars"), "a field is name:kind"),
        (("review", "--field", "stars:number"), "there is no kind number. Kinds: str, text, int, "),
        (("review", "--field", "text:str"), "say how many characters"),
        (("review", "--field", "text:str:0"), "say how many characters"),
        (("review", "--field", "text:str:2001"), "1 to 2000"),
        (("review", "--field", "body:text"), "as in body:text:100"),
        (("review", "--field", "body:text:9", "--filter", "body"), "no field that a list can be filtered by"),
        (("review", "--field", "order_id:ref"), "say which entity"),
        (("review", "--field", "user_id:ref:user"), "There is no entity user"),
        (("review", "--field", "review_id:ref:review"), "add a ? at the end"),
        (("review", "--field", "id:int"), "choose another name for the field"),
        (("review", "--field", "import:int"), "choose another name for the field"),
        (("review", "--field", "metadata:int"), "choose another name for the field"),
        (("review", "--field", "lines:text:100"), "choose another name for the field"),
        (("review", "--field", "reviews:int", "--filter", "reviews"), "cannot be filtered by a field of the same name"),
        (("line", "--field", "stars:int"), "is a name of"),
        (("review", "--field", "stars:int", "--field", "stars:bool"), "Two fields have the same name"),
        (("review", "--field", "weight:float", "--filter", "weight"), "no field that a list can be filtered by"),
        (("page", "--field", "stars:int"), "would shadow a name"),
        (("settings", "--plural", "settings", "--field", "stars:int"), "is a name of"),
        (("order", "--field", "stars:int"), "These files exist already"),
        (("review", "--delete"), "No migration says that this command created review"),
    ],
)
def test_refuses_invalid_arguments_with_a_helpful_message(
    arguments: tuple[str, ...], sentence: str, unchanged: Copy, programs: Programs
) -> None:
    said = refused(programs, unchanged, *arguments)
    assert sentence in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("text", "instead", "sentence"),
    [
        ("database=database", "database=Database(settings)", "main.py has no build_application("),
        ("from datetime import UTC, datetime", "import datetime", "main.py imports a module as datetime"),
        ("def create_app", "def create app", "main.py cannot be read as Python"),
        ("problems=[", "problems=[] and [", "main.py has no build_application("),
        ("database = Database", "database = reviews = Database", "uses the name reviews already"),
    ],
)
def test_refuses_an_unknown_form_of_the_composition_root(
    text: str, instead: str, sentence: str, orders: Copy, programs: Programs
) -> None:
    main = orders.root / "src/orders_service/main.py"
    main.write_text(main.read_text(encoding="utf-8").replace(text, instead), encoding="utf-8")
    assert sentence in refused(programs, orders, *REVIEW)


def test_follows_migrations_written_by_alembic(orders: Copy, programs: Programs) -> None:
    versions = orders.root / "migrations/versions"
    (versions / "__init__.py").touch()
    (versions / "mine.py").write_text(
        'from collections.abc import Sequence\n\nrevision: str = "abc"\n'
        'down_revision: str | Sequence[str] | None = "000000000001"\n',
        encoding="utf-8",
    )
    make(programs, orders, *REVIEW)
    [made] = versions.glob("*_create_reviews.py")
    assert 'down_revision = "abc"' in made.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "content", "sentence"),
    [
        ("migrations/versions/mine.py", b"revision = (", "cannot be read as Python"),
        ("src/orders_service/main.py", b"# \xe9", "is not in UTF-8"),
    ],
)
def test_names_a_file_that_it_cannot_read(
    path: str, content: bytes, sentence: str, orders: Copy, programs: Programs
) -> None:
    (orders.root / path).write_bytes(content)
    said = refused(programs, orders, *REVIEW)
    assert f"{path} {sentence}" in said
    assert "Traceback" not in said


def test_creates_nothing_if_a_file_cannot_be_written(orders: Copy, programs: Programs) -> None:
    folder = orders.root / "tests/api"
    shutil.rmtree(folder)
    folder.write_text("This is no folder.", encoding="utf-8")
    said = refused(programs, orders, "review", "--field", "stars:int")
    assert "tests/api" in said
    assert "Traceback" not in said


def test_keeps_comments_in_the_composition_root(orders: Copy, programs: Programs) -> None:
    main = orders.root / "src/orders_service/main.py"
    text = main.read_text(encoding="utf-8").replace("    return build", "    # Ünd nun:\n    return build")
    text = text.replace("_router(orders),", "_router(orders),  # first").replace(".PROBLEMS,", ".PROBLEMS,  # last")
    main.write_text(text, encoding="utf-8")
    make(programs, orders, *REVIEW)
    assert {"    # Ünd nun:", "            orders_api.orders_router(orders),  # first"} <= set(
        main.read_text(encoding="utf-8").splitlines()
    )
    make(programs, orders, "review", "--delete")
    assert main.read_text(encoding="utf-8") == text


@pytest.mark.thorough
def test_updates_a_service_with_several_entities(original: Copy, tmp_path: Path) -> None:
    """The service owns their files, so none is touched; the command itself is updated."""
    template = original.clone(tmp_path / "template")
    template.git("branch", "begin")
    service = Copy(tmp_path / "orders")
    run_copy(template.url, service.root, data=ORDERS, vcs_ref="begin", defaults=True, quiet=True)
    service.git("init", "--quiet")
    for arguments in (REVIEW, REPLY, ONE_FIELD):
        done = service.python("-m", "entity.command", *arguments, path=["tools"])
        assert done.returncode == 0, done.stderr
    service.commit("Generate")
    template.append("template/tools/entity/files/api.py.j2", "\n# changed\n")
    template.append("template/noxfile.py", "\n# changed\n")
    template.commit("Change the template")
    with promises_kept(service, template, old="begin", new="HEAD"):
        run_update(service.root, vcs_ref="HEAD", defaults=True, overwrite=True, quiet=True)
    assert (service.root / "tools/entity/files/api.py.j2").read_text(encoding="utf-8").endswith("# changed\n")


def test_refuses_the_names_that_the_template_refuses() -> None:
    for question, refuses in (("entity", names.ENTITIES), ("entity_plural", names.PLURALS)):
        validator = questionnaire()[question]["validator"]
        listed = set(validator.partition(" in '")[2].partition("'.split()")[0].split())
        assert listed - names.PYTHON == refuses - names.PYTHON
