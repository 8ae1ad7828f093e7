"""Log an unhandled exception once, and respond with a 500 problem without details."""

import asyncio
import logging
from typing import Final

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.problems import INTERNAL_ERROR, SHUTTING_DOWN, problem_response

FAILED: Final = (INTERNAL_ERROR, "The service failed. Its log has the reason under the request_id.")
STOPPING: Final = (SHUTTING_DOWN, "The service is shutting down and could not finish this request in time.")

logger = logging.getLogger(__name__)


class LastResortMiddleware:
    """Responds 500 to unhandled exceptions, with the application's handler for `Exception` if it has one.

    Starlette's own middleware runs outside of the access log and the request ID, and raises the exception again.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve. Responds 500 after an exception, unless the response has already begun, which is then cut off."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._answering(scope)(scope, receive, watched_send)
        except ClientDisconnect:
            logger.debug("the client left while its request was being read")
        except (Exception, asyncio.CancelledError) as error:
            is_stopping = isinstance(error, asyncio.CancelledError) and _is_cancelled()
            if not is_stopping:
                logger.exception("unhandled exception")
            if not started:
                problem, detail = STOPPING if is_stopping else FAILED
                await problem_response(problem, detail=detail, path=scope["path"])(scope, receive, send)
            if is_stopping:
                raise

    def _answering(self, scope: Scope) -> ASGIApp:
        handlers = scope["app"].exception_handlers if "app" in scope else {}
        handler = handlers.get(Exception) or handlers.get(500)
        return ServerErrorMiddleware(self.app, handler=handler) if handler else self.app


def _is_cancelled() -> bool:
    """Return whether this request is cancelled, at SHUTDOWN_TIMEOUT, and not something that the service awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
