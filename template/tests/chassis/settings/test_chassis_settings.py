"""Settings come from the environment and from secret files; invalid or unsafe values are refused."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field, SecretStr

from chassis.identity import Identity
from chassis.process import load_settings
from chassis.settings import ChassisSettings, Port

from ..sample_process import SERVICE_FOLDER, python_path
from ..sample_service import IDENTITY
from ..sample_service.settings import Settings
from ..unusable_settings import PLANTED, unusable

pytestmark = pytest.mark.usefixtures("nothing_set")


def test_accepts_an_empty_environment() -> None:
    settings = load_settings(Settings)
    assert (settings.port, settings.postgres_host, settings.postgres_db) == (
        IDENTITY.default_port,
        "postgres",
        IDENTITY.name,
    )


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("POSTGRES_PASSWORD", PLANTED)
    settings = load_settings(Settings)
    assert settings.port == 9000
    assert settings.postgres_password.get_secret_value() == PLANTED
    assert PLANTED not in repr(settings)


def test_uses_the_default_for_an_empty_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert load_settings(Settings).port == IDENTITY.default_port


def test_accepts_port_0_for_any_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "0")
    assert load_settings(Settings).port == 0


def test_errors_contain_no_values() -> None:
    """Not even an error that is raised to code that reads the settings itself."""
    given: Any = {"port": PLANTED}
    with pytest.raises(ValueError, match="port") as caught:
        Settings(**given)
    assert PLANTED not in str(caught.value)


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example,,")
    assert load_settings(Settings).allowed_hosts == {"a.example", "b.example"}


def test_looks_for_secret_files_in_run_secrets() -> None:
    code = """
