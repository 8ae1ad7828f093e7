"""A stand-in for a generated service where only its lifecycle matters: `serve`, `migrate`, and readiness over HTTP.

FAKE_TROUBLE names a service and what happens to it, such as `users:migrate`.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Responds to every GET with the environment variable that the query names."""

    def do_GET(self) -> None:  # the name that the base class looks for
        """Respond 200."""
        _, _, name = self.path.partition("?")
        if name == "END" and befalls("end"):
            os._exit(3)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ.get(name, "").encode())


def befalls(trouble: str) -> bool:
    """Return whether the trouble concerns this service at this moment."""
    return os.environ.get("FAKE_TROUBLE") == f"{os.environ['POSTGRES_DB']}:{trouble}"


def main() -> None:
    """Do what a generated service does, without real work."""
    subcommand = sys.argv[1]
    if befalls(subcommand):
        sys.exit(f"the trouble with {subcommand}")
    if subcommand == "migrate" and befalls("unknown migration"):
        print("the schema is at 1a2b3c, from a newer release; nothing to do", file=sys.stderr)
    if subcommand == "serve":
        ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()


main()
