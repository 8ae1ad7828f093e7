"""uvicorn's HTTP/1.1, but for one thing: what is no valid HTTP is refused with a problem, too."""

import logging
from contextvars import copy_context
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.problems import BAD_REQUEST, problem_response
from chassis.request_context import begin_request

from .headers import RAW_SECURITY_HEADERS

STATUS_LINE: Final = b"HTTP/1.1 400 Bad Request\r\n"

logger = logging.getLogger(__name__)


class ProblemHttpProtocol(HttpToolsProtocol):
    """Answers in the name of the application what never becomes a request of it."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn has logged it
        """Refuse and close; called by uvicorn for an unknown method, too long a target, and plain nonsense."""
        copy_context().run(self._refuse)

    def _refuse(self) -> None:
        request = begin_request()
        client = {"client.address": self.client[0]} if self.client else {}
        logger.warning("refused what is not valid HTTP", extra=client)
        response = problem_response(BAD_REQUEST, detail="This is not a valid HTTP/1.1 request.", path="")
        own = [(b"connection", b"close"), (b"x-request-id", request.request_id.encode())]
        headers = [*self.server_state.default_headers, *response.raw_headers, *RAW_SECURITY_HEADERS, *own]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(STATUS_LINE + lines + b"\r\n" + bytes(response.body))
        self.transport.close()
