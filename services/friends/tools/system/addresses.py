"""The environment variables that tell each service where the others are."""

import os
from collections.abc import Mapping

from system.service_folder import ServiceFolder


def addresses(
    service: ServiceFolder, urls: Mapping[ServiceFolder, str], *, issuer: str | None, public_url: str | None
) -> dict[str, str]:
    """Return the variables of one service.

    `issuer`: the service that issues access tokens, if any. `public_url`: its URL for clients; None: its own address.
    If AUTH_ISSUER is set in this environment, the other services trust that issuer instead.
    """
    variables = {other.url_variable: url for other, url in urls.items() if other.name in service.upstreams}
    if issuer is None:
        return variables
    own = next(url for other, url in urls.items() if other.name == issuer)
    name = public_url or own
    if service.name == issuer:
        return {**variables, "AUTH_ISSUER": name}
    if os.environ.get("AUTH_ISSUER"):
        return variables
    # Keys are fetched directly: the gateway starts only when the services are ready.
    return {
        **variables,
        "AUTH_ISSUER": name,
        "AUTH_JWKS_URL": f"{own}/oauth/jwks",
        "AUTH_TOKEN_URL": f"{own}/oauth/token",
    }
