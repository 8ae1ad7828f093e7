"""Swagger UI, ReDoc and the OpenAPI document, served from this process so that they work offline."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles

from chassis.authentication import public
from chassis.problems import extend_document, problem_schemas

_FOLDER: Final = "/api/"
OPENAPI_PATH: Final = f"{_FOLDER}openapi.json"
SWAGGER_PATH: Final = f"{_FOLDER}docs"
REDOC_PATH: Final = f"{_FOLDER}redoc"
ASSETS_PATH: Final = f"{SWAGGER_PATH}/assets"
_ASSETS_FOLDER: Final = Path(fastapi_offline.__file__).parent / "static"
_REDOC_PATH: Final = f"{ASSETS_PATH}/redoc.standalone.js"
_FAVICON_PATH: Final = f"{ASSETS_PATH}/favicon.png"
_REDOC_LOGO: Final = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_PART: Final = 64 * 1024  # bytes
_INLINE_SCRIPT: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def add_documentation(app: FastAPI, *, leads_there: bool) -> None:
    """Serve the pages without authentication, and complete the document. `leads_there`: redirect `/` to them."""
    document = next(route for route in iter_route_contexts(app.routes) if route.path == OPENAPI_PATH)
    public(document.endpoint)
    extend_document(app, _declare_problem_schemas)
    app.add_route(_REDOC_PATH, public(_redoc_bundle))
    app.mount(ASSETS_PATH, public(_Assets(directory=_ASSETS_FOLDER)))

    if leads_there:
        app.add_route("/", public(_lead_there), include_in_schema=False)

    # URLs are relative to the pages, so that they work behind any prefix (`ROOT_PATH`).
    swagger = get_swagger_ui_html(
        openapi_url=_beside(OPENAPI_PATH),
        title=app.title,
        swagger_js_url=_beside(f"{ASSETS_PATH}/swagger-ui-bundle.js"),
        swagger_css_url=_beside(f"{ASSETS_PATH}/swagger-ui.css"),
        swagger_favicon_url=_beside(_FAVICON_PATH),
    )
    redoc = get_redoc_html(
        openapi_url=_beside(OPENAPI_PATH),
        title=app.title,
        redoc_js_url=_beside(_REDOC_PATH),
        redoc_favicon_url=_beside(_FAVICON_PATH),
        with_google_fonts=False,
    )
    for path, page in ((SWAGGER_PATH, swagger), (REDOC_PATH, redoc)):
        app.add_route(path, public(_endpoint(page)))


async def _lead_there(_: Request) -> Response:
    return RedirectResponse(SWAGGER_PATH.removeprefix("/"))  # relative, so that it works behind any prefix


class _Assets(StaticFiles):
    """Files served from memory, so that slow clients hold neither a file descriptor nor a copy."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        """Return the response for a file. Called by Starlette."""
        response = super().file_response(*arguments, **options)
        if not isinstance(response, FileResponse):
            return response  # not modified
        headers = {name: response.headers[name] for name in ("content-length", "etag", "last-modified")}
        return StreamingResponse(_parts(Path(response.path)), response.status_code, headers, response.media_type)


async def _parts(file: Path) -> AsyncIterator[bytes]:
    content = _read(file)
    for start in range(0, len(content), _PART):
        yield content[start : start + _PART]


@cache
def _read(file: Path) -> bytes:
    return file.read_bytes()


def _beside(path: str) -> str:
    """Return the path relative to the pages."""
    return path.removeprefix(_FOLDER)


async def _redoc_bundle(_: Request) -> Response:
    """Return ReDoc without the only image that it would load from another host."""
    return Response(await asyncio.to_thread(_read_redoc), media_type="text/javascript")


@cache
def _read_redoc() -> bytes:
    bundle = (_ASSETS_FOLDER / "redoc.standalone.js").read_bytes()
    return bundle.replace(_REDOC_LOGO, _beside(_FAVICON_PATH).encode())


def _endpoint(page: HTMLResponse) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint for the page, whose policy allows its own assets and exactly its inline scripts."""
    hashes = " ".join(_source_hash(script) for script in _INLINE_SCRIPT.findall(bytes(page.body)))
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; worker-src blob:; frame-ancestors 'none'; base-uri 'none'"
    )

    async def answer(_: Request) -> Response:
        return page

    return answer


def _source_hash(script: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"


def _declare_problem_schemas(document: dict[str, Any]) -> None:
    document["components"]["schemas"].update(problem_schemas())
