"""The in-memory directory behaves like the users service."""

import pytest

from .users import KNOWN, RecordingDirectory, UserDirectoryContract


class TestRecordingDirectory(UserDirectoryContract):
    @pytest.fixture
    def directory(self) -> RecordingDirectory:
        return RecordingDirectory(*KNOWN)

    @pytest.fixture
    def out_of_reach(self) -> RecordingDirectory:
        return RecordingDirectory(*KNOWN, failure=ConnectionError)
