"""The timetable of signing keys."""

from datetime import timedelta

from accounts_service.core.entities.signing_keys import LEEWAY, KeyRing, NoSigningKey

from ..repositories.accounts import NOW
from ..repositories.signing_keys import a_key

LIFE = timedelta(minutes=10)
MOMENT = timedelta(microseconds=1)
OLD, CURRENT, NEXT = a_key(1), a_key(2), a_key(3)
RING = KeyRing.of([NEXT, OLD, CURRENT])


def test_signs_with_the_newest_key_that_is_due() -> None:
    assert RING.signing(OLD.signs_from - MOMENT) is None
    assert RING.signing(OLD.signs_from) == OLD
    assert RING.signing(NEXT.signs_from - MOMENT) == CURRENT
    assert RING.signing(NEXT.signs_from) == NEXT
    assert KeyRing.of([]).signing(NOW) is None


def test_publishes_future_keys() -> None:
    assert RING.published(OLD.signs_from, token_life=LIFE) == (OLD, CURRENT, NEXT)
    assert RING.upcoming(OLD.signs_from) == (CURRENT, NEXT)


def test_publishes_an_old_key_while_its_tokens_are_valid() -> None:
    needed = CURRENT.signs_from + LIFE + LEEWAY
    assert OLD in RING.published(needed - MOMENT, token_life=LIFE)
    assert RING.published(needed, token_life=LIFE) == (CURRENT, NEXT)
    assert RING.withdrawn(needed, token_life=LIFE) == (OLD,)


def test_keeps_the_last_key() -> None:
    later = NEXT.signs_from + timedelta(days=1000)
    assert RING.published(later, token_life=LIFE) == (NEXT,)
    assert KeyRing.of([]).published(later, token_life=LIFE) == ()


def test_explains_that_no_token_can_be_signed() -> None:
    assert str(NoSigningKey()) == "No token can be signed right now."
