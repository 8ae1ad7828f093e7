"""The circuit opens, lets one probe through, and closes; whatever becomes of the probe."""

import asyncio

import pytest

from chassis import errors
from chassis.upstream.circuit_breaker import CircuitBreaker

RESET = 2.0


class Clock:
    """A clock that one sets by hand."""

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


def test_is_closed_until_enough_calls_failed_in_a_row(circuit: CircuitBreaker) -> None:
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


def test_says_for_how_long_it_is_open(circuit: CircuitBreaker, clock: Clock) -> None:
    """The failure that opens it says so as well as those who are refused; whole seconds, and never none."""
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


def test_does_not_ask_for_less_patience_than_the_upstream_did(circuit: CircuitBreaker) -> None:
    fail(circuit, times=2)
    with pytest.raises(errors.UpstreamUnavailable) as opening, circuit.call():
        raise errors.UpstreamUnavailable(retry_after=30)
    assert opening.value.retry_after == 30


def test_lets_one_probe_through_after_a_while(circuit: CircuitBreaker, clock: Clock) -> None:
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


def test_needs_as_many_failures_as_at_first_once_it_was_closed(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.now += RESET
    succeed(circuit)
    fail(circuit, times=2)
    assert not circuit.is_open


def test_another_call_probes_if_the_caller_of_the_probe_went_away(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, times=3)
    clock.now += RESET
    with pytest.raises(asyncio.CancelledError), circuit.call():
        raise asyncio.CancelledError
    assert not circuit.is_open
    succeed(circuit)


def test_a_refusal_shows_that_the_upstream_works(circuit: CircuitBreaker) -> None:
    for _ in range(10):
        with pytest.raises(errors.UpstreamRefused), circuit.call():
            raise errors.UpstreamRefused("no", status=404)
    assert not circuit.is_open


def test_an_error_of_our_own_says_nothing_about_the_upstream(circuit: CircuitBreaker) -> None:
    fail(circuit, times=2)
    with pytest.raises(KeyError), circuit.call():
        raise KeyError
    fail(circuit)
    assert circuit.is_open


def test_stragglers_of_an_outage_do_not_open_it_again(circuit: CircuitBreaker, clock: Clock) -> None:
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


@pytest.mark.parametrize("outcome", [None, errors.UpstreamRefused("no", status=404)], ids=["answer", "refusal"])
def test_what_was_asked_before_it_opened_does_not_close_it(circuit: CircuitBreaker, outcome: Exception | None) -> None:
    straggler = circuit.call()
    straggler.__enter__()
    fail(circuit, times=3)
    assert not straggler.__exit__(type(outcome) if outcome else None, outcome, None)
    assert circuit.is_open


def test_many_failures_at_once_open_it_once(circuit: CircuitBreaker, clock: Clock) -> None:
    calls = [circuit.call() for _ in range(50)]
    for call in calls:
        call.__enter__()
    for call in calls:
        clock.now += 0.01
        assert not call.__exit__(errors.UpstreamTimeout, errors.UpstreamTimeout(), None)
    clock.now = 0.03 + RESET
    assert not circuit.is_open, "the last forty-seven did not prolong it"
