"""One of three replicas killed or frozen under load: `./noxw -s rollout`."""

import signal
import time

from callers import MARGIN
from databases import database_of
from replicas import Replicas
from traffic import CLIENTS, CONNECTION_BROKE, load

GATEWAY_TIMEOUT = 20.0  # responseHeaderTimeout
NOTICED = 2 * (3.0 + 1.0)  # two probes, and the pauses between them


async def test_killed_replica_costs_only_requests_of_the_first_seconds(replicas: Replicas, gateway: str) -> None:
    """Those in progress, and those sent to it before the Service knew."""
    async with load(gateway) as seen:
        killed = time.monotonic()
        replicas.kill()
        await seen.more()
        await replicas.start(1)
        await seen.more()
    assert set(seen.statuses) <= {CONNECTION_BROKE, 200, 201, 503}, seen.failures
    assert all(failure.began < killed + NOTICED + MARGIN for failure in seen.failures), seen.failures
    assert all(failure.seconds < MARGIN for failure in seen.failures), seen.failures
    async with database_of(replicas.like) as database:
        assert await seen.lost(database) == 0


async def test_frozen_replica_is_left_out_and_serves_again_once_it_runs(replicas: Replicas, gateway: str) -> None:
    """As if its node were cut off: its connections stay open without any response."""
    frozen = replicas.running[0]
    async with load(gateway) as seen:
        began = time.monotonic()
        frozen.process.send_signal(signal.SIGSTOP)
        try:
            await replicas.is_chosen(frozen, chosen=False)
            await seen.all_answered()
            await seen.more()
        finally:
            frozen.process.send_signal(signal.SIGCONT)
        failures = list(seen.failures)
        await replicas.is_chosen(frozen)
        await seen.more()
    assert seen.failures == failures, "no request may fail once all three run again"
    assert set(seen.statuses) <= {200, 201, 503, 504}, seen.failures
    assert len(failures) <= 2 * CLIENTS, "a request for each connection to the frozen replica"
    assert all(failure.seconds < GATEWAY_TIMEOUT + MARGIN for failure in failures), failures
    assert all(failure.began < began + GATEWAY_TIMEOUT + NOTICED + MARGIN for failure in failures), failures
    assert frozen.process.poll() is None, "the replica must not have restarted"
    async with database_of(replicas.like) as database:
        assert await seen.lost(database) == 0
