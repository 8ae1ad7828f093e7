"""What each service of a system is told, in variables of its environment, about where the others are."""

import os
from collections.abc import Mapping

from system.service_folder import ServiceFolder


def addresses(
    service: ServiceFolder, urls: Mapping[ServiceFolder, str], *, issuer: str | None, public_url: str | None
) -> dict[str, str]:
    """Return the variables of one service.

    `issuer`: the name of the service that issues access tokens, if one does. `public_url`: where clients find it; None
    is its own address. The others trust an AUTH_ISSUER of our own environment instead, if there is one.
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
    # Its keys are asked for past the gateway, which starts when the services are ready.
    return {
        **variables,
        "AUTH_ISSUER": name,
        "AUTH_JWKS_URL": f"{own}/oauth/jwks",
        "AUTH_TOKEN_URL": f"{own}/oauth/token",
    }
