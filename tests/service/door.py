"""A door before a server: passes everybody on who comes, and counts them; it can be shut."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit, urlunsplit

__all__ = ["Door"]


class Door:
    """Listens on 127.0.0.1, in a thread of its own, until the block ends.

    Whoever comes while the server is away, or the door is shut, is cut off at once.

    Parameters
    ----------
    url
        Of the server.
    last_words
        Once they were said to the server, nothing that it answers is passed on any more; by
        default, all is.
    """

    def __init__(self, url: str, *, last_words: bytes = b"") -> None:
        self._behind, self._last_words = urlsplit(url), last_words
        self.visits = 0
        """Connections made to the server, or tried."""
        self.words = bytearray()
        """All that was said to the server."""
        self.is_open = True
        self._inside: set[asyncio.Task[None]] = set()
        self._listening = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    @property
    def url(self) -> str:
        """Of the server, through the door."""
        host = f"127.0.0.1:{self._port}"
        user, at, _ = self._behind.netloc.rpartition("@")
        return urlunsplit(self._behind._replace(netloc=f"{user}{at}{host}"))

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    def shut(self) -> None:
        """Cut off everybody, and let nobody in."""
        self.is_open = False
        self._loop.call_soon_threadsafe(self._cut_off)

    def open(self) -> None:
        """Let everybody in again."""
        self.is_open = True

    def _cut_off(self) -> None:
        for visit in self._inside:
            visit.cancel()

    async def _run(self) -> None:
        self._over = asyncio.Event()
        async with await asyncio.start_server(self._let_in, "127.0.0.1", 0) as server:
            self._port: int = server.sockets[0].getsockname()[1]
            self._listening.set()
            await self._over.wait()
        self._cut_off()
        await asyncio.gather(*self._inside)

    async def _let_in(self, inward: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.visits += 1
        visit = asyncio.current_task()
        assert visit is not None
        self._inside.add(visit)
        with suppress(OSError, asyncio.CancelledError):
            if self.is_open:
                await self._pass(inward, back)
        back.close()
        self._inside.discard(visit)

    async def _pass(self, inward: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        host, port = self._behind.hostname, self._behind.port
        outward, forth = await asyncio.open_connection(host, port)
        try:
            await asyncio.gather(
                self._pass_on(inward, forth, self.words), self._pass_on(outward, back)
            )
        finally:
            forth.close()

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        words: bytearray | None = None,
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if words is not None:
                    words += data
                elif self._last_words and self._last_words in self.words:
                    break
                writer.write(data)
                await writer.drain()
        writer.close()
