"""HEAD wherever GET is (RFC 9110 section 9.3.2). Pure ASGI."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.problems.methods import answered_methods


class HeadMiddleware:
    """Answers HEAD with the head of what GET answers, unless a route has its own answer to HEAD.

    What is mounted answers as it wishes. Everything inside sees a GET.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; the body of an answer to HEAD is left out, however long it would have been."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or not _is_get(scope):
            await self.app(scope, receive, send)
            return
        answered = False

        async def send_head(message: Message) -> None:
            nonlocal answered
            if answered:
                return
            # The response is over with its head: a stream without end must not keep the connection. Whoever produces
            # one learns from `receive` that nobody reads any more.
            answered = True
            scope["method"] = "HEAD"
            await send(message)
            await send({"type": "http.response.body", "body": b""})

        scope["method"] = "GET"  # not in a copy: what routing writes into the scope is for the access log, too
        try:
            await self.app(scope, receive, send_head)
        finally:
            scope["method"] = "HEAD"


def _is_get(scope: Scope) -> bool:
    return answered_methods(scope["app"], scope, ("GET", "HEAD")) == {"GET"}
