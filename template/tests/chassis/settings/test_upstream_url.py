"""URLs of other services, to which the path of each call is appended."""

import pytest
from pydantic import Field, HttpUrl

from chassis.process import load_settings
from chassis.settings import UpstreamUrl

from ..sample_service.settings import Settings
from ..unusable_settings import PLANTED, unusable

pytestmark = pytest.mark.usefixtures("nothing_set")


class Calling(Settings):
    users_service_url: UpstreamUrl = Field(HttpUrl("http://users:8000"), description="URL of the users service.")


@pytest.mark.parametrize(
    ("url", "usable"),
    [
        ("http://users", "http://users/"),
        ("https://users.example:8443", "https://users.example:8443/"),
        ("http://gateway/users/", "http://gateway/users/"),
        ("http://[::1]:8001", "http://[::1]:8001/"),
    ],
)
def test_accepts_a_base_url(monkeypatch: pytest.MonkeyPatch, url: str, usable: str) -> None:
    monkeypatch.setenv("USERS_SERVICE_URL", url)
    assert str(load_settings(Calling).users_service_url) == usable


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"http://users?{PLANTED}", "must end with its path, without `?` or `#`"),
        ("http://users/?", "must end with its path, without `?` or `#`"),
        (f"http://users/#{PLANTED}", "must end with its path, without `?` or `#`"),
        (f"http://me:{PLANTED}@users", "must not contain a user name or a password"),
        (f"http://{PLANTED}@users", "must not contain a user name or a password"),
        ("http://", "Input should be a valid URL, empty host"),
        ("users:8000", "URL scheme should be 'http' or 'https'"),
        ("users", "Input should be a valid URL, relative URL without a base"),
        ("ftp://users", "URL scheme should be 'http' or 'https'"),
    ],
)
def test_refuses_what_is_not_a_base_url(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, url: str, why: str
) -> None:
    monkeypatch.setenv("USERS_SERVICE_URL", url)
    [line] = unusable(caplog, Calling)
    assert line == f"USERS_SERVICE_URL: {why}"
