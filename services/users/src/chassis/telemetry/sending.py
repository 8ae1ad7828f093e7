"""Send telemetry data. Only the status of a response counts, however long it is."""

from contextlib import suppress
from typing import Any, Final

import requests
import urllib3

from .trouble import sending

MOST_BYTES: Final = 65_536


class CollectorSession(requests.Session):
    """Reads only the first part of a response: an endless one would fill the memory."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Return the response without its body. Raises the errors of `requests`."""
        token = sending.set(True)
        try:
            response = super().send(request, **(options | {"stream": True}))
            with response, suppress(urllib3.exceptions.HTTPError, OSError):
                response.raw.read1(MOST_BYTES, decode_content=False)  # after a short response the connection stays open
            return response
        finally:
            sending.reset(token)
