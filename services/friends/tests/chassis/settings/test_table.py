"""The table that documents settings."""

from pydantic import Field, SecretStr

from chassis.settings.table import settings_table

from ..sample_service.settings import Settings


class Example(Settings):
    wanted: str = Field(description="This | that.")
    token: SecretStr = Field(SecretStr("of-the-example"), description="A secret that everybody knows.")
    plain: int = 1
    listed: list[str] = Field(default_factory=lambda: ["b", "a"], description="Made anew.")
    counted: int = Field(default_factory=len, description="Made of the settings before it.")


def test_settings_of_the_service_come_first() -> None:
    rows = [line for line in settings_table(Example, package="sample_service").splitlines() if line.startswith("| `")]
    assert rows[0] == "| `WANTED` | required | This \\| that. |"
    assert rows[1] == "| `TOKEN` | `of-the-example` | A secret that everybody knows. |"
    assert rows[2] == "| `PLAIN` | `1` |  |"
    assert rows[3] == "| `LISTED` | `a,b` | Made anew. |"
    assert rows[4] == "| `COUNTED` | `0` | Made of the settings before it. |"
    assert rows[5].startswith("| `ENVIRONMENT` | `development` |")
