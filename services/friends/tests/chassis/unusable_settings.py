"""Startups that fail because a setting is invalid."""

import logging
import os
from typing import Final

import pytest

from chassis.process import load_settings

from .sample_service.settings import Settings

PLANTED: Final = "planted-value"  # which must be in no line


def unusable(caplog: pytest.LogCaptureFixture, kind: type[Settings] = Settings) -> list[str]:
    """Return the log lines of a failed startup, without their common beginning."""
    with pytest.raises(SystemExit) as caught:
        load_settings(kind)
    assert caught.value.code == os.EX_CONFIG == 78
    assert {record.levelno for record in caplog.records} == {logging.CRITICAL}
    assert {record.name for record in caplog.records} == {"chassis.process.startup"}
    assert PLANTED not in caplog.text
    assert all(message.startswith("invalid setting: ") for message in caplog.messages)
    assert all(vars(record)["redacted_fields"] == {} for record in caplog.records), (
        "a setting name was redacted as a secret"
    )
    return [message.removeprefix("invalid setting: ") for message in caplog.messages]
