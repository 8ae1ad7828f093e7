"""The settings are documented: SETTINGS.md is what the Settings class says."""

from pathlib import Path

from pydantic import Field, SecretStr

from users_service.chassis.settings import ChassisSettings
from users_service.chassis.settings_table import settings_table
from users_service.settings import Settings

COMMITTED = Path(__file__).parents[2] / "SETTINGS.md"


class Example(ChassisSettings):
    wanted: str = Field(description="This | that.")
    token: SecretStr = Field(SecretStr("of-the-example"), description="A secret that everybody knows.")
    plain: int = 1
    listed: list[str] = Field(default_factory=lambda: ["b", "a"], description="Made anew.")
    counted: int = Field(default_factory=len, description="Made of the settings before it.")


def test_the_committed_table_is_up_to_date() -> None:
    """If not: PYTHONPATH=src python -m users_service settings > SETTINGS.md"""
    assert COMMITTED.read_text(encoding="utf-8") == settings_table(Settings)


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_settings_of_the_service_come_first() -> None:
    rows = [line for line in settings_table(Example).splitlines() if line.startswith("| `")]
    assert rows[0] == "| `WANTED` | required | This \\| that. |"
    assert rows[1] == "| `TOKEN` | `of-the-example` | A secret that everybody knows. |"
    assert rows[2] == "| `PLAIN` | `1` |  |"
    assert rows[3] == "| `LISTED` | `a,b` | Made anew. |"
    assert rows[4] == "| `COUNTED` | `0` | Made of the settings before it. |"
    assert rows[5].startswith("| `ENVIRONMENT` | `development` |")
