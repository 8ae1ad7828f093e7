"""The table of settings in SETTINGS.md."""

from enum import Enum
from uuid import UUID, uuid4

from pydantic import AliasChoices, BaseModel, Field, SecretStr

from chassis.settings.table import settings_table

from ..sample_service.settings import Settings


class Colour(Enum):
    RED = "red"


class Smtp(BaseModel):
    host: str = Field(description="Where it is.")
    port: int = 25


class Example(Settings):
    wanted: str = Field(description="This | that.")
    token: SecretStr = Field(SecretStr("of-the-example"), description="A secret that everybody knows.")
    plain: int = 1
    listed: list[str] = Field(default_factory=lambda: ["b", "a"], description="Made anew.")
    chosen: frozenset[str] = frozenset({"b", "a"})
    counted: int = Field(default_factory=len, description="Made of the settings before it.")
    random: UUID = Field(default_factory=uuid4)
    colour: Colour = Colour.RED
    sizes: dict[str, int] = Field({"a": 1})
    moved: int = Field(1, validation_alias=AliasChoices("NEW_NAME", "old_name"), description="In\ntwo lines.")
    mail: Smtp = Smtp(host="mail")
    post: Smtp | None = None


ROWS = """\
| `WANTED` | required | This \\| that. |
| `TOKEN` | `of-the-example` | A secret that everybody knows. |
| `PLAIN` | `1` |  |
| `LISTED` | `b,a` | Made anew. |
| `CHOSEN` | `a,b` |  |
| `COUNTED` | computed from other settings | Made of the settings before it. |
| `RANDOM` | generated at each start |  |
| `COLOUR` | `red` |  |
| `SIZES` | `{"a": 1}` |  |
| `NEW_NAME` or `OLD_NAME` | `1` | In two lines. |
| `MAIL__HOST` | `mail` | Where it is. |
| `MAIL__PORT` | `25` |  |
| `POST__HOST` | required if another `POST__…` is set | Where it is. |
| `POST__PORT` | `25` |  |
| `ENVIRONMENT` | `development` | `production` refuses well-known passwords, logging bodies, and an empty AUTH_ISSUER. |
"""


def test_lists_settings_of_the_service_first_by_variable_name() -> None:
    rows = [line for line in settings_table(Example, package="sample_service").splitlines() if line.startswith("| `")]
    assert rows[:15] == ROWS.splitlines()
