"""Starts that end at once, because a setting is unusable."""

import logging
import os
from typing import Final

import pytest

from chassis.process import load_settings

from .sample_service.settings import Settings

PLANTED: Final = "planted-value"  # which no line may repeat


def unusable(caplog: pytest.LogCaptureFixture, kind: type[Settings] = Settings) -> list[str]:
    """The lines, without their common beginning, of a start that ends at once."""
    with pytest.raises(SystemExit) as caught:
        load_settings(kind)
    assert caught.value.code == os.EX_CONFIG == 78
    assert {record.levelno for record in caplog.records} == {logging.CRITICAL}
    assert {record.name for record in caplog.records} == {"chassis.process.startup"}
    assert PLANTED not in caplog.text
    assert all(message.startswith("invalid setting: ") for message in caplog.messages)
    assert all(vars(record)["redacted_fields"] == {} for record in caplog.records), "a name would be taken for a secret"
    return [message.removeprefix("invalid setting: ") for message in caplog.messages]
