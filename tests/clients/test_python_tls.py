"""TLS of the Python client: one connection, read by one thread while another writes."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
from clients.python_client import CalendarSync, SerialSSLSocket, context_like

URL = "https://127.0.0.1"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> str:
    """The file of the authority's certificate."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(autouse=True)
def nothing_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def session(trusted: str) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.verify = trusted
        yield made


@pytest.fixture
def dial(authority: trustme.CA) -> Iterator[Callable[..., tuple[ssl.SSLSocket, ssl.SSLSocket]]]:
    """``dial(context)``: both ends of a connection, the client's first."""
    opened: list[ssl.SSLSocket] = []
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(serving)

    def dialled(context: ssl.SSLContext) -> tuple[ssl.SSLSocket, ssl.SSLSocket]:
        ends = socket.socketpair()
        with ThreadPoolExecutor(1) as other:
            accepted = other.submit(serving.wrap_socket, ends[1], server_side=True)
            try:
                opened.append(context.wrap_socket(ends[0], server_hostname="127.0.0.1"))
                opened.append(accepted.result(timeout=5))
            finally:
                if not opened:
                    ends[0].close()
                    accepted.exception(timeout=5)
                    ends[1].close()
        return opened[0], opened[1]

    yield dialled
    for end in opened:
        end.close()


def test_a_write_passes_a_read_that_waits(session: requests.Session, dial: Any) -> None:
    client, server = dial(context_like(session, URL))
    assert type(client) is SerialSSLSocket
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(client.recv, 100)
        time.sleep(0.05)
        client.sendall(b"question")
        assert server.recv(100) == b"question"
        server.sendall(b"answer")
        assert reading.result(timeout=5) == b"answer"


def test_reads_and_writes_take_turns(session: requests.Session, dial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, server = dial(context_like(session, URL))
    inside: list[str] = []
    together: set[tuple[str, ...]] = set()

    def watched(name: str) -> Callable[..., Any]:
        stock = getattr(ssl.SSLSocket, name)

        def call(self: ssl.SSLSocket, *arguments: Any) -> Any:
            if self is not client:
                return stock(self, *arguments)
            inside.append(name)
            time.sleep(0.001)
            together.add(tuple(sorted(inside)))
            try:
                return stock(self, *arguments)
            finally:
                inside.remove(name)

        return call

    for name in ("read", "send"):
        monkeypatch.setattr(ssl.SSLSocket, name, watched(name))

    def echo() -> None:
        for _ in range(50):
            server.sendall(server.recv(1))

    with ThreadPoolExecutor(2) as others:
        echoing = others.submit(echo)
        reading = others.submit(lambda: b"".join(client.recv(1) for _ in range(50)))
        for _ in range(50):
            client.sendall(b"x")
        assert reading.result(timeout=10) == b"x" * 50
        echoing.result(timeout=10)
    assert together == {("read",), ("send",)}


def test_a_write_larger_than_the_connection_holds_waits_until_it_is_read(session: requests.Session, dial: Any) -> None:
    client, server = dial(context_like(session, URL))
    sent = bytes(range(256)) * 20_000
    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(client.sendall, sent)
        got = b""
        while len(got) < len(sent):
            got += server.recv(65_536)
        writing.result(timeout=5)
    assert got == sent


def test_the_sockets_timeout_holds(session: requests.Session, dial: Any) -> None:
    client, _server = dial(context_like(session, URL))
    client.settimeout(0.05)
    with pytest.raises(TimeoutError):
        client.recv(1)
    assert client.gettimeout() == 0.05


def test_a_timeout_that_another_thread_sets_while_one_reads_stays(
    session: requests.Session, dial: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, server = dial(context_like(session, URL))
    client.settimeout(60)
    inside, may_go_on, stock = threading.Event(), threading.Event(), ssl.SSLSocket.read

    def watched(self: ssl.SSLSocket, *arguments: Any) -> Any:
        if self is client:
            inside.set()
            assert may_go_on.wait(5)
        return stock(self, *arguments)

    monkeypatch.setattr(ssl.SSLSocket, "read", watched)
    with ThreadPoolExecutor(3) as others:
        reading = others.submit(client.recv, 1)
        assert inside.wait(5)
        seen, setting = others.submit(client.gettimeout), others.submit(client.settimeout, 3)
        time.sleep(0.05)
        may_go_on.set()
        setting.result(timeout=5)
        assert seen.result(timeout=5) in (60, 3)
        server.sendall(b"x")
        assert reading.result(timeout=5) == b"x"
    assert client.gettimeout() == 3


def test_a_write_that_waits_is_finished_before_another_begins(session: requests.Session, dial: Any) -> None:
    client, server = dial(context_like(session, URL))
    long, short = b"l" * 3_000_000, b"s" * 10
    with ThreadPoolExecutor(2) as writers:
        writing = [writers.submit(client.sendall, long)]
        time.sleep(0.1)
        writing.append(writers.submit(client.sendall, short))
        time.sleep(0.05)
        server.settimeout(5)
        got = b""
        while len(got) < len(long + short):
            got += server.recv(65_536)
        for each in writing:
            each.result(timeout=5)
    assert got == long + short


@pytest.mark.parametrize("closes", [False, True])
def test_a_read_that_waits_while_another_thread_shuts_down_is_an_error_of_the_system(
    session: requests.Session, dial: Any, closes: bool
) -> None:
    client, _server = dial(context_like(session, URL))
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(client.recv, 1)
        time.sleep(0.05)
        client.shutdown(socket.SHUT_RDWR)
        if closes:
            client.close()
        error = reading.exception(timeout=5)
    assert isinstance(error, OSError)
    assert error.errno == errno.EBADF


def test_what_the_session_does_not_trust_is_refused(dial: Any) -> None:
    with requests.Session() as stranger:
        context = context_like(stranger, URL)
    with pytest.raises(ssl.SSLCertVerificationError):
        dial(context)


def test_a_session_that_checks_nothing_holds_for_sockets_too(dial: Any) -> None:
    with requests.Session() as session:
        session.verify = False
        client, _server = dial(context_like(session, URL))
    assert client.context.verify_mode == ssl.CERT_NONE


def test_the_environments_bundle_is_trusted(trusted: str, dial: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", trusted)
    with requests.Session() as session:
        client, _server = dial(context_like(session, URL))
    assert client.version() is not None


def test_the_clients_own_certificate_is_shown(
    authority: trustme.CA, session: requests.Session, dial: Any, tmp_path: Path
) -> None:
    own = tmp_path / "own.pem"
    authority.issue_cert("desktop.example").private_key_and_cert_chain_pem.write_to_path(str(own))
    session.cert = str(own)
    dial(context_like(session, URL))
    session.cert = (str(own), str(own))
    dial(context_like(session, URL))


@pytest.mark.parametrize("setting", ["verify", "cert"])
def test_a_certificate_that_cannot_be_read_is_told_at_once(setting: str, tmp_path: Path) -> None:
    threads = threading.active_count()
    with requests.Session() as session:
        setattr(session, setting, str(tmp_path / "missing.pem"))
        with pytest.raises(FileNotFoundError):
            CalendarSync(URL, session=session)
    assert threading.active_count() == threads
