"""The client of an upstream service: bounded in time, attempts, concurrency and size."""

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
# A URL that is refused may hold a password.
BASE_URL: Final = TypeAdapter[HttpUrl](UpstreamUrl, config=ConfigDict(hide_input_in_errors=True))

logger = logging.getLogger(__name__)


class UpstreamClient:
    """Calls one upstream service, which speaks JSON, over one pool of connections for the life of the process.

    A call returns what was read, or raises one of three: `UpstreamUnavailable` and `UpstreamTimeout` if the service
    could not be asked, `UpstreamRefused` if it answered 4xx. What exactly was wrong goes to the log.
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
            refusal=lambda: self._unavailable("has as many calls in flight as are allowed"),
            name=name,
        )
        self._session: aiohttp.ClientSession | None = None
        is_observed = settings.sends_traces or settings.sends_metrics
        self._observer = Observer(name, HttpUrl(self._base_url)) if is_observed else None
        if self._observer:
            self.request = self._observer.observed(self.request)  # type: ignore[method-assign]  # a call costs nothing more where it is not
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
        """End the calls that are in flight with `UpstreamUnavailable`, and refuse all others."""
        if self._session:
            await self._session.close()

    def measurements(self) -> list[Measurement]:
        """Whether the circuit is open, and how many calls wait for their turn."""
        about = {"chassis.upstream.name": self.name}
        return [
            *self._queue.measurements(),
            Measurement(
                name="chassis.upstream.circuit.open",
                unit="{circuit}",
                description="1 as long as calls are refused since the service kept failing; 0 otherwise.",
                read=lambda: [(int(self.circuit.is_open), about)],
                kind="sum",
            ),
        ]

    async def get(self, template: str, /, **options: Unpack[Reading[Read, Other]]) -> Read | Other:
        """GET what is there."""
        return (await self.request("GET", template, **options)).value

    async def head(self, template: str, /, **options: Unpack[Asking[Other]]) -> Answer[Other | None]:
        """GET without the body."""
        return await self.request("HEAD", template, **options)

    async def post(self, template: str, /, **options: Unpack[Sending[Read, Other]]) -> Read | Other:
        """Have something done; sent twice only with an idempotency key, or if it surely never arrived."""
        return (await self.request("POST", template, **options)).value

    async def put(self, template: str, /, **options: Unpack[Sending[Read, Other]]) -> Read | Other:
        """Replace, or make."""
        return (await self.request("PUT", template, **options)).value

    async def patch(self, template: str, /, **options: Unpack[Sending[Read, Other]]) -> Read | Other:
        """Change; sent twice only with an idempotency key, or if it surely never arrived."""
        return (await self.request("PATCH", template, **options)).value

    async def delete(self, template: str, /, **options: Unpack[Sending[Read, Other]]) -> Read | Other:
        """Remove. It may be repeated after an answer that was lost, so that 404 may mean: done."""
        return (await self.request("DELETE", template, **options)).value

    async def request(
        self, method: str, template: str, /, **options: Unpack[Sending[Read, Other]]
    ) -> Answer[Read | Other]:
        """Any method, and all of the answer. The time limit covers waiting for a turn and all attempts."""
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
        """A token that is refused is replaced once: the issuer may have new keys, or have forgotten everything."""
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
            raise UpstreamTimeout(f"There was no token for the {self.name} service in time.") from None

    async def _call(self, request: Request, options: Reading[Read, Other], deadline: float) -> Answer[Any]:
        async with self._queue:
            with self.circuit.call():
                try:
                    async with asyncio.timeout_at(deadline):
                        return await self._attempt_until_answered(request, options, deadline)
                except TimeoutError:
                    logger.warning("upstream %s did not answer in time: %s", self.name, request.label)
                    raise UpstreamTimeout(f"The {self.name} service did not answer in time.") from None

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
                logger.warning("upstream %s %s: %s; trying again", self.name, failure, request.label)
                pause = failure.pause(attempt)
            await asyncio.sleep(pause)
            attempt += 1
            if self._observer:
                note_repetition(attempt)

    def _may_repeat(self, request: Request, failure: AttemptFailed, attempt: int, deadline: float) -> bool:
        """The circuit is open to the probe as well, which thus is a single attempt."""
        time_left = deadline - asyncio.get_running_loop().time()
        return (
            attempt < self._settings.http_client_retries
            and failure.is_worth_repeating(request)
            and (failure.retry_after or 0) < time_left
            and not self.circuit.is_open
        )

    async def _attempt(self, request: Request, options: Reading[Read, Other]) -> Answer[Any]:
        if self._session is None:
            raise RuntimeError("UpstreamClient is used outside of `async with`")
        if self._session.closed:
            raise AttemptFailed("is not asked any more, since this service stops")
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
