"""A machine between us and PostgreSQL, which may forget connections without a word to either side."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import URL, make_url


@dataclass(eq=False, slots=True)
class _Passage:
    """One connection through it; where it is forgotten, all that comes is taken and nothing passed on."""

    forgotten: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


class Middlebox:
    """Passes connections on to a server; ``amid`` is what a client sends last before it is forgotten."""

    def __init__(self, server: URL) -> None:
        self._socket = f"{server.query['host']}/.s.PGSQL.5432"
        self._passages: list[_Passage] = []
        self.amid: bytes | None = None

    def forget(self) -> None:
        """Forget the connections that there are; those that come later are passed on."""
        for passage in self._passages:
            passage.forgotten = True

    async def connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Pass a connection on."""
        their_reader, their_writer = await asyncio.open_unix_connection(self._socket)
        passage = _Passage()
        self._passages.append(passage)
        passage.tasks = [
            asyncio.create_task(self._pass_on(passage, reader, their_writer)),
            asyncio.create_task(self._pass_on(passage, their_reader, writer)),
        ]
        await asyncio.wait(passage.tasks)

    async def _pass_on(self, passage: _Passage, source: StreamReader, sink: StreamWriter) -> None:
        try:
            while sent := await source.read(65_536):
                if not passage.forgotten:
                    sink.write(sent)
                    await sink.drain()
                if self.amid is not None and self.amid in sent:
                    self.amid, passage.forgotten = None, True
            if passage.forgotten:
                await asyncio.Event().wait()
        except ConnectionError:
            pass
        finally:
            sink.close()

    async def close(self) -> None:
        """End what is left."""
        tasks = [task for passage in self._passages for task in passage.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def between_us_and(url: str) -> AsyncIterator[tuple[Middlebox, str]]:
    """Put one between us and a server that is reached by its socket; gives the address of its other side."""
    address = make_url(url)
    box = Middlebox(address)
    listening = await asyncio.start_server(box.connected, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    near = address.set(host=host, port=port, query={"ssl": "disable"})
    yield box, near.render_as_string(hide_password=False)
    listening.close()
    await box.close()
