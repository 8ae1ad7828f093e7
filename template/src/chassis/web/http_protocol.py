"""HTTP/1.1: uvicorn's httptools protocol with limits, timeouts, and responses in the order of requests.

Decision record 0014 explains the design.
"""

import asyncio
import math
import socket
import struct
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, cast

import httptools
from uvicorn._types import ASGI3Application, HTTPScope
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from .connections import Limits, connections_of
from .http_cycle import Cycle, LingeringTransport
from .refusals import (
    ABANDONED,
    FIELDS_LIMIT,
    HEAD_LIMIT,
    IS_NO_PROXY,
    MALFORMED,
    PIPELINE_LIMIT,
    REFUSAL,
    SERVER_IS_FULL,
    TARGET_TOO_LONG,
    TOO_LARGE_HEAD,
    TOO_MANY_BODIES,
    TOO_MANY_PIPELINED,
    TOO_MUCH_FRAMING,
    TOO_SLOW,
    Refusal,
)
from .request_head import RefusedHead, check_fields, is_too_large, parse_target

LINGER_SECONDS: Final = 2.0
"""Seconds a silent connection stays open after its last response. Received data is discarded (RFC 9112 9.6)."""

LINGER_SECONDS_IN_ALL: Final = 30.0
LINGER_BYTES: Final = 64 * 2**20

FRAMING_LIMIT: Final = 4 * HEAD_LIMIT
FRAMING_SHARE: Final = 16
"""Bytes of framing allowed per byte of a chunked body. A chunk of one byte has five."""

DRAIN_SECONDS: Final = 1.0
"""Seconds an idle connection may still deliver a request after the listening socket has closed."""

LOWEST_RATE: Final = 1024
"""Bytes per second that a body must average once the time for it to begin has passed."""

ENOUGH_WAITING: Final = PIPELINE_LIMIT // 2
"""Waiting requests at which a connection is no longer read. Reading until then notices a reset."""

UNKNOWN_METHOD: Final = "_OTHER"
"""OpenTelemetry's name for an unknown method (semantic conventions, `http.request.method`)."""


