"""The settings of a service, from its SETTINGS.md, which a test keeps current."""

import re
from dataclasses import dataclass
from pathlib import Path

ROW = re.compile(r"^\| (?P<names>`.*?) \| (?P<default>.*?) \|", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class KnownSettings:
    """The names of all settings, and of those without a default."""

    names: frozenset[str]
    required: frozenset[str]


def known_settings(service: Path) -> KnownSettings:
    """Return the settings in the table; if a setting has several names, its first one."""
    rows = list(ROW.finditer((service / "SETTINGS.md").read_text(encoding="utf-8")))
    names = [re.findall(r"`([A-Z0-9_]+)`", row["names"]) for row in rows]
    required = [each[0] for each, row in zip(names, rows, strict=True) if row["default"] == "required"]
    return KnownSettings(names=frozenset(name for each in names for name in each), required=frozenset(required))
