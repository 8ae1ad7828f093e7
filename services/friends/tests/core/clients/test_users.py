"""What the use cases are tested over does what the users service does."""

import pytest

from .users import KNOWN, RecordingDirectory, UserDirectoryContract


class TestRecordingDirectory(UserDirectoryContract):
    @pytest.fixture
    def directory(self) -> RecordingDirectory:
        return RecordingDirectory(*KNOWN)

    @pytest.fixture
    def out_of_reach(self) -> RecordingDirectory:
        return RecordingDirectory(*KNOWN, failure=ConnectionError)
