"""A TLS front for a plain HTTP server, with a certificate that clients must be told to trust."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme


@contextmanager
def tls_front(plain_port: int, folder: Path) -> Iterator[tuple[int, Path]]:
    """The port on which TLS is spoken to what listens on ``plain_port``, and the file of the authority to trust."""
    authority = trustme.CA()
    authority_file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(authority_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    front = _Front(plain_port, context)
    thread = threading.Thread(target=front.run)
    thread.start()
    try:
        yield front.port(), authority_file
    finally:
        front.stop()
        thread.join()


class _Front:
    def __init__(self, plain_port: int, context: ssl.SSLContext) -> None:
        self._plain_port = plain_port
        self._context = context
        self._started = threading.Event()
        self._port = 0

    def port(self) -> int:
        assert self._started.wait(10), "the TLS front does not start"
        return self._port

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._context)
        self._port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopped.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            plain_reader, plain_writer = await asyncio.open_connection("127.0.0.1", self._plain_port)
            await asyncio.gather(_copy(reader, plain_writer), _copy(plain_reader, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            for end in (writer, plain_writer):
                end.transport.abort()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.write_eof() if sink.can_write_eof() else sink.close()
