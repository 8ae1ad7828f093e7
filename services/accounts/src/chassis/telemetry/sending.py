"""How what was recorded is sent: of an answer nothing counts but its status, however long it is."""

from contextlib import suppress
from typing import Any, Final

import requests
import urllib3

from .trouble import sending

MOST_BYTES: Final = 65_536


class CollectorSession(requests.Session):
    """Reads no more of an answer than comes at once: one without an end would fill the memory."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """The answer, of which the body is gone; raises what `requests` does."""
        token = sending.set(True)
        try:
            response = super().send(request, **(options | {"stream": True}))
            with response, suppress(urllib3.exceptions.HTTPError, OSError):
                response.raw.read1(MOST_BYTES, decode_content=False)  # a short one leaves the connection open
            return response
        finally:
            sending.reset(token)
