import os
from collections.abc import Iterator

import pytest

from containers.running import Containers
from layout import services


@pytest.fixture(scope="session")
def containers() -> Containers:
    """Return the system that `./noxw -s images` has started."""
    if "ALLIUM_CONTAINERS" not in os.environ:
        pytest.skip("needs a Docker engine; run: ./noxw -s images")
    return Containers({name: int(os.environ[name]) for name in os.environ["ALLIUM_CONTAINERS"].split()})


@pytest.fixture(params=[service.name for service in services()])
def name(request: pytest.FixtureRequest) -> str:
    """Return each service in turn."""
    service: str = request.param
    return service


@pytest.fixture
def down(containers: Containers) -> Iterator[Containers]:
    """Stop the system for the test, and start it again afterwards."""
    containers.compose("down")
    yield containers
    containers.up()
