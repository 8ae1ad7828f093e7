"""Connections to an upstream service, which are short-lived and refuse unsolicited data."""

import asyncio
import time
from functools import partial
from typing import Any, Final, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader

KEEP_ALIVE_SECONDS: Final = 15.0  # shorter than a server's `keep_alive_timeout`, which could close a reused connection
# Names are resolved when a connection opens. A new replica gets its share once all connections have been replaced.
LIFETIME_SECONDS: Final = 30.0
DNS_CACHE_SECONDS: Final = 10
MOST_INTERIM_ANSWERS: Final = 20
PIECE_BYTES: Final = 4096  # about 250 of the smallest responses, so that parsing them at once takes little memory

Message = tuple[RawResponseMessage, StreamReader]


class TooManyInterimAnswers(aiohttp.ClientPayloadError):
    """The upstream sends interim responses (1xx) without a final one."""


class Connection(ResponseHandler):
    """aiohttp's connection, closed after unsolicited data, too many interim responses, or its lifetime.

    aiohttp itself parses any amount of data, and takes an early response for that of the next call.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._expires_at = time.monotonic() + LIFETIME_SECONDS
        self._awaits_answer = False
        self._interim_answers = 0

    @property
    def should_close(self) -> bool:
        """Return whether to close it after the current response."""
        return super().should_close or time.monotonic() >= self._expires_at

    def set_response_params(self, **params: Any) -> None:
        """Expect the response of the next call."""
        self._awaits_answer, self._interim_answers = True, 0
        super().set_response_params(**params)

    def close(self) -> None:
        """Close without waiting for unsent data, since no caller waits for a response any more."""
        self.abort()

    def data_received(self, data: bytes) -> None:
        """Parse the data, in small pieces until the response has begun."""
        if data and not self._awaits_answer and (self._payload is None or self._payload.is_eof()):
            self.abort()
            return
        while self._awaits_answer and len(data) > PIECE_BYTES and self._exception is None:
            super().data_received(data[:PIECE_BYTES])
            data = data[PIECE_BYTES:]
        if self._exception is None and self.transport is not None:
            super().data_received(data)

    def feed_data(self, data: Message, size: int = 0) -> None:
        """Handle a status line with its headers."""
        status = data[0].code
        if not self._awaits_answer:
            self.abort()
        elif status >= 200 or status == 101:  # noqa: PLR2004 - 101 is final, too
            self._awaits_answer = False
            super().feed_data(data, size)
        else:
            self._interim_answers += 1
            if self._interim_answers > MOST_INTERIM_ANSWERS and self.transport is not None:
                self.set_exception(TooManyInterimAnswers())
                self.transport.abort()


def connector() -> aiohttp.TCPConnector:
    """Return a pool of such connections, without a limit of its own."""
    pool = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS, ttl_dns_cache=DNS_CACHE_SECONDS)
    # There is no public way, and aiohttp's own connection could freeze the process. A test notices if this breaks.
    pool._factory = partial(cast(type[ResponseHandler], Connection), asyncio.get_running_loop())  # noqa: SLF001
    return pool


async def once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Keep aiohttp from retrying failed requests itself, beyond the configured retries (a middleware)."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:  # aiohttp never retries these
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(type(error).__name__) from error
