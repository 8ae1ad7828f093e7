"""Serve HEAD wherever GET is served (RFC 9110 section 9.3.2). Pure ASGI."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.problems.methods import answered_methods


class HeadMiddleware:
    """Serves HEAD as GET without the body, unless a route handles HEAD itself. The application sees a GET.

    Mounted applications are left alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve. Leaves out the body of responses to HEAD."""
        if scope["type"] != "http" or scope["method"] != "HEAD" or not _is_get(scope):
            await self.app(scope, receive, send)
            return
        answered = False

        async def send_head(message: Message) -> None:
            nonlocal answered
            if answered:
                return
            # End the response after its head, or an endless stream would hold the connection. `receive` tells the
            # producer of a stream that the client is gone.
            answered = True
            scope["method"] = "HEAD"
            await send(message)
            await send({"type": "http.response.body", "body": b""})

        scope["method"] = "GET"  # not in a copy: the access log needs what routing writes into the scope
        try:
            await self.app(scope, receive, send_head)
        finally:
            scope["method"] = "HEAD"


def _is_get(scope: Scope) -> bool:
    return answered_methods(scope["app"], scope, ("GET", "HEAD")) == {"GET"}
