"""Under which host names the server may be addressed."""

from __future__ import annotations

import pytest

from calendar_server.wire.hosts import Authority, is_served, parse_authority


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("localhost", "localhost", None),
        ("LocalHost:5000", "localhost", 5000),
        ("127.0.0.1:80", "127.0.0.1", 80),
        ("[::1]:5000", "[::1]", 5000),
        ("[0:0:0:0:0:0:0:1]", "[::1]", None),
        ("calendar.example.com.", "calendar.example.com", None),
        ("example.com:", "example.com", None),
    ],
)
def test_hosts_are_read_in_their_canonical_spelling(text: str, host: str, port: int | None) -> None:
    assert parse_authority(text) == Authority(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ":80",
        "a:b",
        "a:80:80",
        "a:999999",
        "a:65536",
        "::1",
        "[::1",
        "[zz]",
        "a b",
        "a/b",
        "user@a",
        "a,b",
        "a\n",
        "달력",
    ],
)
def test_malformed_hosts_are_none(text: str) -> None:
    assert parse_authority(text) is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "10.1.2.3", "[::1]", "[2001:db8::7]"])
def test_addresses_and_localhost_need_no_trust(host: str) -> None:
    assert is_served(host, ())


@pytest.mark.parametrize(
    "host", ["example.com", "127.0.0.1.example.com", "1.2.3", "0177.0.0.1", "0x7f000001", "localhost.example"]
)
def test_names_need_trust(host: str) -> None:
    assert not is_served(host, ("calendar.internal",))


def test_a_leading_dot_stands_for_all_names_below_it_but_not_for_itself() -> None:
    trusted = (".example.com", "portal.test")
    assert is_served("a.example.com", trusted)
    assert is_served("a.b.example.com", trusted)
    assert is_served("portal.test", trusted)
    assert not is_served("example.com", trusted)
    assert not is_served("evilexample.com", trusted)
    assert not is_served("a.portal.test", trusted)


def test_the_scheme_fills_in_the_port() -> None:
    assert Authority("a", None).port_for("https") == 443
    assert Authority("a", None).port_for("http") == 80
    assert Authority("a", 8000).port_for("https") == 8000