import pathlib
pathlib.Path.is_dir = lambda path: str(path) == "/run/secrets"
from chassis.settings import ChassisSettings
print(ChassisSettings.model_config["secrets_dir"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=SERVICE_FOLDER,
        env=os.environ | {"PYTHONPATH": python_path()},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == b"/run/secrets\n"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", PLANTED),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("LOG_LEVEL", PLANTED),
        ("LOG_FORMAT", PLANTED),
        ("ENVIRONMENT", PLANTED),
        ("WEB_CONCURRENCY", "0"),
        ("DRAIN_DELAY", "-1"),
        ("DRAIN_DELAY", "600.5"),
        ("DATABASE_TIMEOUT", "86400.5"),
        ("DATABASE_TIMEOUT", "inf"),
        ("DATABASE_TIMEOUT", "nan"),
        ("DATABASE_STATEMENT_TIMEOUT", "0"),
        ("HTTP_CLIENT_TOTAL_TIMEOUT", PLANTED),
        ("MAX_BODY_SIZE", PLANTED),
    ],
)
def test_names_an_invalid_value_in_one_line(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(variable, value)
    (line,) = unusable(caplog)
    assert line.startswith(f"{variable}: ")
    assert "\n" not in line


@pytest.mark.parametrize(
    "password",
    [
        *("", "Postgres", "admin", "changeme", "example", "password", "root", "secret", "test"),
        *(IDENTITY.name, "the-role", "the-database"),
    ],
)
def test_production_refuses_the_default_password(
    password: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in {"USER": "the-role", "DB": "the-database", "PASSWORD": password}.items():
        monkeypatch.setenv(f"POSTGRES_{name}", value)
    assert load_settings(Settings).environment == "development", "development accepts it"
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("AUTHENTICATION", "off")
    assert unusable(caplog) == ["POSTGRES_PASSWORD: is empty or well known, which ENVIRONMENT=production refuses"]


def test_production_accepts_another_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("POSTGRES_PASSWORD", PLANTED)
    monkeypatch.setenv("AUTHENTICATION", "off")
    assert load_settings(Settings).environment == "production"


def test_production_refuses_missing_authentication_unless_it_is_off_explicitly(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert not load_settings(Settings).authenticates, "development needs no authentication"
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("POSTGRES_PASSWORD", PLANTED)
    reason = "is empty, which ENVIRONMENT=production refuses; AUTHENTICATION=off serves without tokens"
    assert unusable(caplog) == [f"AUTH_ISSUER: {reason}"]
    monkeypatch.setenv("AUTH_ISSUER", "https://id.example")
    assert load_settings(Settings).authenticates
    monkeypatch.setenv("AUTHENTICATION", "Off")
    assert not load_settings(Settings).authenticates


@pytest.mark.parametrize("issuer", ["https://id.example", "https://id.example/", "http://127.0.0.1:8000/realms/One"])
def test_keeps_the_issuer_url_unchanged(issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_ISSUER", issuer)
    assert load_settings(Settings).auth_issuer == issuer


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("AUTH_ISSUER", "id.example", "must be an http or https URL"),
        ("AUTH_ISSUER", "ftp://id.example", "must be an http or https URL"),
        ("AUTH_ISSUER", "https://me:secret@id.example", "must not contain a user name, a password or a `#`"),
        ("AUTH_ISSUER", " https://id.example", "must not contain whitespace"),
        ("AUTH_ISSUER", "https://id.example\n", "must not contain whitespace"),
        ("AUTH_ISSUER", "https://id.example?realm=one", "must end with its path, without `?`"),
        ("AUTH_JWKS_URL", "keys", "must be an http or https URL"),
        ("AUTH_TOKEN_URL", "https://id.example/token#here", "must not contain a user name, a password or a `#`"),
    ],
)
def test_checks_the_issuer_urls(
    variable: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(variable, value)
    assert unusable(caplog) == [f"{variable}: {reason}"]


def test_refuses_a_client_secret_without_a_client_id(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AUTH_CLIENT_SECRET", PLANTED)
    assert unusable(caplog) == ["AUTH_CLIENT_SECRET: needs AUTH_CLIENT_ID"]


def test_production_refuses_a_client_id_without_an_issuer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AUTH_CLIENT_ID", "orders")
    assert not load_settings(Settings).has_client_credentials, "development accepts it"
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("POSTGRES_PASSWORD", PLANTED)
    monkeypatch.setenv("AUTHENTICATION", "off")
    reason = "needs AUTH_ISSUER or AUTH_TOKEN_URL in ENVIRONMENT=production"
    assert unusable(caplog) == [f"AUTH_CLIENT_ID: {reason}"]
    monkeypatch.setenv("AUTH_TOKEN_URL", "https://id.example/token")
    assert load_settings(Settings).has_client_credentials


@pytest.mark.parametrize("bodies", ["errors", "all"])
def test_production_refuses_to_log_values_of_bodies(
    bodies: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LOG_BODIES", bodies)
    assert load_settings(Settings).log_bodies == bodies, "development accepts it"
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("POSTGRES_PASSWORD", PLANTED)
    monkeypatch.setenv("AUTHENTICATION", "off")
    reason = "would log values from bodies, which ENVIRONMENT=production refuses"
    assert unusable(caplog) == [f"LOG_BODIES: {reason}"]
    for accepted in ("shapes", "off"):
        monkeypatch.setenv("LOG_BODIES", accepted)
        assert load_settings(Settings).log_bodies == accepted


def test_refuses_a_log_file_with_several_workers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LOG_FILE", "log")
    assert str(load_settings(Settings).log_file) == "log"
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    assert unusable(caplog) == ["LOG_FILE: cannot be rotated by several processes; set WEB_CONCURRENCY=1"]


def test_reports_an_invalid_worker_count_only_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LOG_FILE", "log")
    monkeypatch.setenv("WEB_CONCURRENCY", PLANTED)
    (line,) = unusable(caplog)
    assert line.startswith("WEB_CONCURRENCY: ")


def test_settings_are_immutable() -> None:
    settings: Any = Settings(postgres_password=SecretStr(PLANTED))
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


class OfACompany(ChassisSettings):
    """Base settings that all services of a company share."""

    development_file: ClassVar[Path | None] = None

    region: str = Field("here", description="Where they are.")


def identity(name: str, port: int) -> Identity:
    return Identity(name=name, title=name, description=name, default_port=port, version="1")


class OfOne(OfACompany):
    identity = identity("one", 1111)


class OfAnother(OfOne):
    identity = identity("another", 2222)


class WithAPortOfItsOwn(OfAnother):
    port: Port = 3333


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (OfOne, ("one", "one", 1111)),
        (OfAnother, ("another", "another", 2222)),
        (WithAPortOfItsOwn, ("another", "another", 3333)),
    ],
)
def test_takes_defaults_from_the_identity(kind: type[ChassisSettings], expected: tuple[str, str, int]) -> None:
    settings = load_settings(kind)
    assert (settings.postgres_db, settings.postgres_user, settings.port) == expected
    assert kind.model_fields["port"].default == expected[2]


def test_refuses_settings_without_an_identity() -> None:
    with pytest.raises(TypeError, match="OfACompany does not say which service it belongs to"):
        OfACompany()
