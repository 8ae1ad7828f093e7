"""The client of an upstream service, with timeouts, retries and limits of concurrency and size."""

import asyncio
import logging
from http import HTTPStatus
from typing import Any, Final, Self, Unpack

import aiohttp
from pydantic import ConfigDict, HttpUrl, TypeAdapter

from chassis.errors import UpstreamRefused, UpstreamTimeout, UpstreamUnavailable
from chassis.fair_queue import FairQueue
from chassis.measurements import Measurement
from chassis.settings import ChassisSettings, UpstreamUrl

from .answers import Answer, answer_in
from .attempts import AttemptFailed, failure_of
from .circuit_breaker import CircuitBreaker
from .connections import connector, once
from .credentials import Credentials
from .observation import Observer, note_repetition
from .options import Asking, Other, Read, Reading, Sending
from .requests import Request, build_request

HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}
# An invalid URL may contain a password.
BASE_URL: Final = TypeAdapter[HttpUrl](UpstreamUrl, config=ConfigDict(hide_input_in_errors=True))

logger = logging.getLogger(__name__)


class UpstreamClient:
    """Calls one upstream service, which uses JSON, over a pool of connections that lives as long as the process.

    A call returns the parsed body. It raises `UpstreamUnavailable` or `UpstreamTimeout` if the service gives no usable
    response, and `UpstreamRefused` if it returns 4xx. Details are logged.
    With `credentials` each call has a bearer token.
    """

    def __init__(
        self, name: str, base_url: HttpUrl | str, settings: ChassisSettings, *, credentials: Credentials | None = None
    ) -> None:
        self.name = name
        self._credentials = credentials
        self._base_url = str(BASE_URL.validate_python(base_url)).rstrip("/")
        self._settings = settings
        self._queue = FairQueue(
            settings.http_client_concurrency,
            wait=min(settings.http_client_wait, settings.http_client_total_timeout),
            refusal=lambda: self._unavailable("has reached its limit of concurrent calls"),
            name=name,
        )
        self._session: aiohttp.ClientSession | None = None
        is_observed = settings.sends_traces or settings.sends_metrics
        self._observer = Observer(name, HttpUrl(self._base_url)) if is_observed else None
        if self._observer:
            self.request = self._observer.observed(self.request)  # type: ignore[method-assign]  # no cost for each call without telemetry
        self.circuit = CircuitBreaker(
            name, failures=settings.circuit_breaker_failures, reset=settings.circuit_breaker_reset
        )

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=connector(),
            timeout=aiohttp.ClientTimeout(sock_connect=self._settings.http_client_connect_timeout),
            headers=HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,  # neither a proxy nor a password from the environment
            middlewares=[once],
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Fail the calls in flight with `UpstreamUnavailable`, and refuse all others."""
        if self._session:
            await self._session.close()

    def measurements(self) -> list[Measurement]:
        """Return the measurements of the circuit and of the queue of calls."""
        about = {"chassis.upstream.name": self.name}
        return [
            *self._queue.measurements(),
            Measurement(
                name="chassis.upstream.circuit.open",
                unit="{circuit}",
                description="1 while the circuit is open and calls are refused, otherwise 0.",
                read=lambda: [(int(self.circuit.is_open), about)],
                kind="sum",
            ),
        ]

    async def get(self, template: str, /, **options: Unpack[Reading[Read, Other]]) -> Read | Other:
        """GET a resource, and return what was read."""
        return (await self.request("GET", template, **options)).value

    async def head(self, template: str, /, **options: Unpack[Asking[Other]]) -> Answer[Other | None]:
        """GET without the body, and return the whole answer."""
        return await self.request("HEAD", template, **options)

    async def post(self, template: str, /, **options: Unpack[Sending[Read, Other]]) -> Read | Other:
        """POST, and return what was read. Retried only with an idempotency key, or if it was certainly not sent."""
        return (await self.request("POST", template, **options)).value

    async def put(self, template: str, /, **options: Unpack[Sending[Read, Other]]) -> Read | Other:
        """Replace or create a resource, and return what was read."""
        return (await self.request("PUT", template, **options)).value

    async def patch(self, template: str, /, **options: Unpack[Sending[Read, Other]]) -> Read | Other:
        """PATCH, and return what was read. Retried only with an idempotency key, or if it was certainly not sent."""
        return (await self.request("PATCH", template, **options)).value

    async def delete(self, template: str, /, **options: Unpack[Sending[Read, Other]]) -> Read | Other:
        """Delete a resource, and return what was read. After a retry, 404 may mean that it is done."""
        return (await self.request("DELETE", template, **options)).value

    async def request(
        self, method: str, template: str, /, **options: Unpack[Sending[Read, Other]]
    ) -> Answer[Read | Other]:
        """Call with any method, and return the whole answer. The timeout covers the queue and all attempts."""
        deadline = asyncio.get_running_loop().time() + self._settings.http_client_total_timeout
        self.circuit.refuse_if_open()
        try:
            request = build_request(self._base_url, method, template, options, upstream=self.name)
        except UpstreamRefused as refusal:
            if refusal.status in (answers := options.get("answers", {})):
                return Answer(refusal.status, {}, answers[refusal.status])
            raise
        if self._credentials is None:
            return await self._call(request, options, deadline)
        return await self._call_with_token(self._credentials, request, options, deadline)

    async def _call_with_token(
        self, credentials: Credentials, request: Request, options: Reading[Read, Other], deadline: float
    ) -> Answer[Any]:
        """Call, and again with a new token if the token is refused: the issuer may have new keys or no memory."""
        token = await self._token(credentials, deadline)
        try:
            return await self._call(request.with_token(token), options, deadline)
        except UpstreamRefused as refusal:
            if refusal.status != HTTPStatus.UNAUTHORIZED or token is None:
                raise
            credentials.refused(token)
            other = await self._token(credentials, deadline)
            if other == token:
                raise
        return await self._call(request.with_token(other), options, deadline)

    async def _token(self, credentials: Credentials, deadline: float) -> str | None:
        try:
            async with asyncio.timeout_at(deadline):
                return await credentials.token()
        except TimeoutError:
            raise UpstreamTimeout(f"No token for the {self.name} service arrived in time.") from None

    async def _call(self, request: Request, options: Reading[Read, Other], deadline: float) -> Answer[Any]:
        async with self._queue:
            with self.circuit.call():
                try:
                    async with asyncio.timeout_at(deadline):
                        return await self._attempt_until_answered(request, options, deadline)
                except TimeoutError:
                    logger.warning("upstream %s did not respond in time: %s", self.name, request.label)
                    raise UpstreamTimeout(f"The {self.name} service did not respond in time.") from None

    async def _attempt_until_answered(
        self, request: Request, options: Reading[Read, Other], deadline: float
    ) -> Answer[Any]:
        attempt = 0
        while True:
            try:
                return await self._attempt(request, options)
            except AttemptFailed as failure:
                if not self._may_repeat(request, failure, attempt, deadline):
                    raise self._unavailable(f"{failure}: {request.label}", failure.retry_after) from None
                logger.warning("upstream %s %s: %s; retrying", self.name, failure, request.label)
                pause = failure.pause(attempt)
            await asyncio.sleep(pause)
            attempt += 1
            if self._observer:
                note_repetition(attempt)

    def _may_repeat(self, request: Request, failure: AttemptFailed, attempt: int, deadline: float) -> bool:
        """Return whether to retry. A probe is not retried, since the circuit is open."""
        time_left = deadline - asyncio.get_running_loop().time()
        return (
            attempt < self._settings.http_client_retries
            and failure.is_worth_repeating(request)
            and (failure.retry_after or 0) < time_left
            and not self.circuit.is_open
        )

    async def _attempt(self, request: Request, options: Reading[Read, Other]) -> Answer[Any]:
        if self._session is None:
            raise RuntimeError("UpstreamClient must be used inside `async with`")
        if self._session.closed:
            raise AttemptFailed("is not called any more, since this service is shutting down")
        try:
            async with self._session.request(
                request.method, request.url, data=request.payload(), headers=request.headers, allow_redirects=False
            ) as response:
                limit = self._settings.http_client_max_body_size
                return await answer_in(response, request, options, upstream=self.name, limit=limit)
        except (aiohttp.ClientError, OSError) as error:
            raise failure_of(error) from error

    def _unavailable(self, reason: str, retry_after: int | None = None) -> UpstreamUnavailable:
        logger.warning("upstream %s %s", self.name, reason)
        return UpstreamUnavailable(f"The {self.name} service is unavailable.", retry_after=retry_after)
