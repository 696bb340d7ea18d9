"""A machine between us and PostgreSQL that forgets connections without a word, as routers may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy import URL, make_url

CHUNK_BYTES = 65_536


@dataclass
class Forgetful:
    """Carries what is said either way, except over connections that it has forgotten."""

    behind: URL
    url: str = ""
    """The database's address by way of this machine."""
    _known: set[asyncio.StreamWriter] = field(default_factory=set)
    _ends: list[asyncio.StreamWriter] = field(default_factory=list)

    def forget(self) -> None:
        """Swallow from now on whatever is said over the connections that there are."""
        self._known.clear()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry what is said over a new connection."""
        far_reader, far_writer = await asyncio.open_unix_connection(
            f"{self.behind.query['host']}/.s.PGSQL.5432"
        )
        self._known |= {writer, far_writer}
        self._ends += [writer, far_writer]
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while said := await reader.read(CHUNK_BYTES):
                if writer in self._known:
                    writer.write(said)
        if writer in self._known:
            writer.close()

    async def close(self) -> None:
        """End every connection."""
        for end in self._ends:
            end.close()
            with suppress(ConnectionError):
                await end.wait_closed()


@asynccontextmanager
async def forgetful(postgresql_url: str) -> AsyncIterator[Forgetful]:
    """Put such a machine before a database."""
    between = Forgetful(behind=make_url(postgresql_url))
    async with await asyncio.start_server(between.meet, "127.0.0.1", 0) as server:
        _, port = server.sockets[0].getsockname()
        address = between.behind.set(host="127.0.0.1", port=port, query={"ssl": "disable"})
        between.url = address.render_as_string(hide_password=False)
        yield between
        await between.close()
