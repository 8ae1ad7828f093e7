"""A service that responds with the request that it got, for tests of a gateway."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from processes.ports import free_ports
from system.gateway_process import POLL_SECONDS, GatewayProcess, gateway_program
from system.service_folder import read_services

ROOT = Path(__file__).parents[2]


class Echo:
    """Its URL, and how to delay it: a path that ends in `held` responds once `released` is set."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.released = threading.Event()
        self.url = ""


@contextmanager
def echoing() -> Iterator[Echo]:
    """Serve on a free port."""
    echo = Echo()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # the name that the base class looks for
            if self.path.endswith("/held"):
                self._begin_and_wait()
                return
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.dumps({"path": self.path, "headers": self.headers.items()}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:  # as above
            self.do_GET()

        def _begin_and_wait(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"begun\n")
            self.wfile.flush()
            echo.arrived.set()
            if echo.released.wait(60):
                self.wfile.write(b"ended\n")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        echo.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield echo
        finally:
            echo.released.set()
            server.shutdown()
            thread.join()


@contextmanager
def gateway_before(url: str, home: Path) -> Iterator[GatewayProcess]:
    """Run a gateway with the settings of the environment that routes every service to the URL."""
    program = gateway_program()
    assert program
    (home / "logs").mkdir()
    services = read_services([ROOT / "services" / name for name in ("users", "friends")])
    urls = dict.fromkeys(services, url)
    gateway = GatewayProcess(program, ROOT / "gateway", port=next(free_ports()), home=home, urls=urls)
    try:
        for _ in gateway.starting():
            threading.Event().wait(POLL_SECONDS)
        yield gateway
    finally:
        gateway.let_go()
        gateway.wait()
