"""The settings of this service are documented: SETTINGS.md matches its Settings class."""

from pathlib import Path

from chassis.settings import ChassisSettings
from chassis.settings.table import settings_table
from chassis.settings.variables import variables

COMMITTED = Path(__file__).parents[2] / "SETTINGS.md"


def test_settings_md_is_up_to_date(settings: ChassisSettings) -> None:
    """Update it with: PYTHONPATH=src python -m <package> settings > SETTINGS.md"""
    package = type(settings).__module__.partition(".")[0]
    assert COMMITTED.read_text(encoding="utf-8") == settings_table(type(settings), package=package)


def test_every_setting_has_a_description(settings: ChassisSettings) -> None:
    found = variables(type(settings))
    assert [variable.names[0] for variable in found if not variable.fields[-1][1].description] == []
