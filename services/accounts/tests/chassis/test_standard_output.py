"""Writing to standard output never blocks and never splits a line, read or not; lost lines are reported."""

import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path

import pytest

from chassis.standard_output import StandardOutput

from .sample_process import SERVICE_FOLDER, python_path

PATIENCE = 60
Ends = tuple[int, int]

# Lines of one repeated letter: short, above PIPE_BUF, and longer than the buffer of a pipe.
WRITE_LETTERS = """
import os, sys
from chassis.standard_output import StandardOutput
output = StandardOutput(1, max_waiting=2**30)
letters = sys.argv[1].encode()
for size in (10, 9_000, 70_000, 300) * 40:
    for letter in letters:
        output.write(bytes([letter]) * size + b"\\n")
output.flush(60)
"""
LOG_AND_END = """
import logging
from chassis.logs import configure_default_logging
from sample_service import IDENTITY
configure_default_logging(IDENTITY)
for number in range(30_000):
    logging.info("x" * 300)
"""


def pipe() -> Ends:
    return os.pipe()


def sockets() -> Ends:
    reader, writer = socket.socketpair()
    return reader.detach(), writer.detach()


def terminal() -> Ends:
    reader, writer = pty.openpty()
    tty.setraw(writer)
    return reader, writer


@pytest.fixture(params=[pipe, sockets, terminal])
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    """Yield the file descriptors of the reader and the writer."""
    make: Callable[[], Ends] = request.param
    both = make()
    yield both
    for each in both:
        with suppress(OSError):
            os.close(each)


def read_until(descriptor: int, end: bytes) -> bytes:
    text = b""
    while not text.endswith(end):
        text += os.read(descriptor, 2**16)
    return text


def test_writes_a_line_at_once(ends: Ends) -> None:
    output = StandardOutput(ends[1])
    for line in (b"one\n", b"two\n"):
        output.write(line)
    assert read_until(ends[0], b"two\n") == b"one\ntwo\n"


def accounted_for(text: bytes) -> int:
    """Return how many lines were written, or reported as lost in their place."""
    count = 0
    for line in text.split(b"\n")[:-1]:
        if line.startswith(b"lost "):
            count += int(line.removeprefix(b"lost "))
        else:
            assert int(line[:6]) == count
            count += 1
    return count


def test_does_not_block_without_a_reader_and_reports_lost_lines(ends: Ends) -> None:
    output = StandardOutput(ends[1], max_waiting=50_000)
    output.loss_line = lambda count: b"lost %d\n" % count
    for number in range(10_000):
        output.write(b"%06d %s\n" % (number, b"x" * 100))
    text = b""
    while accounted_for(text) < 10_000:
        text += read_until(ends[0], b"\n")
    output.write(b"and on\n")
    assert read_until(ends[0], b"on\n") == b"and on\n"


def test_limits_the_buffer_in_bytes() -> None:
    reader, writer = os.pipe()
    output = StandardOutput(writer, max_waiting=50_000)
    for _ in range(10):
        output.write(b"x" * 30_000 + b"\n")
    os.close(writer)
    text = b""
    while b"dropped\n" not in text:
        text += os.read(reader, 2**16)
    assert len(text) < 65_536 + 50_000 + 30_000
    os.close(reader)


def test_leaves_the_descriptor_blocking_for_other_writers(ends: Ends) -> None:
    StandardOutput(ends[1])
    assert os.get_blocking(ends[1])


def test_does_not_fail_if_the_reader_closes() -> None:
    reader, writer = os.pipe()
    output = StandardOutput(writer)
    os.close(reader)
    for _ in range(3):
        output.write(b"line\n")
    output.flush(0.1)
    os.close(writer)


def test_delivers_buffered_lines_to_a_late_reader(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY)
    output = StandardOutput(writer)
    os.close(reader)
    output.write(b"nobody reads\n")
    reader = os.open(path, os.O_RDONLY)
    assert read_until(reader, b"\n") == b"nobody reads\n"
    os.close(reader)
    os.close(writer)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="macOS has no /dev/full")
