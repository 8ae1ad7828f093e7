"""Requests of OAuth: forms, and client authentication with Basic or in the form."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote_plus

from fastapi import Request

from .oauth_errors import OAuthError

FORM: Final = "application/x-www-form-urlencoded"
MAX_FIELDS: Final = 50


class ClientSecret(NamedTuple):
    """The credentials that a client has sent."""

    client_id: str
    secret: str


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of the form, without empty ones (RFC 6749 section 3.2). Raises OAuthError."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM or request.headers.get("content-encoding", "identity").lower() != "identity":
        raise OAuthError("invalid_request", f"Send the request as {FORM}.")
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise OAuthError("invalid_request", "The form is malformed.") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise OAuthError("invalid_request", "A field of the form is repeated.")
    return {name: value for name, value in fields.items() if value}


def client_secret(request: Request, form: Mapping[str, str]) -> ClientSecret | None:
    """Return the client's credentials, or None without a secret (RFC 6749 section 2.3). Raises OAuthError."""
    given = request.headers.getlist("authorization")
    if not given:
        if "client_secret" not in form:
            return None
        if "client_id" not in form:
            raise OAuthError("invalid_request", "There is a client_secret without a client_id.")
        return ClientSecret(form["client_id"], form["client_secret"])
    if len(given) > 1 or "client_secret" in form:
        raise OAuthError("invalid_request", "The client authenticates in more than one way.")
    client = _basic(given[0])
    if form.get("client_id", client.client_id) != client.client_id:
        raise OAuthError("invalid_request", "The two client_ids differ.")
    return client


def _basic(header: str) -> ClientSecret:
    scheme, _, encoded = header.partition(" ")
    try:
        client_id, colon, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (Base64Error, ValueError):
        colon = client_id = secret = ""
    if scheme.lower() != "basic" or not colon:
        raise OAuthError("invalid_client", "Authenticate with HTTP Basic or in the form.")
    return ClientSecret(unquote_plus(client_id), unquote_plus(secret))


def form_of(fields: Mapping[str, dict[str, Any]], *, required: list[str]) -> dict[str, Any]:
    """Return the declaration of a form for the OpenAPI document."""
    schema = {"type": "object", "properties": dict(fields), "required": required}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}
