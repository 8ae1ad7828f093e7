"""Whom a message about a port in use names."""

import subprocess
import sys

from processes.port_holder import port_holder

PROGRAM = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


def test_names_a_process_in_one_printable_line() -> None:
    command = [sys.executable, "-c", "#\x1b[2J\n" + PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        holder = port_holder(int(process.stdout.readline())) if process.stdout else None
        process.communicate()
    assert holder
    assert holder.startswith(f"process {process.pid} (")
    assert holder.isprintable()
