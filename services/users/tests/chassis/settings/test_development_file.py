"""`development.env` has values for development: lower priority than the environment, and never read in production."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.process import load_settings
from chassis.settings import ChassisSettings

from ..sample_process import SERVICE_FOLDER, python_path
from ..sample_service.settings import Settings
from ..unusable_settings import PLANTED, unusable

pytestmark = pytest.mark.usefixtures("nothing_set")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    return tmp_path / "development.env"


@pytest.fixture
def kind(file: Path) -> type[Settings]:
    class Required(Settings):
        model_config = SettingsConfigDict(secrets_dir=file.parent / "secrets")
        development_file = file

        token: SecretStr
        sizes: dict[str, int] = Field({})

    return Required


def test_provides_values_that_are_set_nowhere_else(
    kind: type[Settings], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("# For development\nTOKEN=of-development\nPOSTGRES_HOST=a\nPOSTGRES_DB=a\nPORT=\nSIZES__A=1\n")
    (file.parent / "secrets" / "postgres_host").write_text("b")
    (file.parent / "secrets" / "postgres_db").write_text("b")
    monkeypatch.setenv("POSTGRES_DB", "c")
    settings = load_settings(kind)
    assert (settings.postgres_host, settings.postgres_db, settings.port) == ("b", "c", Settings().port)
    assert settings.model_dump()["token"] == SecretStr("of-development")
    assert settings.model_dump()["sizes"] == {"a": 1}


@pytest.mark.parametrize("where", ["the environment", "a secret file"])
@pytest.mark.parametrize("environment", ["production", "Production"])
def test_is_not_read_in_production(
    kind: type[Settings],
    file: Path,
    where: str,
    environment: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file.write_bytes(b"\xff")
    monkeypatch.setenv("POSTGRES_PASSWORD", PLANTED)
    monkeypatch.setenv("AUTHENTICATION", "off")
    if where == "the environment":
        monkeypatch.setenv("ENVIRONMENT", environment)
    else:
        (file.parent / "secrets" / "environment").write_text(environment)
    assert unusable(caplog, kind) == ["TOKEN: Field required"]


def test_is_optional(kind: type[Settings], caplog: pytest.LogCaptureFixture) -> None:
    assert unusable(caplog, kind) == ["TOKEN: Field required"]


def test_refuses_environment_in_the_file(kind: type[Settings], file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_text("TOKEN=x\nENVIRONMENT=production\n")
    assert unusable(caplog, kind) == ["ENVIRONMENT in development.env: must be set in the environment instead"]


def test_ignores_variables_of_others(kind: type[Settings], file: Path) -> None:
    file.write_text("TOKEN=x\nSETTING_OF_A_JOB=1\n")
    assert load_settings(kind).model_dump()["token"] == SecretStr("x")


def test_names_an_invalid_value_or_an_unreadable_file(
    kind: type[Settings], file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text(f"TOKEN=x\nSIZES={PLANTED}\n")
    assert unusable(caplog, kind) == ["SIZES in development.env: is not valid JSON"]
    caplog.clear()
    file.write_bytes(b"TOKEN=\xff")
    assert unusable(caplog, kind) == [f"{file}: is not UTF-8"]


def test_is_read_from_the_folder_of_the_service_in_any_working_directory(tmp_path: Path) -> None:
    assert ChassisSettings.development_file == SERVICE_FOLDER / "development.env"
    code = "from chassis.settings import ChassisSettings; print(ChassisSettings.development_file)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join(str(SERVICE_FOLDER / part) for part in python_path().split(":"))},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.decode() == f"{SERVICE_FOLDER / 'development.env'}\n"
