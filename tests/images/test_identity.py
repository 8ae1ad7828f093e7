"""By default `docker compose up` runs everything with authentication, behind the gateway."""

from collections.abc import Iterator

import pytest

from containers.running import Containers
from docs.demo import Urls, walk
from system.gateway_process import NAME as GATEWAY


@pytest.fixture
def authenticating(containers: Containers) -> Iterator[Containers]:
    """Run the system with default settings, and restore those of the other tests afterwards."""
    containers.up(AUTHENTICATION="")
    yield containers
    containers.up()


def test_people_log_in_and_are_authenticated_by_every_service(authenticating: Containers) -> None:
    url = authenticating.url(GATEWAY)
    walk(Urls(accounts=url, users=url, friends=url))
