"""Describe validation errors: where and why, never the value that was sent."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from starlette.requests import Request

from .pointers import pointer, steps_into_body

MAX_ERRORS: Final = 20

# pydantic's own messages for some of these repeat the value that was sent.
_DETAILS: Final = {
    "byte_size_unit": "Input should be a number of bytes, with or without a unit",
    "dataclass_type": "Input should be an object",
    "date_from_datetime_parsing": "Input should be a date, such as 2026-12-31",
    "dict_type": "Input should be an object",
    "is_instance_of": "Input is not of the expected kind",  # pydantic's message contains the name of a class
    "model_attributes_type": "Input should be an object",
    "model_type": "Input should be an object",
    "import_error": "Input should be the path of something that can be imported",
    "union_tag_invalid": "Input does not match any of the expected kinds",
    "zoneinfo_str": "Input should be the name of a time zone",
}


def invalid_fields(error: RequestValidationError) -> list[dict[str, str]]:
    """Return the first errors, each as a JSON pointer and a message."""
    return [_invalid_field(each, error.body) for each in error.errors()[:MAX_ERRORS]]


def invalid_field(*names: str | int, detail: str) -> dict[str, str]:
    """Return one entry of a problem's `errors`: a JSON pointer into the body (RFC 6901), and what is wrong there."""
    return {"pointer": pointer(names), "detail": detail}


def media_type_instead(request: Request, error: RequestValidationError) -> str | None:
    """Return the media type that the operation expects if the body failed because it has another one, else None."""
    body_field = getattr(request.scope.get("route"), "body_field", None)
    if body_field is None or isinstance(body_field.field_info, Form):
        return None
    declared = str(body_field.field_info.media_type)
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_taken = _is_json(sent) if _is_json(declared) else sent == declared
    failed = any(each["loc"][0] == "body" for each in error.errors()) and error.body is not None
    return None if is_taken or not failed else "application/json" if _is_json(declared) else declared


def _is_json(media_type: str) -> bool:
    return media_type.startswith("application/") and media_type.endswith(("/json", "+json"))


def _invalid_field(error: Mapping[str, Any], body: object) -> dict[str, str]:
    if error["type"] == "json_invalid":
        return invalid_field(detail=f"Not valid JSON: {error['ctx']['error']}")
    place, *steps = error["loc"]
    if place == "body" and not steps and error["type"] == "missing":
        return invalid_field(detail="Body required")
    if place == "body":
        return invalid_field(*steps_into_body(error, body), detail=_detail(error))
    name, *below = steps or [""]  # steps below the name are indexes of lists and members of unions
    return invalid_field(place, name, *(step for step in below if isinstance(step, int)), detail=_detail(error))


def _detail(error: Mapping[str, Any]) -> str:
    if known := _DETAILS.get(error["type"]):
        return known
    message = str(error["msg"])
    if error["type"].endswith("_parsing"):
        return message.partition(",")[0]  # the rest quotes what was sent
    return message.removeprefix("Value error, ")
