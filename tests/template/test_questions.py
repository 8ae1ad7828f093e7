import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from template.rendering import questionnaire, render

ORDERS = {"service_name": "orders"}
SHOWN = 60  # characters of a message that fit into a narrow terminal
TO_DO = re.compile("^(Enter|Choose|Leave|Add|Describe) |must|may have at most|cannot be|is (not|listed)|leave ")

REFUSED = [
    pytest.param({"service_name": "Orders"}, "must be kebab-case", id="upper-case name"),
    pytest.param({"service_name": "order_lines"}, "must be kebab-case", id="snake-case name"),
    pytest.param({"service_name": "1st"}, "must be kebab-case", id="name beginning with a digit"),
    pytest.param({"service_name": "a--b"}, "must be kebab-case", id="double dash"),
    pytest.param({"service_name": "a\n"}, "must be kebab-case", id="line break after the name"),
    pytest.param({"service_name": ""}, "-d service_name=orders", id="empty name"),
    pytest.param({"service_name": "orders-service"}, 'Leave "service" out', id="service in the name"),
    pytest.param({"service_name": "service"}, 'Leave "service" out', id="service as the name"),
    pytest.param({"service_name": "a" * 33}, "at most 32 characters; it has 33", id="long name"),
    pytest.param(
        {"service_name": "orders-migrate"}, "container of the service orders", id="name of an existing container"
    ),
    pytest.param({"service_name": "orders-postgres"}, "container of the service orders", id="name of a database"),
    pytest.param({"description": " \n"}, "Describe in one sentence", id="empty description"),
    pytest.param({"description": "a\x00b"}, "control characters", id="NUL in the description"),
    pytest.param({"description": "a\u2028b"}, "control characters", id="line separator in the description"),
    pytest.param({"entity": "OrderLine"}, "must be snake_case", id="entity in Pascal case"),
    pytest.param({"entity": "order-line"}, "must be snake_case", id="entity in kebab-case"),
    pytest.param({"entity": "_order"}, "must be snake_case", id="private entity"),
    pytest.param({"entity": "none"}, 'such as "orders_none"', id="entity whose class is None"),
    pytest.param({"entity": ""}, "must be snake_case", id="empty entity"),
    pytest.param({"entity": "testimonial"}, "pytest would collect the classes", id="entity like a test"),
    pytest.param({"entity_plural": "tests"}, "pytest would collect the classes", id="plural like a test"),
    pytest.param({"entity": "e" * 33}, "at most 32 characters; it has 33", id="long entity"),
    pytest.param({"entity": "callable"}, "would shadow a name", id="entity whose class the core imports"),
    pytest.param({"entity": "value_error"}, "would shadow a name", id="entity whose class is a builtin"),
    pytest.param({"entity": "page"}, "would shadow a name", id="entity whose class the service has"),
    pytest.param({"entity": "fish", "entity_plural": "fish"}, "must differ from the singular", id="plural as singular"),
    pytest.param({"entity": "x1", "entity_plural": "x_1"}, "must differ from", id="plural with the singular's class"),
    pytest.param({"entity_plural": "Orders"}, "must be snake_case", id="plural in Pascal case"),
    pytest.param({"entity_plural": "e" * 31}, "at most 30 characters; it has 31", id="long plural"),
    pytest.param({"entity_plural": "settings"}, "cannot name a module", id="plural whose class the service has"),
    pytest.param({"entity_plural": "services"}, "cannot name a module", id="plural that is a name in the router"),
    pytest.param({"entity_plural": "value_error"}, "cannot name a module", id="plural whose class is a builtin"),
    pytest.param({"entity": "clas", "entity_plural": "class"}, "cannot name a module", id="keyword as plural"),
    pytest.param({"entity": "o", "entity_plural": "bytes"}, "cannot name a module", id="builtin as plural"),
    pytest.param({"entity": "o", "entity_plural": "errors"}, "cannot name a module", id="module of the core as plural"),
    pytest.param({"entity_plural": "found"}, "cannot name a module", id="plural that is a variable in the router"),
    pytest.param({"entity": "typed_dict"}, "would shadow a name", id="entity whose class core imports from typing"),
    pytest.param({"port": 80}, "from 1024 to 65535", id="privileged port"),
    pytest.param({"port": 65536}, "from 1024 to 65535", id="port out of range"),
    pytest.param({"upstreams": "users"}, "Enter a list of service names", id="upstreams that are a string"),
    pytest.param({"upstreams": ["Users"]}, '"Users" is not the kebab-case name', id="upstream in upper case"),
    pytest.param({"upstreams": [1]}, "1 is not the kebab-case name", id="upstream that is a number"),
    pytest.param({"upstreams": ["orders"]}, "cannot be its own upstream", id="itself as upstream"),
    pytest.param({"upstreams": ["users", "users"]}, '"users" is listed twice', id="upstream twice"),
    pytest.param({"upstreams": {"a": "b"}}, "Enter a list of service names", id="upstreams that are a mapping"),
    pytest.param(
        {"extra_dependencies": {"a": "b"}}, "Enter a list of requirements", id="requirements that are a mapping"
    ),
    pytest.param({"extra_dependencies": [{"redis": 7}]}, "is not a requirement", id="requirement that is a mapping"),
    pytest.param(
        {"extra_dev_dependencies": ['redis"']}, "is not a requirement", id="requirement of the tests with a quote"
    ),
    pytest.param({"extra_dependencies": "redis"}, "Enter a list of requirements", id="requirements that are a string"),
    pytest.param({"extra_dependencies": ['redis"']}, "is not a requirement", id="requirement with a quote"),
    pytest.param({"extra_dependencies": ["redis>=7\nx"]}, "is not a requirement", id="requirement with a line break"),
    pytest.param({"extra_dependencies": ["redis @ x://y"]}, "is not a requirement", id="requirement with an address"),
    pytest.param({"extra_packages": "ffmpeg"}, "Enter a list of Debian packages", id="packages that are a string"),
    pytest.param({"extra_packages": ["a b"]}, "is not the name of a Debian package", id="package with a space"),
    pytest.param({"extra_packages": ["x1; id"]}, "is not the name of a Debian", id="package with a command"),
    pytest.param({"extra_gitignore": "/data/"}, "Enter a list of patterns", id="patterns that are a string"),
    pytest.param({"extra_gitignore": ["a\nb"]}, "is not a line of a .gitignore", id="pattern with a line break"),
    pytest.param({"ci": "jenkins"}, "Enter github, gitlab or none", id="unknown CI"),
    pytest.param({"ci": ""}, "Enter github, gitlab or none", id="no CI"),
]


