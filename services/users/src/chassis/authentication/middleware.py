"""Require a valid access token for every request that is not public. Pure ASGI."""

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.logs import END_USER
from chassis.problems import problem_response

from .marks import leads_to_public
from .principal import CALLER, Principal
from .refusals import AuthenticationRequired, MisplacedToken, Refused, UnknownKey
from .verifier import Verifier

_IN_QUERY = b"access_token"


class AuthenticationMiddleware:
    """Puts the caller into the ASGI scope, or responds 401.

    It runs before routing, so that nothing is public by accident: neither new routes nor mounted applications nor
    unknown paths.
    """

    def __init__(self, app: ASGIApp, *, verifier: Verifier, logs_subject: bool) -> None:
        self.app = app
        self.verifier = verifier
        self.logs_subject = logs_subject

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve if the token is valid or not needed, or else respond with the problem of the refusal."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            caller = await self._caller(scope)
        except Refused as refusal:
            if not isinstance(refusal, AuthenticationRequired):
                self.verifier.outcomes["refused"] += 1
            if not leads_to_public(scope):
                answer = problem_response(refusal.problem, detail=str(refusal), path=scope["path"])
                await answer(scope, receive, send)
                return
            caller = None
        scope[CALLER] = caller
        if caller and self.logs_subject:
            scope[END_USER] = caller.subject
        await self.app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Principal:
        token = _token(scope)
        try:
            return self.verifier.principal(token)
        except UnknownKey:
            if leads_to_public(scope):  # which must not wait for the issuer
                raise
        return await self.verifier.principal_by_new_keys(token)


def _token(scope: Scope) -> bytes:
    """Return the bearer token. Raises `AuthenticationRequired` if there is none, and `MisplacedToken`."""
    sent = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(sent) > 1:
        raise MisplacedToken("Send only one Authorization header.")
    query: bytes = scope["query_string"]
    if _IN_QUERY in query and any(part.partition(b"=")[0] == _IN_QUERY for part in query.split(b"&")):
        raise MisplacedToken("Send the access token in the Authorization header; URLs end up in logs and caches.")
    scheme, _, token = sent[0].partition(b" ") if sent else (b"", b"", b"")
    if scheme.lower() != b"bearer":
        raise AuthenticationRequired
    return token.strip(b" ")
