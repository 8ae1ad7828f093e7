"""Connections to an upstream service: none is kept for long, and none takes what nobody asked for."""

import asyncio
import time
from functools import partial
from typing import Any, Final, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader

KEEP_ALIVE_SECONDS: Final = 15.0  # shorter than a server's `keep_alive_timeout`, else it may close what we just reused
# Names are resolved when a connection is made. A new replica gets its share when all connections have been replaced.
LIFETIME_SECONDS: Final = 30.0
DNS_CACHE_SECONDS: Final = 10
MOST_INTERIM_ANSWERS: Final = 20
PIECE_BYTES: Final = 4096  # holds some 250 of the smallest answers: what is made of them at once is little

Message = tuple[RawResponseMessage, StreamReader]


class TooManyInterimAnswers(aiohttp.ClientPayloadError):
    """An answer with status 1xx says that the real one will follow; here it does not."""


class Connection(ResponseHandler):
    """aiohttp's, but it ends if its peer speaks unasked, keeps on announcing an answer, or is an old acquaintance.

    By itself aiohttp parses without end whatever comes, and takes an answer that came early for that of the next call.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._expires_at = time.monotonic() + LIFETIME_SECONDS
        self._awaits_answer = False
        self._interim_answers = 0

    @property
    def should_close(self) -> bool:
        """Whether it serves no further call; asked when an answer is complete."""
        return super().should_close or time.monotonic() >= self._expires_at

    def set_response_params(self, **params: Any) -> None:
        """Await the answer of the next call."""
        self._awaits_answer, self._interim_answers = True, 0
        super().set_response_params(**params)

    def close(self) -> None:
        """Never wait for a peer that does not take what we had to say: nobody awaits its answer any more."""
        self.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what has come, in small pieces until the answer has begun."""
        if data and not self._awaits_answer and (self._payload is None or self._payload.is_eof()):
            self.abort()
            return
        while self._awaits_answer and len(data) > PIECE_BYTES and self._exception is None:
            super().data_received(data[:PIECE_BYTES])
            data = data[PIECE_BYTES:]
        if self._exception is None and self.transport is not None:
            super().data_received(data)

    def feed_data(self, data: Message, size: int = 0) -> None:
        """Take a status line with its headers."""
        status = data[0].code
        if not self._awaits_answer:
            self.abort()
        elif status >= 200 or status == 101:  # noqa: PLR2004 - after 101 no other will follow
            self._awaits_answer = False
            super().feed_data(data, size)
        else:
            self._interim_answers += 1
            if self._interim_answers > MOST_INTERIM_ANSWERS and self.transport is not None:
                self.set_exception(TooManyInterimAnswers())
                self.transport.abort()


def connector() -> aiohttp.TCPConnector:
    """A pool of such connections; how many there are is not its business."""
    pool = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS, ttl_dns_cache=DNS_CACHE_SECONDS)
    # There is no public way, and what aiohttp itself would do is a freeze. A test sees if this has lost its effect.
    pool._factory = partial(cast(type[ResponseHandler], Connection), asyncio.get_running_loop())  # noqa: SLF001
    return pool


async def once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A middleware that keeps aiohttp from repeating by itself what failed: it would be beyond what is counted."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:  # it never repeats these
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(type(error).__name__) from error
