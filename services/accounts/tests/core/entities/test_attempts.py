"""Which addresses count as one, and how the buckets of the rate limit drain."""

from datetime import timedelta

import pytest

from accounts_service.core.entities.attempts import Bucket, hashed, network_of

from ..repositories.accounts import NOW


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_groups_addresses_by_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_hashes_of_different_texts_differ() -> None:
    assert hashed("ab", "c") != hashed("a", "bc")
    assert len(hashed("\ud800")) == 32


def test_a_bucket_drains_evenly() -> None:
    bucket = Bucket.of("x", limit=90)
    assert bucket.drained(50, since=NOW, now=NOW + timedelta(seconds=100)) == 40
    assert bucket.drained(50, since=NOW, now=NOW + timedelta(hours=1)) == 0
    assert bucket.seconds_to_wait(89) == 0
    assert bucket.seconds_to_wait(90) == 10
