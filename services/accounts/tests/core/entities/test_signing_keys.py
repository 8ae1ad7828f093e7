"""The time table of keys."""

from datetime import timedelta

from accounts_service.core.entities.signing_keys import LEEWAY, KeyRing, NoSigningKey

from ..repositories.accounts import NOW
from ..repositories.signing_keys import a_key

LIFE = timedelta(minutes=10)
MOMENT = timedelta(microseconds=1)
OLD, CURRENT, NEXT = a_key(1), a_key(2), a_key(3)
RING = KeyRing.of([NEXT, OLD, CURRENT])


def test_the_newest_signs_whose_time_has_come() -> None:
    assert RING.signing(OLD.signs_from - MOMENT) is None
    assert RING.signing(OLD.signs_from) == OLD
    assert RING.signing(NEXT.signs_from - MOMENT) == CURRENT
    assert RING.signing(NEXT.signs_from) == NEXT
    assert KeyRing.of([]).signing(NOW) is None


def test_those_that_are_to_come_are_published() -> None:
    assert RING.published(OLD.signs_from, token_life=LIFE) == (OLD, CURRENT, NEXT)
    assert RING.upcoming(OLD.signs_from) == (CURRENT, NEXT)


def test_an_old_one_is_published_as_long_as_its_tokens_are_valid() -> None:
    needed = CURRENT.signs_from + LIFE + LEEWAY
    assert OLD in RING.published(needed - MOMENT, token_life=LIFE)
    assert RING.published(needed, token_life=LIFE) == (CURRENT, NEXT)
    assert RING.withdrawn(needed, token_life=LIFE) == (OLD,)


def test_the_last_one_stays() -> None:
    later = NEXT.signs_from + timedelta(days=1000)
    assert RING.published(later, token_life=LIFE) == (NEXT,)
    assert KeyRing.of([]).published(later, token_life=LIFE) == ()


def test_says_that_nothing_can_be_signed() -> None:
    assert str(NoSigningKey()) == "No token can be signed right now."
