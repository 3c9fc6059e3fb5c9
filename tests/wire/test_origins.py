"""Which web pages may talk to the server."""

from __future__ import annotations

import pytest

from calendar_server.config import Settings
from calendar_server.wire.hosts import Authority
from calendar_server.wire.origins import OriginPolicy

OWN = Authority("calendar.example.com", None)
PRODUCTION = OriginPolicy.of(Settings(production=True, cors_origins=("https://portal.example.com",)))
DEVELOPMENT = OriginPolicy.of(Settings())


@pytest.mark.parametrize(
    "origin",
    [
        "https://calendar.example.com",
        "http://calendar.example.com",
        "https://calendar.example.com:443",
        "HTTPS://Calendar.Example.com",
        "https://portal.example.com",
    ],
)
def test_the_own_origin_and_named_ones_are_allowed(origin: str) -> None:
    assert PRODUCTION.allows(origin, OWN)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://",
        "https://calendar.example.com:8443",
        "https://calendar.example.com.evil.example",
        "https://calendar.example.com/path",
        "https://user@calendar.example.com",
        "ftp://calendar.example.com",
        "http://portal.example.com",
        "http://localhost:3000",
        "http://[",
    ],
)
def test_others_are_not(origin: str) -> None:
    assert not PRODUCTION.allows(origin, OWN)


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:8080"])
def test_in_development_every_page_of_this_machine_is_allowed(origin: str) -> None:
    assert DEVELOPMENT.allows(origin, OWN)
    assert not DEVELOPMENT.allows("http://localhost.evil.example", OWN)


def test_a_port_counts() -> None:
    own = Authority("10.0.0.1", 5000)
    assert PRODUCTION.allows("http://10.0.0.1:5000", own)
    assert not PRODUCTION.allows("http://10.0.0.1", own)
    assert not PRODUCTION.allows("http://10.0.0.1:5000", None)