class HttpProtocol(HttpToolsProtocol):
    """One connection. The application's middleware responds to requests that it refuses, and logs them."""

    cycle: Cycle | None  # type: ignore[assignment] # uvicorn declares its own class, which is never None
    transport: asyncio.Transport

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = limits
        self.server_connections = connections_of(server_state, self.loop, limits)
        self.parser = self._new_parser()
        self.running: Cycle | None = None  # in progress; `cycle` is the one that was parsed last
        self.waiting: deque[Cycle] = deque()  # next in order, complete or not
        self.url = b""
        self.in_head = False  # a request has begun, and its headers are not complete
        self.in_upgrade = False  # its headers ask for a protocol upgrade
        self.head_size = 0  # bytes since the last parser callback other than for a header
        self.told = False  # whether there was such a callback for the current data
        self.left = False  # the client has closed its side
        self.is_draining = False
        self.is_discarding = False  # received data is discarded
        self.is_closing = False
        self.lingers_until = math.inf
        self.discarded = 0  # bytes received after the last response
        self.framing = 0  # bytes of the request that are not part of its body
        self.body_bytes = 0  # of all its requests in flight
        self.unsent = 0  # bytes of responses that the client had not read at the last check
        self.deadline = math.inf

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # Without it, data after a request with `Connection: close` turns that request's response into a 400.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def _in(self, seconds: float) -> float:
        return self.loop.time() + seconds

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, or refuse the connection if there are too many."""
        super().connection_made(transport)
        self.cycle_transport = LingeringTransport(transport, self._close, self.loop)
        self.deadline = self._in(self.limits.head)
        self._let_kernel_expire()
        if not self.server_connections.admit(self):
            self._refuse(SERVER_IS_FULL)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - a reset is the same as a close
        """Notify the running request, log those that wait, and free everything immediately."""
        self.connections.discard(self)
        self.server_connections.bodies -= self.body_bytes
        self.body_bytes = 0
        self.flow.resume_writing()
        if self.running is not None and not self.running.response_complete:
            self.running.leave()
            self.running.disconnected = True
        if self.waiting:
            self._abandon(*self.waiting)
            self.waiting.clear()
        self.parser = self.scope = self.cycle = self.running = self.cycle_transport = None  # type: ignore[assignment]
        self.headers = []

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Serve complete requests of a client that has closed only its side, and abandon incomplete ones."""
        if self.is_closing:
            return None
        self.left = True
        if self.in_head:
            self._refuse(MALFORMED)
        elif self.waiting and self.waiting[-1].more_body:
            self._abandon(self.waiting.pop())
        if self.running is None or (self.running.more_body and not self.running.refusal):
            return None
        cycles = [self.running, *self.waiting]
        for cycle in cycles:
            cycle.leave()
        cycles[-1].keep_alive = False
        return True

    def shutdown(self) -> None:
        """Serve received requests, and those that an idle client sends within `DRAIN_SECONDS`. Called by uvicorn."""
        self.is_draining = True
        if self.running is None:
            self.deadline = self.lingers_until = min(self.deadline, self._in(DRAIN_SECONDS))
        elif self.cycle is not None:
            self.cycle.keep_alive = False

    def _close(self) -> None:
        """Close after the last response. A client that is still sending might otherwise not read it (RFC 9112 9.6)."""
        if self.is_closing or self.transport.is_closing():
            return
        self.is_closing = self.is_discarding = True
        self.lingers_until = self._in(DRAIN_SECONDS if self.is_draining else LINGER_SECONDS_IN_ALL)
        self.unsent = self.untaken
        self.deadline = self._in(self.limits.write) if self.unsent else self._lingering()
        if self.left:
            self.transport.close()
        else:
            self.flow.resume_reading()
            self.transport.write_eof()

    def _lingering(self) -> float:
        return min(self._in(LINGER_SECONDS), self.lingers_until)

    # Time limits

    @property
    def is_idle(self) -> bool:
        """Return whether it has no request in progress."""
        return self.running is None

    @property
    def untaken(self) -> int:
        """Return the bytes of responses that its client has not read yet."""
        return self.transport.get_write_buffer_size()

    def _let_kernel_expire(self) -> None:
        """Let the kernel time out data for a client that reads nothing: its buffers hold megabytes."""
        with suppress(OSError, AttributeError):  # an option of Linux
            milliseconds = int(self.limits.write * 1000)
            self.transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds
            )

    def abort(self) -> None:
        """Close immediately. Unread data would otherwise stay in the kernel's buffers for minutes."""
        if self.untaken:
            with suppress(OSError):
                connection = self.transport.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connections.discard(self)  # it must not be chosen again to make room
        self.transport.abort()

    def expire(self, now: float) -> None:
        """End what timed out, unless the client is reading its response or reading from it was paused."""
        unsent = self.untaken
        if unsent < self.unsent:
            self.unsent, self.deadline = unsent, now + self.limits.write if unsent else self._lingering()
        elif unsent or self.is_closing:
            self.abort()
        elif self.flow.read_paused:
            self.deadline = now + self.limits.body
        elif self.in_head or (self.cycle is not None and self.cycle.more_body):
            self._refuse(TOO_SLOW)
        else:
            self._close()

    def pause_writing(self) -> None:
        """Start to watch whether the client reads its response."""
        self.flow.pause_writing()
        self.unsent, self.deadline = self.untaken, self._in(self.limits.write)

    def resume_writing(self) -> None:
        """Stop the timeout while the application works."""
        self.flow.resume_writing()
        if self.running is not None and not self.running.more_body:
            self.deadline = math.inf

    # Requests

    def data_received(self, data: bytes) -> None:
        """Parse the data. If it is refused, the connection cannot be used again."""
        if self.is_discarding:
            self._discard(len(data))
            return
        self.told = False
        self.head_size += len(data)
        self.framing += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, RefusedHead):
                raise
            self._refuse(error.__context__.refusal)
        except httptools.HttpParserError:
            self._refuse(MALFORMED)
        else:
            if self.told:
                self.head_size = 0
            if self.head_size > HEAD_LIMIT:
                self._refuse(self._too_large())
            elif self._is_mostly_framing():
                self._refuse(TOO_MUCH_FRAMING)

    def _discard(self, size: int) -> None:
        self.discarded += size
        if self.discarded > LINGER_BYTES:
            self.abort()
        elif self.is_closing and not self.unsent:
            self.deadline = self._lingering()

    def _is_mostly_framing(self) -> bool:
        """Return whether most of the data is unused chunk extensions (RFC 9112 section 7.1.1)."""
        cycle = self.cycle
        if self.in_head or cycle is None or not cycle.more_body:
            self.framing = 0
            return False
        return self.framing > FRAMING_LIMIT + FRAMING_SHARE * cycle.received

    def _too_large(self) -> Refusal:
        return TARGET_TOO_LONG if self.in_head and len(self.url) > HEAD_LIMIT // 2 else TOO_LARGE_HEAD

    def _feed(self, data: bytes) -> None:
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as stopped:
                # The parser reads no body if the request asks for an upgrade. That is ignored (RFC 9110 section 7.8):
                # a new parser gets the same request without the `Upgrade` field.
                data = self._head_without_upgrade() + data[stopped.args[0] :]
                self.parser = self._new_parser()
            else:
                return

    def _head_without_upgrade(self) -> bytes:
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        fields = (b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade")
        return line + b"".join(fields) + b"\r\n"

    def on_message_begin(self) -> None:
        """Start the timeout for the head at the first byte of a request."""
        super().on_message_begin()
        self.in_head = True
        if self.running is None:
            self.deadline = self._in(self.limits.head)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header or trailer field. Raises `RefusedHead` if there are too many."""
        if len(self.headers) == FIELDS_LIMIT:
            raise RefusedHead(TOO_LARGE_HEAD)
        name, value = name.lower(), value.strip(b" \t")
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Serve the request, whose body may still come. Raises `RefusedHead` if it is invalid."""
        self.told = True
        parser, scope, headers = self.parser, self.scope, self.headers
        method = parser.get_method()
        if self.head_size > HEAD_LIMIT and is_too_large(self.url, headers, HEAD_LIMIT):
            raise RefusedHead(self._too_large())
        self.in_upgrade = parser.should_upgrade()
        if self.in_upgrade:
            if method == b"CONNECT":
                raise RefusedHead(IS_NO_PROXY)
            return
        scope["method"] = method.decode("ascii")
        scope["http_version"] = version = parser.get_http_version()
        target = parse_target(self.url)
        scope["path"] = self.root_path + target.path
        scope["raw_path"] = self.root_path.encode() + target.raw_path
        scope["query_string"] = target.query
        check_fields(headers, version)
        if target.authority is not None:
            headers[:] = [(b"host", target.authority), *(field for field in headers if field[0] != b"host")]
        if len(self.waiting) == PIPELINE_LIMIT:
            raise RefusedHead(TOO_MANY_PIPELINED)
        self.in_head = False
        self.headers = []  # for the trailers, which are not used
        is_old = version == "1.0"  # no keep-alive, no interim responses
        self.expect_100_continue = self.expect_100_continue and not is_old
        cycle = self._new_cycle(scope, keep_alive=not is_old and parser.should_keep_alive())
        if self.expect_100_continue:
            cycle.expect_continue()
        self._serve(cycle)

    def on_body(self, body: bytes) -> None:
        """Keep a part of a body for the application. Raises `RefusedHead` if all bodies are too large together."""
        self.told = True
        self.framing -= len(body)
        cycle = self.cycle
        if cycle is None:
            return
        cycle.received += len(body)
        if cycle.response_complete:
            return
        self.body_bytes += len(body)
        self.server_connections.bodies += len(body)
        if self.server_connections.bodies > self.limits.bodies and cycle.received > HIGH_WATER_LIMIT:
            raise RefusedHead(TOO_MANY_BODIES)
        cycle.body += body
        if cycle is not self.running or len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.deadline = min(self.deadline + len(body) / LOWEST_RATE, max(self.deadline, self._in(self.limits.body)))
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """Note the end of the request. Raises `RefusedHead` if its trailers are too large."""
        self.told = True
        cycle = self.cycle
        if self.in_upgrade or cycle is None:
            return
        if self.head_size > HEAD_LIMIT and is_too_large(b"", self.headers, HEAD_LIMIT):
            raise RefusedHead(self._too_large())
        cycle.more_body = False
        cycle.message_event.set()
        if cycle is self.running and not self.flow.write_paused:
            self.deadline = math.inf
        elif self.running is None:  # the response was complete before
            self._become_idle()

    def _new_cycle(self, scope: HTTPScope, *, keep_alive: bool) -> Cycle:
        self.cycle = Cycle(
            scope=scope,
            transport=self.cycle_transport,  # type: ignore[arg-type] # the part that a cycle uses
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive and not self.is_draining,
            on_response=self.on_response_complete,
        )
        return self.cycle

    # Responses

    def _serve(self, cycle: Cycle) -> None:
        """Serve it now, or when its turn comes."""
        if self.running is None:
            self._run(cycle)
        else:
            self.waiting.append(cycle)
            if len(self.waiting) >= ENOUGH_WAITING:
                self.flow.pause_reading()

    def _run(self, cycle: Cycle) -> None:
        self.running = cycle
        self.deadline = self._in(self.limits.body) if cycle.more_body else math.inf
        self._start_asgi_task(cycle, self.app)

    def on_response_complete(self) -> None:
        """Continue with the next request, or wait for one."""
        self.server_state.total_requests += 1
        if self.running is not None and self.body_bytes:
            self.body_bytes -= self.running.received
            self.server_connections.bodies -= self.running.received
        self.running = None
        if self.is_closing or self.transport.is_closing():
            return
        if self.waiting:
            self._run(self.waiting.popleft())
        elif self.left:
            self._close()
        elif self.in_head:
            self.deadline = self._in(self.limits.head)
        elif self.cycle is not None and self.cycle.more_body:
            self.deadline = self._in(LINGER_SECONDS)
        else:
            self._become_idle()
        if len(self.waiting) < ENOUGH_WAITING:
            self.flow.resume_reading()

    def _become_idle(self) -> None:
        """Wait for the next request, and free the last one, since an idle connection may stay open for a minute."""
        self.deadline = self._in(DRAIN_SECONDS if self.is_draining else self.limits.keep_alive)
        self.scope = self.cycle = None  # type: ignore[assignment] # uvicorn keeps them
        self.headers = []

    def _refuse(self, refusal: Refusal) -> None:
        """Refuse the request that is being parsed, in its turn, and discard everything after it."""
        self.is_discarding = True
        self.deadline = math.inf
        cycle = self.cycle
        if self.in_head or cycle is None or not cycle.more_body:
            self._serve(self._refused_cycle(refusal))
        elif cycle.response_started:  # a response cannot be taken back
            cycle.disconnected = True
            cycle.message_event.set()
            self._close()
        else:
            cycle.refuse(refusal)

    def _refused_cycle(self, refusal: Refusal) -> Cycle:
        if not self.in_head:
            super().on_message_begin()
        scope: Any = self.scope
        if "path" not in scope:  # it is not a request, or is too large to keep
            method = self.parser.get_method().decode("ascii") if self.url else UNKNOWN_METHOD
            scope |= {"method": method, "path": "", "raw_path": b"", "query_string": b""}
            scope["headers"] = [field for field in self.headers if field[0] == b"origin"][:1]  # for CORS
        scope[REFUSAL] = refusal
        self.in_head = self.expect_100_continue = False
        cycle = self._new_cycle(scope, keep_alive=False)
        cycle.more_body = False
        return cycle

    def _abandon(self, *cycles: Cycle) -> None:
        """Log requests whose client has left before their turn."""
        task = self.loop.create_task(_log_abandoned(self.app, cycles))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)


async def _log_abandoned(app: ASGI3Application, cycles: Iterable[Cycle]) -> None:
    for cycle in cycles:
        cast(dict[str, Any], cycle.scope)[REFUSAL] = ABANDONED
        cycle.leave()
        cycle.disconnected = True
        await cycle.run_asgi(app)
        await asyncio.sleep(0)  # let others run: a client can leave a thousand behind
