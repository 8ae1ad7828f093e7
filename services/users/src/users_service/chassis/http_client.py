"""The client of an upstream service: bounded in time, attempts, concurrency and size; it fails in two ways only."""

import asyncio
import json
import logging
import random
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, Self

import aiohttp

from .circuit_breaker import CircuitBreaker
from .errors import UpstreamError, UpstreamTimeout, UpstreamUnavailable
from .request_context import current_request
from .settings import ChassisSettings

BACKOFF_SECONDS: Final = 0.05
KEEP_ALIVE_SECONDS: Final = 15.0  # shorter than a server's `keep_alive_timeout`, else it may close what we just reused
LOGGED_ANSWER_BYTES: Final = 256

logger = logging.getLogger(__name__)

QueryParameters = Sequence[tuple[str, str]]


class UpstreamClient:
    """Asks one upstream service for JSON over one connection pool for the life of the process.

    Every failure is `UpstreamTimeout` or `UpstreamUnavailable`; what was wrong with an answer goes to the log.
    """

    def __init__(self, name: str, base_url: str, settings: ChassisSettings) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.http_client_concurrency)
        self._session: aiohttp.ClientSession | None = None
        self.circuit = CircuitBreaker(
            name, failures=settings.circuit_breaker_failures, reset=settings.circuit_breaker_reset
        )

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
            timeout=aiohttp.ClientTimeout(sock_connect=self._settings.http_client_connect_timeout),
            headers={"Accept": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
            raise_for_status=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def get_json(self, path: str, query: QueryParameters = ()) -> Any:
        """GET a JSON document; the answer has to be 200."""
        self.circuit.before_call()
        try:
            async with asyncio.timeout(self._settings.http_client_total_timeout), self._slots:
                document = await self._attempt_until_answered(path, query)
        except TimeoutError:
            self.circuit.failed()
            raise UpstreamTimeout(f"The {self.name} service did not answer in time.") from None
        except UpstreamError:
            self.circuit.failed()
            raise
        self.circuit.succeeded()
        return document

    async def _attempt_until_answered(self, path: str, query: QueryParameters) -> Any:
        for attempt in range(self._settings.http_client_retries):
            try:
                return await self._attempt(path, query)
            except UpstreamUnavailable:
                # Full jitter: retries of many callers spread out instead of arriving together.
                await asyncio.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 - no secret
        return await self._attempt(path, query)

    async def _attempt(self, path: str, query: QueryParameters) -> Any:
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
            if isinstance(error, TimeoutError):
                raise self._unavailable("cannot connect in time") from error
            raise self._unavailable(f"{type(error).__name__}: {error}") from error

    async def _read(self, response: aiohttp.ClientResponse) -> Any:
        limit = self._settings.http_client_max_body_size
        if response.status != HTTPStatus.OK:
            start = await response.content.read(LOGGED_ANSWER_BYTES)
            raise self._unavailable(f"answered {response.status}: {start!r}")
        if response.content_type != "application/json":
            raise self._unavailable(f"answered with content type {response.content_type!r}")
        body = await _read_at_most(response, limit)
        if body is None:
            raise self._unavailable(f"answered with more than {limit} bytes")
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise self._unavailable(f"answered with what is not JSON: {body[:LOGGED_ANSWER_BYTES]!r}") from None

    def nonsense(self, document: object) -> UpstreamUnavailable:
        """The error for an answer that is JSON, but not what was asked for."""
        return self._unavailable(f"answered with an unexpected document: {str(document)[:LOGGED_ANSWER_BYTES]!r}")

    def _unavailable(self, reason: str) -> UpstreamUnavailable:
        logger.warning("upstream %s %s", self.name, reason)
        return UpstreamUnavailable(f"The {self.name} service is unavailable.")


async def _read_at_most(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            response.close()
            return None
    return bytes(body)
