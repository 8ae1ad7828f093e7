"""Stands in for a generated service where only its life matters: `serve`, `migrate`, and readiness over HTTP.

FAKE_TROUBLE names one service and what befalls it, say `users:migrate`.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers every GET with a variable of the environment that the query names."""

    def do_GET(self) -> None:  # the name that the base class looks for
        """Answer 200."""
        _, _, name = self.path.partition("?")
        if name == "END" and befalls("end"):
            os._exit(3)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ.get(name, "").encode())


def befalls(trouble: str) -> bool:
    """Tell whether this is the service, and the moment, for the trouble."""
    return os.environ.get("FAKE_TROUBLE") == f"{os.environ['POSTGRES_DB']}:{trouble}"


def main() -> None:
    """Do what a generated service does, without the work."""
    subcommand = sys.argv[1]
    if befalls(subcommand):
        sys.exit(f"the trouble with {subcommand}")
    if subcommand == "serve":
        ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()


main()
