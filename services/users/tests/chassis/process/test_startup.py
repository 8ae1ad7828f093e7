"""An unusable setting stops the start, with one line for each, which names it and never repeats its value."""

import json
from pathlib import Path
from typing import Self

import pytest
from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from ..sample_service.settings import Settings
from ..unusable_settings import PLANTED, unusable

pytestmark = pytest.mark.usefixtures("nothing_set")


def test_each_unusable_value_has_its_line(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    for variable in ("PORT", "LOG_LEVEL", "KEEP_ALIVE_TIMEOUT"):
        monkeypatch.setenv(variable, PLANTED)
    assert [line.partition(":")[0] for line in unusable(caplog)] == ["PORT", "KEEP_ALIVE_TIMEOUT", "LOG_LEVEL"]


class OwnSettings(Settings):
    own: dict[str, int] = Field({}, description="Something that is JSON.")


def test_a_value_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OWN", PLANTED)
    assert unusable(caplog, OwnSettings) == ["OWN: is not valid JSON"]


def test_json_of_another_shape_is_named_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OWN", json.dumps({"a": PLANTED}))
    (line,) = unusable(caplog, OwnSettings)
    assert line.startswith("OWN: ")


class JudgedTogether(Settings):
    @model_validator(mode="after")
    def _refuse(self) -> Self:
        raise ValueError("These exclude each other.")


def test_what_is_wrong_with_several_values_has_a_line_without_a_name(caplog: pytest.LogCaptureFixture) -> None:
    assert unusable(caplog, JudgedTogether) == ["These exclude each other."]


def test_a_secret_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class WithSecrets(Settings):
        model_config = SettingsConfigDict(secrets_dir=tmp_path)

    def refuse(path: Path, *_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "postgres_password").touch()
    monkeypatch.setattr(Path, "read_text", refuse)
    assert unusable(caplog, WithSecrets) == ["POSTGRES_PASSWORD: cannot be read: Permission denied"]
