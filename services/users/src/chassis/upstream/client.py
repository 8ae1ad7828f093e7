"""The client of an upstream service: bounded in time, attempts, concurrency and size; it fails in two ways only."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final, Self, TypeVar

import aiohttp
import orjson

from chassis.errors import UpstreamRefused, UpstreamTimeout, UpstreamUnavailable
from chassis.fair_queue import FairQueue
from chassis.request_context import current_request
from chassis.settings import ChassisSettings

from .circuit_breaker import CircuitBreaker

BACKOFF_SECONDS: Final = 0.05
KEEP_ALIVE_SECONDS: Final = 15.0  # shorter than a server's `keep_alive_timeout`, else it may close what we just reused
LOGGED_ANSWER_BYTES: Final = 256
# An answer that nobody compressed cannot grow in our memory.
HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")
QueryParameters = Sequence[tuple[str, str]]


class _WorthRetrying(UpstreamUnavailable):
    """A lost connection, or an error of a server that does not ask for patience."""


class UpstreamClient:
    """Asks one upstream service for JSON over one connection pool for the life of the process.

    Every failure is `UpstreamTimeout` or `UpstreamUnavailable`; what was wrong with an answer goes to the log.
    """

    def __init__(self, name: str, base_url: str, settings: ChassisSettings) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._settings = settings
        self._queue = FairQueue(
            settings.http_client_concurrency,
            wait=min(settings.http_client_wait, settings.http_client_total_timeout),
            refusal=lambda: self._unavailable("has as many calls in flight as are allowed"),
        )
        self._session: aiohttp.ClientSession | None = None
        self.circuit = CircuitBreaker(
            name, failures=settings.circuit_breaker_failures, reset=settings.circuit_breaker_reset
        )

    async def __aenter__(self) -> Self:
        # Of aiohttp's own: it repeats a GET once if a reused connection turns out to be closed, within our time limit.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
            timeout=aiohttp.ClientTimeout(sock_connect=self._settings.http_client_connect_timeout),
            headers=HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def get_json(self, path: str, query: QueryParameters = (), *, read: Callable[[object], Answer]) -> Answer:
        """GET a JSON document; the answer has to be 200. The time limit covers waiting for a turn and all attempts.

        `read` takes from the document what was asked for; it raises ValueError if that is not what the API promises.
        """
        deadline = asyncio.get_running_loop().time() + self._settings.http_client_total_timeout
        self.circuit.refuse_if_open()
        async with self._queue:
            with self.circuit.call():
                try:
                    async with asyncio.timeout_at(deadline):
                        body = await self._attempt_until_answered(path, query)
                    return self._understand(body, read)
                except TimeoutError:
                    logger.warning("upstream %s did not answer in time", self.name)
                    raise UpstreamTimeout(f"The {self.name} service did not answer in time.") from None

    async def _attempt_until_answered(self, path: str, query: QueryParameters) -> bytes:
        for attempt in range(self._settings.http_client_retries):
            try:
                return await self._attempt(path, query)
            except _WorthRetrying:
                # Full jitter: retries of many callers spread out instead of arriving together.
                await asyncio.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 - no secret
        return await self._attempt(path, query)

    async def _attempt(self, path: str, query: QueryParameters) -> bytes:
        if self._session is None:
            raise RuntimeError("UpstreamClient is used outside of `async with`")
        context = current_request()
        try:
            async with self._session.get(
                self._base_url + path,
                params=query,
                headers=context.headers if context else {},
                allow_redirects=False,
            ) as response:
                return await self._read(response)
        except (aiohttp.ClientError, OSError) as error:
            raise self._unavailable(f"failed: {type(error).__name__}: {error}", kind=_WorthRetrying) from error

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        limit = self._settings.http_client_max_body_size
        if response.status != HTTPStatus.OK:
            start = await response.content.read(LOGGED_ANSWER_BYTES)
            raise self._unavailable(f"answered {response.status}: {start!r}", kind=_kind_of(response))
        if response.content_type != "application/json":
            raise self._unavailable(f"answered with content type {response.content_type!r}")
        body = await _read_at_most(response, limit)
        if body is None:
            raise self._unavailable(f"answered with more than {limit} bytes")
        return body

    def _understand(self, body: bytes, read: Callable[[object], Answer]) -> Answer:
        try:
            return read(orjson.loads(body))
        except ValueError:
            raise self._unavailable(f"answered with nonsense: {body[:LOGGED_ANSWER_BYTES]!r}") from None

    def _unavailable(self, reason: str, kind: type[UpstreamUnavailable] = UpstreamUnavailable) -> UpstreamUnavailable:
        logger.warning("upstream %s %s", self.name, reason)
        return kind(f"The {self.name} service is unavailable.")


def _kind_of(response: aiohttp.ClientResponse) -> type[UpstreamUnavailable]:
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UpstreamUnavailable if "Retry-After" in response.headers else _WorthRetrying
    is_refusal = response.status >= HTTPStatus.BAD_REQUEST and response.status != HTTPStatus.TOO_MANY_REQUESTS
    return UpstreamRefused if is_refusal else UpstreamUnavailable


async def _read_at_most(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            response.close()
            return None
    return bytes(body)
