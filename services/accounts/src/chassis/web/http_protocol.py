"""HTTP/1.1: uvicorn's protocol on httptools, with bounds, time limits, and answers in the order of the requests.

The decision record 0014 says why it is written so.
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
"""How long a connection stays after its last answer while nothing comes; what comes is thrown away (RFC 9112 9.6)."""

LINGER_SECONDS_IN_ALL: Final = 30.0
LINGER_BYTES: Final = 64 * 2**20

FRAMING_LIMIT: Final = 4 * HEAD_LIMIT
FRAMING_SHARE: Final = 16
"""Bytes around the chunks of a body for each byte in them; a chunk of one byte has five."""

DRAIN_SECONDS: Final = 1.0
"""How long an idle connection may still deliver a request after the listener has closed."""

LOWEST_RATE: Final = 1024
"""Bytes that a body must bring in a second, on average, once the time in which it may begin is used up."""

ENOUGH_WAITING: Final = PIPELINE_LIMIT // 2
"""Requests that wait on a connection when no more is read; it is read until then, so that a reset is noticed."""

UNKNOWN_METHOD: Final = "_OTHER"
"""OpenTelemetry's name for a method that is none (semantic conventions, `http.request.method`)."""


class HttpProtocol(HttpToolsProtocol):
    """One connection. What it refuses is answered by the application's middleware, with an access line."""

    cycle: Cycle | None  # type: ignore[assignment] # uvicorn's own kind, and none before the first
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
        self.running: Cycle | None = None  # is answered now; `cycle` is the one that was parsed last
        self.waiting: deque[Cycle] = deque()  # are complete or not, and answered after it, in order
        self.url = b""
        self.in_head = False  # a request has begun, and its headers are not complete
        self.in_upgrade = False  # its headers ask for another protocol
        self.head_size = 0  # bytes that came since the parser last told of anything but a header
        self.told = False  # whether it has, since bytes came
        self.left = False  # the client has closed its side
        self.is_draining = False
        self.is_discarding = False  # what comes is thrown away
        self.is_closing = False
        self.lingers_until = math.inf
        self.discarded = 0  # bytes that came after the last answer
        self.framing = 0  # bytes of the request that were no part of its body
        self.body_bytes = 0  # of all its requests that are not answered yet
        self.unsent = 0  # bytes of answers that the client had not taken when last looked at
        self.deadline = math.inf

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # Without it a request after one that says `Connection: close` turns the answer to the first into a 400.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def _in(self, seconds: float) -> float:
        return self.loop.time() + seconds

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, if there is room for one more connection."""
        super().connection_made(transport)
        self.cycle_transport = LingeringTransport(transport, self._close, self.loop)
        self.deadline = self._in(self.limits.head)
        self._let_kernel_expire()
        if not self.server_connections.admit(self):
            self._refuse(SERVER_IS_FULL)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - a reset is as good as a close
        """Tell the running request, give those that wait their access lines, and free everything at once."""
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
        """Answer what is complete, also to a client that has closed its side only; a body that is not is given up."""
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
        """Answer what has come, and what an idle connection sends within `DRAIN_SECONDS`; called as uvicorn stops."""
        self.is_draining = True
        if self.running is None:
            self.deadline = self.lingers_until = min(self.deadline, self._in(DRAIN_SECONDS))
        elif self.cycle is not None:
            self.cycle.keep_alive = False

    def _close(self) -> None:
        """Close after the last answer; a client that still sends when we close may never read it (RFC 9112 9.6)."""
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
        """Whether nothing of it is being answered."""
        return self.running is None

    @property
    def untaken(self) -> int:
        """Bytes of answers that its client has not taken yet."""
        return self.transport.get_write_buffer_size()

    def _let_kernel_expire(self) -> None:
        """Have the kernel end what it holds for a client that takes nothing: its buffers have room for megabytes."""
        with suppress(OSError, AttributeError):  # an option of Linux
            milliseconds = int(self.limits.write * 1000)
            self.transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds
            )

    def abort(self) -> None:
        """Close it at once; what a client does not take would else stay in the kernel's buffers for minutes."""
        if self.untaken:
            with suppress(OSError):
                connection = self.transport.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connections.discard(self)  # at once: it is no longer one of those that can make room
        self.transport.abort()

    def expire(self, now: float) -> None:
        """End what took too long, unless the client is taking its answer, or we have made it wait."""
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
        """Begin to watch whether the client takes its answer."""
        self.flow.pause_writing()
        self.unsent, self.deadline = self.untaken, self._in(self.limits.write)

    def resume_writing(self) -> None:
        """Give the application its time again."""
        self.flow.resume_writing()
        if self.running is not None and not self.running.more_body:
            self.deadline = math.inf

    # Requests

    def data_received(self, data: bytes) -> None:
        """Parse what came; a connection whose bytes are refused is of no further use."""
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
        """Whether extensions of chunks, which nobody reads, are most of what comes (RFC 9112 section 7.1.1)."""
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
                # The parser takes no body where it sees another protocol coming. None does (RFC 9110 section 7.8), so
                # another parser gets the same request without the wish.
                data = self._head_without_upgrade() + data[stopped.args[0] :]
                self.parser = self._new_parser()
            else:
                return

    def _head_without_upgrade(self) -> bytes:
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        fields = (b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade")
        return line + b"".join(fields) + b"\r\n"

    def on_message_begin(self) -> None:
        """The first byte of a request: from now on its head has its time, however many bytes come."""
        super().on_message_begin()
        self.in_head = True
        if self.running is None:
            self.deadline = self._in(self.limits.head)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header or trailer field."""
        if len(self.headers) == FIELDS_LIMIT:
            raise RefusedHead(TOO_LARGE_HEAD)
        name, value = name.lower(), value.strip(b" \t")
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Serve the request, whose body may still come; raises `RefusedHead`."""
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
        self.headers = []  # those of the trailers, which are nobody's
        is_old = version == "1.0"  # neither kept nor sent an interim answer
        self.expect_100_continue = self.expect_100_continue and not is_old
        cycle = self._new_cycle(scope, keep_alive=not is_old and parser.should_keep_alive())
        if self.expect_100_continue:
            cycle.expect_continue()
        self._serve(cycle)

    def on_body(self, body: bytes) -> None:
        """Keep a part of a body for the application."""
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
        """The request has come as a whole."""
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
        elif self.running is None:  # it was answered before
            self.deadline = self._in(self.limits.keep_alive)

    def _new_cycle(self, scope: HTTPScope, *, keep_alive: bool) -> Cycle:
        self.cycle = Cycle(
            scope=scope,
            transport=self.cycle_transport,  # type: ignore[arg-type] # as far as a cycle uses one
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

    # Answers

    def _serve(self, cycle: Cycle) -> None:
        """Answer it now, or when its turn comes."""
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
        """Go on with the request that waits, or wait for one."""
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
        else:
            self.deadline = self._in(self._patience())
        if len(self.waiting) < ENOUGH_WAITING:
            self.flow.resume_reading()

    def _patience(self) -> float:
        """Seconds in which the rest of a request, or the next one, must come."""
        if self.in_head:
            return self.limits.head
        if self.cycle is not None and self.cycle.more_body:
            return LINGER_SECONDS
        return DRAIN_SECONDS if self.is_draining else self.limits.keep_alive

    def _refuse(self, refusal: Refusal) -> None:
        """Answer, in its turn, the request that is being parsed, and nothing that comes after it."""
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
        if "path" not in scope:  # what came is no request, or too large to be kept
            method = self.parser.get_method().decode("ascii") if self.url else UNKNOWN_METHOD
            scope |= {"method": method, "path": "", "raw_path": b"", "query_string": b""}
            scope["headers"] = [field for field in self.headers if field[0] == b"origin"][:1]  # for CORS
        scope[REFUSAL] = refusal
        self.in_head = self.expect_100_continue = False
        cycle = self._new_cycle(scope, keep_alive=False)
        cycle.more_body = False
        return cycle

    def _abandon(self, *cycles: Cycle) -> None:
        """Let requests whose client has left before their turn have their access lines."""
        task = self.loop.create_task(_log_abandoned(self.app, cycles))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)


async def _log_abandoned(app: ASGI3Application, cycles: Iterable[Cycle]) -> None:
    for cycle in cycles:
        cast(dict[str, Any], cycle.scope)[REFUSAL] = ABANDONED
        cycle.leave()
        cycle.disconnected = True
        await cycle.run_asgi(app)
        await asyncio.sleep(0)  # others have their turn: a client can leave a thousand behind at once
