import pytest

# By default pytest explains failed assertions only in test_*.py, not in shared helpers.
pytest.register_assert_rewrite(
    "tests.api", "tests.chassis", "tests.core", "tests.infrastructure", "tests.openapi_rules", "tests.service"
)
