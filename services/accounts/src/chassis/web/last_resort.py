"""The last resort: an exception that nobody foresaw is logged once and answered with a bare 500 problem."""

import asyncio
import logging
from typing import Final

from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.problems import INTERNAL_ERROR, SHUTTING_DOWN, problem_response

FAILED: Final = (INTERNAL_ERROR, "Something went wrong on our side; the request id leads to it in the log.")
STOPPING: Final = (SHUTTING_DOWN, "The service is stopping and could not finish this request in time.")

logger = logging.getLogger(__name__)


class LastResortMiddleware:
    """Answers what nobody inside it did; a handler that the application has for `Exception` decides how.

    Starlette's own place for that is outside of the access log and the request id, and raises again after answering.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 500 if nothing was sent yet; a response already begun can only be broken off."""
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
            logger.debug("the client left while we read its request")
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
    """Whether this request is: SHUTDOWN_TIMEOUT is over. Else something was that the service had awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
