"""Pages at the `type` URI of each problem that explain it to people (RFC 9457 section 3.1.1)."""

from collections.abc import Iterable
from html import escape
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from chassis.authentication import public
from chassis.problems import NOT_FOUND, Problem, problem_response

FOLDER: Final = "/problems"
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:2em auto;padding:0 1em}code{font-size:1em}"
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


def add_problem_pages(app: FastAPI, problems: Iterable[Problem]) -> None:
    """Serve a page for each kind of problem and one that lists them all, without authentication."""
    kinds = {problem.slug: problem for problem in problems}

    async def answer_one(request: Request) -> Response:
        problem = kinds.get(request.path_params["slug"])
        if problem is None:
            return problem_response(NOT_FOUND, detail="No such problem type.", path=request.scope["path"])
        return _page(app.title, problem.title, _section(problem))

    async def answer_all(_: Request) -> Response:
        rows = "".join(
            f'<li><a href="problems/{slug}"><code>{slug}</code></a>: {problem.status}, {escape(problem.title)}</li>'
            for slug, problem in sorted(kinds.items())
        )
        return _page(app.title, "Problems", f"<ul>{rows}</ul>")

    app.add_route(FOLDER, public(answer_all), include_in_schema=False)
    app.add_route(f"{FOLDER}/{{slug}}", public(answer_one), include_in_schema=False)


def _section(problem: Problem) -> str:
    patience = "<p>You can retry; <code>Retry-After</code> says when.</p>" if problem.retry_after else ""
    return f"<p>{escape(problem.explanation or problem.title)}</p><p>Status: {problem.status}</p>{patience}"


def _page(service: str, title: str, content: str) -> HTMLResponse:
    head = f"<meta charset=utf-8><title>{escape(title)} - {escape(service)}</title><style>{_STYLE}</style>"
    page = f"<!doctype html><html lang=en>{head}<h1>{escape(title)}</h1>{content}"
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})