def test_does_not_fail_on_a_full_disk() -> None:
    with Path("/dev/full").open("wb") as full:
        output = StandardOutput(full.fileno())
        output.write(b"line\n")
        output.flush(0.1)


def test_appends_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(b"before\n")
        file.flush()
        StandardOutput(file.fileno()).write(b"line\n")
    assert path.read_bytes() == b"before\nline\n"


def whole_lines(text: bytes) -> list[tuple[bytes, int]]:
    """Return the letter and length of each line; fail if a line contains two different letters."""
    lines = []
    for line in text.split(b"\n")[:-1]:
        [(letter, _)] = groupby(line)
        lines.append((bytes([letter]), len(line)))
    return lines


@pytest.mark.parametrize("make", [pipe, sockets])
def test_lines_of_several_processes_are_never_interleaved(make: Callable[[], Ends]) -> None:
    reader, writer = make()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE_LETTERS, letters],
            cwd=SERVICE_FOLDER,
            env=os.environ | {"PYTHONPATH": python_path()},
            stdout=writer,
        )
        for letters in ("ab", "cd", "ef")
    ]
    os.close(writer)
    text = bytearray()
    while piece := os.read(reader, 2**14):
        text += piece
        time.sleep(0.0005)  # a slow reader
    os.close(reader)
    assert [process.wait(PATIENCE) for process in processes] == [0, 0, 0]
    lines = whole_lines(bytes(text))
    assert len(lines) == 3 * 2 * 160
    assert {size for _, size in lines} == {10, 300, 9_000, 70_000}


def test_lines_of_several_threads_are_never_interleaved() -> None:
    reader, writer = os.pipe()
    output = StandardOutput(writer, max_waiting=2**30)

    def write(letter: bytes) -> None:
        for size in (10, 9_000, 70_000, 300) * 20:
            output.write(letter * size + b"\n")

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    text = b""
    while text.count(b"\n") < 3 * 80:
        text += os.read(reader, 2**16)
    assert len(whole_lines(text)) == 3 * 80
    for thread in threads:
        thread.join()


def test_forked_child_does_not_repeat_buffered_lines() -> None:
    code = """
import os, sys
from chassis.standard_output import standard_output
output = standard_output()
for number in range(3_000):
    output.write(b"parent %s\\n" % (b"x" * 100))
if os.fork() == 0:
    output.write(b"child\\n")
    output.flush(60)
    os._exit(0)
output.flush(60)
os.wait()
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=SERVICE_FOLDER,
        env=os.environ | {"PYTHONPATH": python_path()},
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
        check=True,
    )
    lines = done.stdout.split(b"\n")
    assert lines.count(b"child") == 1
    assert len([line for line in lines if line.startswith(b"parent")]) == 3_000


def test_flushes_at_exit() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOG_AND_END],
        cwd=SERVICE_FOLDER,
        env=os.environ | {"PYTHONPATH": python_path()},
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
        check=True,
    )
    lines = done.stdout.decode().splitlines()
    dropped = sum(int(line.partition('"message":"')[2].split(" ")[0]) for line in lines if "were dropped" in line)
    kept = [line for line in lines if "were dropped" not in line]
    assert len(kept) + dropped == 30_000


@pytest.mark.parametrize("make", [pipe, sockets])
def test_exit_does_not_wait_for_a_reader(make: Callable[[], Ends]) -> None:
    reader, writer = make()
    process = subprocess.Popen(
        [sys.executable, "-c", LOG_AND_END],
        cwd=SERVICE_FOLDER,
        env=os.environ | {"PYTHONPATH": python_path()},
        stdout=writer,
    )
    assert process.wait(PATIENCE) == 0
    for end in (reader, writer):
        os.close(end)


def test_signal_handler_output_does_not_split_a_line() -> None:
    reader, writer = os.pipe()
    output = StandardOutput(writer, max_waiting=2**30)
    before = signal.signal(signal.SIGALRM, lambda *_: output.write(b"s" * 5_000 + b"\n"))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    for _ in range(600):
        output.write(b"m" * 5_000 + b"\n")
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    text = b""
    while text.count(b"m\n") < 600:
        text += os.read(reader, 2**16)
    assert whole_lines(text)