@pytest.mark.parametrize(("answers", "sentence"), REFUSED)
def test_refuses_invalid_answers_with_a_helpful_message(answers: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        render(tmp_path / "service", {**ORDERS, **answers}, seed=True)
    message = str(caught.value).partition("': ")[2]
    assert TO_DO.search(message[:SHOWN]), "a terminal cuts the message, and what to do would be lost"
    assert not (tmp_path / "service").exists()


def test_no_question_is_a_multiple_choice_list() -> None:
    """Copier does not validate such a choice, and Esc and Enter would choose nothing."""
    assert [name for name, about in questionnaire().items() if "choices" in about] == []


def test_derives_defaults_from_the_service_name(tmp_path: Path) -> None:
    render(tmp_path / "service", {"service_name": "order-lines"}, seed=True)
    answers = yaml.safe_load((tmp_path / "service" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert (answers["entity"], answers["entity_plural"]) == ("order_line", "order_lines")
    assert answers["description"] == "Manages order lines."


@pytest.mark.parametrize(
    ("folder", "name"), [("order-lines", "order-lines"), ("My Shop", "my-shop"), ("2_orders-service", "orders")]
)
def test_derives_the_service_name_from_the_folder(folder: str, name: str, tmp_path: Path) -> None:
    render(tmp_path / folder, {}, seed=False)
    answers = yaml.safe_load((tmp_path / folder / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert answers["service_name"] == name


@pytest.mark.parametrize(
    ("name", "entity", "plural"),
    [
        ("categories", "category", "categories"),
        ("addresses", "address", "addresses"),
        ("boxes", "box", "boxes"),
        ("branches", "branch", "branches"),
        ("houses", "house", "houses"),
        ("days", "day", "days"),
        ("access", "access", "accesses"),
        ("status", "status", "statuses"),
        ("inventory", "inventory", "inventories"),
        ("s", "s", "ses"),
        ("users", "user", "users"),
    ],
)
def test_derives_singular_and_plural(name: str, entity: str, plural: str, tmp_path: Path) -> None:
    render(tmp_path / "service", {"service_name": name}, seed=False)
    answers = yaml.safe_load((tmp_path / "service" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert (answers["entity"], answers["entity_plural"]) == (entity, plural)


def test_records_only_the_answers(tmp_path: Path) -> None:
    render(tmp_path / "service", ORDERS, seed=False)
    answers = yaml.safe_load((tmp_path / "service" / ".copier-answers.yml").read_text(encoding="utf-8"))
    about_the_entity = {"sample", "entity", "entity_plural"}
    asked = about_the_entity | {"service_name", "description", "port", "upstreams", "kubernetes", "ci"}
    asked |= {"extra_dependencies", "extra_dev_dependencies", "extra_packages", "extra_gitignore"}
    assert set(answers) - {"_commit"} == {"_src_path"} | asked
    assert answers["_src_path"] == "."


def test_asks_for_no_entity_without_a_sample(tmp_path: Path) -> None:
    render(tmp_path / "service", {**ORDERS, "sample": False}, seed=True)
    answers = yaml.safe_load((tmp_path / "service" / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert answers["sample"] is False
    assert not {"entity", "entity_plural"} & set(answers)
    assert not [*(tmp_path / "service").rglob("*orders.py")]
