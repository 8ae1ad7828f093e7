"""By itself `docker compose up` runs everything with authentication on, behind the gateway."""

from collections.abc import Iterator

import pytest

from containers.running import Containers
from docs.demo import Urls, walk
from system.gateway_process import NAME as GATEWAY


@pytest.fixture
def authenticating(containers: Containers) -> Iterator[Containers]:
    """The system as it is without a variable; as the other tests want it afterwards."""
    containers.up(AUTHENTICATION="")
    yield containers
    containers.up()


def test_people_log_in_and_are_known_in_every_service(authenticating: Containers) -> None:
    url = authenticating.url(GATEWAY)
    walk(Urls(accounts=url, users=url, friends=url))
