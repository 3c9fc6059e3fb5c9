"""How much of a request is read, and when it is refused."""

from __future__ import annotations

import io
from typing import Any

import pytest

from calendar_server.wire.refusals import Refused
from calendar_server.wire.request_bodies import BODY_MAX_BYTES, DRAIN_MAX_BYTES, take_body


class Source(io.BytesIO):
    """A body that counts what was read of it and may break."""

    broken = False

    def read(self, size: int | None = -1, /) -> bytes:
        if self.broken:
            raise OSError("invalid chunk header")
        return super().read(size)


def environ_of(body: bytes, **headers: Any) -> dict[str, Any]:
    return {"wsgi.input": Source(body), **headers}


def test_a_counted_body_is_taken_as_far_as_it_was_announced() -> None:
    environ = environ_of(b"{}rest", CONTENT_LENGTH="2")
    take_body(environ)
    assert environ["wsgi.input"].read() == b"{}"


def test_a_chunked_body_is_taken_to_its_end() -> None:
    environ = environ_of(b"{}", HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True})
    take_body(environ)
    assert (environ["wsgi.input"].read(), environ["CONTENT_LENGTH"]) == (b"{}", "2")
    assert "HTTP_TRANSFER_ENCODING" not in environ


def test_without_a_length_there_is_no_body_to_wait_for() -> None:
    for headers in ({}, {"HTTP_TRANSFER_ENCODING": "chunked"}, {"wsgi.input_terminated": True}):
        environ = environ_of(b"never read", **headers)
        source = environ["wsgi.input"]
        take_body(environ)
        assert environ["wsgi.input"].read() == b""
        assert source.tell() == 0


@pytest.mark.parametrize("length", ["-1", "+1", "1e3", "0x2", "²", "1" * 30, "2 "])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    with pytest.raises(Refused) as refused:
        take_body(environ_of(b"{}", CONTENT_LENGTH=length))
    assert refused.value.status == 400


def test_two_framings_at_once_are_refused() -> None:
    with pytest.raises(Refused):
        take_body(environ_of(b"{}", CONTENT_LENGTH="2", HTTP_TRANSFER_ENCODING="chunked"))


def test_a_body_that_ends_early_is_refused() -> None:
    with pytest.raises(Refused):
        take_body(environ_of(b"{", CONTENT_LENGTH="2"))


def test_broken_framing_is_refused() -> None:
    environ = environ_of(b"", HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input_terminated": True})
    environ["wsgi.input"].broken = True
    with pytest.raises(Refused) as refused:
        take_body(environ)
    assert refused.value.code == "bad_request"


@pytest.mark.parametrize("framing", [{"CONTENT_LENGTH": str(BODY_MAX_BYTES)}, {"HTTP_TRANSFER_ENCODING": "chunked"}])
def test_the_limit_itself_is_taken(framing: dict[str, str]) -> None:
    environ = environ_of(b"x" * BODY_MAX_BYTES, **framing, **{"wsgi.input_terminated": True})
    take_body(environ)
    assert len(environ["wsgi.input"].read()) == BODY_MAX_BYTES


@pytest.mark.parametrize(
    "framing", [{"CONTENT_LENGTH": str(40 * BODY_MAX_BYTES)}, {"HTTP_TRANSFER_ENCODING": "chunked"}]
)
def test_beyond_the_limit_only_a_bounded_part_is_read_away(framing: dict[str, str]) -> None:
    environ = environ_of(b"x" * (40 * BODY_MAX_BYTES), **framing, **{"wsgi.input_terminated": True})
    with pytest.raises(Refused) as refused:
        take_body(environ)
    assert (refused.value.code, refused.value.status) == ("body_too_large", 413)
    assert environ["wsgi.input"].tell() <= DRAIN_MAX_BYTES + BODY_MAX_BYTES + 1
