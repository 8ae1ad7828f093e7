"""The settings of this service are documented: SETTINGS.md is what its Settings class says."""

from pathlib import Path

from chassis.settings import ChassisSettings
from chassis.settings.table import settings_table
from chassis.settings.variables import variables

COMMITTED = Path(__file__).parents[2] / "SETTINGS.md"


def test_the_committed_table_is_up_to_date(settings: ChassisSettings) -> None:
    """If not: PYTHONPATH=src python -m <package> settings > SETTINGS.md"""
    package = type(settings).__module__.partition(".")[0]
    assert COMMITTED.read_text(encoding="utf-8") == settings_table(type(settings), package=package)


def test_every_setting_says_what_it_is_for(settings: ChassisSettings) -> None:
    found = variables(type(settings))
    assert [variable.names[0] for variable in found if not variable.fields[-1][1].description] == []
