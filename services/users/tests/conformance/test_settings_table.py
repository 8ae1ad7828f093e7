"""The settings of this service are documented: SETTINGS.md is what its Settings class says."""

from pathlib import Path

from chassis.settings import ChassisSettings
from chassis.settings.table import settings_table

COMMITTED = Path(__file__).parents[2] / "SETTINGS.md"


def test_the_committed_table_is_up_to_date(settings: ChassisSettings) -> None:
    """If not: PYTHONPATH=src python -m <package> settings > SETTINGS.md"""
    package = type(settings).__module__.partition(".")[0]
    assert COMMITTED.read_text(encoding="utf-8") == settings_table(type(settings), package=package)


def test_every_setting_says_what_it_is_for(settings: ChassisSettings) -> None:
    assert [name for name, field in type(settings).model_fields.items() if not field.description] == []
