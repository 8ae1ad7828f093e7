"""The circuit opens, lets one probe through and closes, whatever happens to the probe."""

import asyncio

import pytest

from chassis import errors
from chassis.upstream.circuit_breaker import CircuitBreaker

RESET = 2.0


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("users", failures=3, reset=RESET, clock=clock)


def fail(circuit: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(errors.UpstreamTimeout), circuit.call():
            raise errors.UpstreamTimeout


def succeed(circuit: CircuitBreaker) -> None:
    with circuit.call():
        pass


def test_opens_after_enough_consecutive_failures(circuit: CircuitBreaker) -> None:
    fail(circuit, times=2)
    succeed(circuit)
    fail(circuit, times=2)
    assert not circuit.is_open
    fail(circuit)
    assert circuit.is_open


def test_refuses_while_it_is_open(circuit: CircuitBreaker) -> None:
    fail(circuit, times=3)
    with pytest.raises(errors.UpstreamUnavailable, match="users"):
        succeed(circuit)


def test_reports_the_seconds_until_it_closes(circuit: CircuitBreaker, clock: Clock) -> None:
    """Both the failure that opens it and refused calls report it, in whole seconds, at least 1."""
    assert circuit.retry_after is None
    fail(circuit, times=2)
    with pytest.raises(errors.UpstreamTimeout) as opening, circuit.call():
        raise errors.UpstreamTimeout
    assert opening.value.retry_after == RESET
    for passed, left in ((0.5, 2), (1.0, 1), (1.9, 1)):
        clock.now = passed
        with pytest.raises(errors.UpstreamUnavailable) as refused:
            circuit.refuse_if_open()
        assert refused.value.retry_after == left
    clock.now = RESET
    with circuit.call():
        with pytest.raises(errors.UpstreamUnavailable) as refused:
            circuit.refuse_if_open()
        assert refused.value.retry_after == 1


def test_reports_no_shorter_retry_after_than_the_upstream(circuit: CircuitBreaker) -> None:
    fail(circuit, times=2)
    with pytest.raises(errors.UpstreamUnavailable) as opening, circuit.call():
        raise errors.UpstreamUnavailable(retry_after=30)
    assert opening.value.retry_after == 30


def test_lets_one_probe_through_after_the_reset_time(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.now += RESET
    with circuit.call():
        clock.now += 10 * RESET
        with pytest.raises(errors.UpstreamUnavailable):
            succeed(circuit)
    succeed(circuit)


def test_logs_when_it_opens_and_when_it_closes(
    circuit: CircuitBreaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(circuit, times=3)
    clock.now += RESET
    succeed(circuit)
    assert {(record.levelname, record.name) for record in caplog.records} == {
        ("WARNING", "chassis.upstream.circuit_breaker")
    }
    assert caplog.messages == ["circuit to users opened after 3 consecutive failures", "circuit to users closed"]


def test_opens_again_if_the_probe_fails(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.now += RESET
    fail(circuit)
    assert circuit.is_open
    clock.now += RESET
    assert not circuit.is_open


def test_resets_the_failure_count_after_closing(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.now += RESET
    succeed(circuit)
    fail(circuit, times=2)
    assert not circuit.is_open


def test_another_call_probes_if_the_probe_is_cancelled(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.now += RESET
    with pytest.raises(asyncio.CancelledError), circuit.call():
        raise asyncio.CancelledError
    assert not circuit.is_open
    succeed(circuit)


def test_a_refusal_closes_the_circuit(circuit: CircuitBreaker) -> None:
    for _ in range(10):
        with pytest.raises(errors.UpstreamRefused), circuit.call():
            raise errors.UpstreamRefused("no", status=404)
    assert not circuit.is_open


def test_ignores_errors_of_the_caller(circuit: CircuitBreaker) -> None:
    fail(circuit, times=2)
    with pytest.raises(KeyError), circuit.call():
        raise KeyError
    fail(circuit)
    assert circuit.is_open


def test_late_failures_of_an_outage_do_not_reopen_it(circuit: CircuitBreaker, clock: Clock) -> None:
    for _ in range(2):
        stragglers = [circuit.call() for _ in range(5)]
        for straggler in stragglers:
            straggler.__enter__()
        fail(circuit, times=3)
        clock.now += RESET
        succeed(circuit)
        for straggler in stragglers:
            assert not straggler.__exit__(errors.UpstreamTimeout, errors.UpstreamTimeout(), None)
        assert not circuit.is_open


@pytest.mark.parametrize("outcome", [None, errors.UpstreamRefused("no", status=404)], ids=["response", "refusal"])
def test_calls_started_before_it_opened_do_not_close_it(circuit: CircuitBreaker, outcome: Exception | None) -> None:
    straggler = circuit.call()
    straggler.__enter__()
    fail(circuit, times=3)
    assert not straggler.__exit__(type(outcome) if outcome else None, outcome, None)
    assert circuit.is_open


def test_concurrent_failures_open_it_once(circuit: CircuitBreaker, clock: Clock) -> None:
    calls = [circuit.call() for _ in range(50)]
    for call in calls:
        call.__enter__()
    for call in calls:
        clock.now += 0.01
        assert not call.__exit__(errors.UpstreamTimeout, errors.UpstreamTimeout(), None)
    clock.now = 0.03 + RESET
    assert not circuit.is_open, "the other 47 failures must not prolong it"
