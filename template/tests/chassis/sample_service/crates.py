"""Routes with large bodies: a list, a mapping, and a tree of unions that are tried in turn."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from chassis.problems import BODY_PROBLEMS, problem_responses
from chassis.web import api_router

router = api_router(prefix="/crates", tag="crates", description="What can be sent.")
roomy = api_router(prefix="/roomy-crates", tag="crates", max_json_values=100_000)

private = api_router(prefix="/private", tag="private", description="What is never logged.", log_bodies=False)

plain = APIRouter(prefix="/plain-crates", include_in_schema=False)


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: int


class Branch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    left: "Branch | Leaf | None" = None
    right: "Branch | Leaf | None" = None


class Crate(BaseModel):
    numbers: list[int] = []
    names: dict[str, int] = {}
    tree: Branch | Leaf | None = None


@router.post("", responses=problem_responses(*BODY_PROBLEMS))
async def add_crate(crate: Crate) -> int:
    return len(crate.numbers)


@roomy.post("", responses=problem_responses(*BODY_PROBLEMS))
async def add_roomy_crate(crate: Crate) -> int:
    return len(crate.numbers)


@plain.post("")
async def add_plain_crate(crate: Crate) -> int:
    return len(crate.numbers)


@router.post("/broken", responses=problem_responses(*BODY_PROBLEMS))
async def break_crate(crate: dict[str, Any]) -> None:
    raise RuntimeError(f"broken with {len(crate)}")


@private.post("", responses=problem_responses(*BODY_PROBLEMS))
async def tell_nobody(secret: dict[str, str]) -> dict[str, str]:
    return secret
