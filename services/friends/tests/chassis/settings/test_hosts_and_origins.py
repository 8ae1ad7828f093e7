"""A host or origin that no request can match is refused at startup, by name."""

import pytest

from chassis.process import load_settings

from ..sample_service.settings import Settings
from ..unusable_settings import PLANTED, unusable

pytestmark = pytest.mark.usefixtures("nothing_set")

NO_ORIGIN = "an origin is `scheme://host` or `scheme://host:port`, in lower case, without a default port"
NO_HOST = "a host is a name, `*.` and a name, or an address (`[::1]`), without scheme or port"


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "https://app.example",
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "https://[::1]:8443",
            "https://[::1]",
        ),
        *("http://app.example:443", "https://app.example:80", "https://xn--mnchen-3ya.example", "http://a_b.example"),
        *("capacitor://localhost", "chrome-extension://abcdefghijklmnop", "*"),
    ],
)
def test_accepts_origins_that_browsers_send(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", f"{origin}, https://other.example")
    assert load_settings(Settings).cors_allowed_origins == {origin, "https://other.example"}


@pytest.mark.parametrize(
    "origin",
    [
        *("https://app.example/", "https://app.example/path", "https://app.example?", "https://app.example#"),
        *("app.example", "app.example:3000", "//app.example", "javascript:", "javascript:alert(1)", "file://", "null"),
        *("https://app.example:443", "http://app.example:80", "https://app.example:", "https://app.example:0"),
        *("https://app.example:65536", "https://app.example:080", "https://app.example:x", "https://app.example:1:2"),
        *("https://App.example", "HTTPS://app.example", "https://münchen.example", "https://a%62.example", "https://"),
        *("https://*.example", "https://app.example.", "https://.example", "https://a..example", "https://[::1"),
        *("https://[0:0::1]", "https://[fe80::1%25eth0]", "https://[x]", "https://::1", "https:/app.example", "https:"),
        *(
            "https://app.example https://b.example",
            "https://app.example;",
            "'https://app.example'",
            "https://a.example\nx",
        ),
    ],
)
def test_refuses_an_origin_that_no_browser_sends(
    origin: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", f"https://good.example,{origin}")
    assert unusable(caplog) == [f"CORS_ALLOWED_ORIGINS: `{origin}` can never match: {NO_ORIGIN}"]


def test_masks_a_password_in_an_origin(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", f"https://me:{PLANTED}@app.example")
    assert unusable(caplog) == [f"CORS_ALLOWED_ORIGINS: a value with a user can never match: {NO_ORIGIN}"]


@pytest.mark.parametrize(
    "host",
    ["api.example", "API.example", "localhost", "10.0.0.1", "[::1]", "*.shop.example", "a_b", "*", "*.example"],
)
def test_accepts_hosts(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", host)
    assert load_settings(Settings).allowed_hosts == {host}


@pytest.mark.parametrize(
    "host",
    [
        *("https://api.example", "api.example:8001", "api.example/", "api.example.", ".example", "*.", "a.*.example"),
        *("*example", "*.*.example", "::1", "[::1]:80", "[::1", "[0:0::1]", "*.[::1]", "münchen.example", "a b", "[x]"),
    ],
)
def test_refuses_a_host_that_no_request_can_match(
    host: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", f"good.example,{host}")
    assert unusable(caplog) == [f"ALLOWED_HOSTS: `{host}` can never match: {NO_HOST}"]
