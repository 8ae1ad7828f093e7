import pytest

# Otherwise pytest says what was wrong with an assertion in test_*.py only, and not in what several tests share.
pytest.register_assert_rewrite(
    "tests.api", "tests.chassis", "tests.core", "tests.infrastructure", "tests.openapi_rules", "tests.service"
)
