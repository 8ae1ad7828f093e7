"""Routes behind each of FastAPI's security schemes."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Security
from fastapi.security import APIKeyHeader, HTTPBasic, HTTPBasicCredentials, OAuth2PasswordBearer, SecurityScopes

bearer = OAuth2PasswordBearer(tokenUrl="token", scopes={"read": "Read", "write": "Write"})


def scoped(scopes: SecurityScopes, token: Annotated[str, Depends(bearer)]) -> str:
    if token not in scopes.scopes:
        raise HTTPException(401, "Not enough", {"WWW-Authenticate": f'Bearer scope="{scopes.scope_str}"'})
    return token


def security_router() -> APIRouter:
    """Return routes that refuse anonymous callers."""
    router = APIRouter(prefix="/secured", tags=["secured"])

    @router.get("/scoped")
    async def with_scope(token: Annotated[str, Security(scoped, scopes=["read"])]) -> str:
        return token

    @router.get("/basic")
    async def with_password(credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic(realm="paint"))]) -> str:
        return credentials.username

    @router.get("/key")
    async def with_key(key: Annotated[str, Security(APIKeyHeader(name="X-Key"))]) -> str:
        return key

    return router
