"""Invalid settings stop the startup with one line each, which names the setting without its value."""

import json
from typing import Annotated, Literal, Self

import pytest
from pydantic import AliasChoices, AliasPath, BaseModel, Field, SecretStr, field_validator, model_validator

from ..sample_service.settings import Settings
from ..unusable_settings import PLANTED, unusable

pytestmark = pytest.mark.usefixtures("nothing_set")


def test_logs_one_line_per_invalid_value(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    for variable in ("PORT", "LOG_LEVEL", "KEEP_ALIVE_TIMEOUT"):
        monkeypatch.setenv(variable, PLANTED)
    assert [line.partition(":")[0] for line in unusable(caplog)] == ["PORT", "KEEP_ALIVE_TIMEOUT", "LOG_LEVEL"]


class OwnSettings(Settings):
    own: dict[str, int] = Field({}, description="Something that is JSON.")


def test_names_a_setting_with_malformed_json(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("OWN", PLANTED)
    assert unusable(caplog, OwnSettings) == ["OWN: is not valid JSON"]


def test_names_a_setting_with_json_of_another_shape_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OWN", json.dumps({"a": PLANTED}))
    (line,) = unusable(caplog, OwnSettings)
    assert line.startswith("OWN: ")


class JudgedTogether(Settings):
    @model_validator(mode="after")
    def _refuse(self) -> Self:
        raise ValueError("These exclude each other.")


def test_logs_a_line_without_a_name_for_settings_that_conflict(caplog: pytest.LogCaptureFixture) -> None:
    assert unusable(caplog, JudgedTogether) == ["These exclude each other."]


class Smtp(BaseModel):
    host: str
    port: int = 25
    user: str = Field("", validation_alias=AliasChoices("username", "login"))
    password: SecretStr = SecretStr("")

    @field_validator("password")
    @classmethod
    def _refuse(cls, password: SecretStr) -> SecretStr:
        if password.get_secret_value() == PLANTED:
            raise ValueError(f"{PLANTED} is a bad password")
        return password


class Disk(BaseModel):
    kind: Literal["disk"]
    size: int


class Cloud(BaseModel):
    kind: Literal["cloud"]
    size: str


class Nested(Settings):
    smtp: Smtp | None = None
    store: Annotated[Disk | Cloud, Field(discriminator="kind")] = Disk(kind="disk", size=1)
    sizes: dict[str, int] = Field({})
    key: int = Field(1, validation_alias=AliasChoices("THE_KEY", AliasPath("KEYS", 0), "old_key"))


@pytest.mark.parametrize(
    ("variables", "beginning"),
    [
        ({"SMTP__HOST": "mail", "SMTP__PORT": PLANTED}, "SMTP__PORT: Input should be a valid integer"),
        ({"SMTP__PORT": "1"}, "SMTP__HOST: Field required"),
        ({"SMTP": '{"host": "mail", "port": "planted-value"}'}, "SMTP__PORT: Input should be a valid integer"),
        ({"SMTP": PLANTED}, "SMTP: Input should be a valid dictionary"),
        ({"STORE__SIZE": PLANTED}, "STORE__SIZE: Input should be a valid integer"),
        ({"STORE__KIND": PLANTED}, "STORE: Input tag '…' found using 'kind'"),
        ({"SIZES": PLANTED}, "SIZES: is not valid JSON"),
        ({"SIZES__A": PLANTED}, "SIZES: Input should be a valid integer"),
        ({"THE_KEY": PLANTED}, "THE_KEY: "),
        ({"OLD_KEY": PLANTED}, "OLD_KEY: "),
        ({"KEYS": PLANTED}, "KEYS: is not valid JSON"),
        ({"SMTP__HOST": "mail", "SMTP__PASSWORD": PLANTED}, "SMTP__PASSWORD: … is a bad password"),
    ],
    ids=str,
)
def test_names_an_invalid_setting_as_the_operator_set_it(
    variables: dict[str, str], beginning: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (line,) = unusable(caplog, Nested)
    assert line.startswith(beginning)


class Required(Settings):
    token: SecretStr = Field(validation_alias=AliasChoices("TOKEN", "OLD_TOKEN"))
    colour: str


def test_names_each_way_to_set_a_missing_setting(caplog: pytest.LogCaptureFixture) -> None:
    assert unusable(caplog, Required) == ["TOKEN or OLD_TOKEN: Field required", "COLOUR: Field required"]


class Telling(Required):
    @model_validator(mode="after")
    def _tell(self) -> Self:
        raise ValueError(f"{self.colour} does not go with {self.token.get_secret_value()}")


def test_masks_secrets_in_validation_messages_of_a_service(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TOKEN", PLANTED)
    monkeypatch.setenv("COLOUR", "green")
    assert unusable(caplog, Telling) == ["green does not go with …"]
