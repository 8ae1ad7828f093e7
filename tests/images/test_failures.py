"""Containers that stop or are killed, and how the others cope."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
import uuid

from containers.engine import docker
from containers.running import Containers

Json = dict[str, str]
PATIENCE = 60
CLIENTS = 8
KILL_THE_CHILD_OF_INIT = """
import os, pathlib, signal
(child,) = pathlib.Path("/proc/1/task/1/children").read_text().split()
os.kill(int(child), signal.SIGKILL)
"""


def test_stops_gracefully_in_time_under_load(containers: Containers, name: str) -> None:
    stop = threading.Event()
    url, container = f"{containers.url(name)}/health/ready", containers.inspect(name)["Id"]

    def keep_asking() -> None:
        while not stop.is_set():
            ask(url)

    clients = [threading.Thread(target=keep_asking) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        time.sleep(1)
        docker("stop", container)
        state = containers.inspect(name)["State"]
    finally:
        stop.set()
        for client in clients:
            client.join()
        containers.up()
    assert state["ExitCode"] == 0, "the engine killed a container that did not stop in time"
    assert not state["OOMKilled"]


def test_recovers_after_its_database_was_killed(containers: Containers, name: str) -> None:
    started = containers.inspect(name)["State"]["StartedAt"]
    containers.compose("kill", f"{name}-postgres")
    try:
        containers.wait_for(name, 503)
        assert ask(f"{containers.url(name)}/health/live") == 200
    finally:
        containers.compose("start", f"{name}-postgres")
    containers.wait_for(name, 200)
    assert containers.inspect(name)["State"]["StartedAt"] == started


def test_friends_keeps_running_while_users_is_stopped(containers: Containers) -> None:
    initiator, target = new_user(containers), new_user(containers)
    containers.compose("kill", "users")
    try:
        assert befriend(containers, initiator, target) == 503
        assert containers.readiness("friends") == 200
    finally:
        containers.compose("start", "users")
    containers.wait_for("users", 200)
    end = time.monotonic() + PATIENCE
    while (status := befriend(containers, initiator, target)) == 503 and time.monotonic() < end:
        time.sleep(0.2)
    assert status == 201


def test_restarts_a_crashed_service(containers: Containers, name: str) -> None:
    before = containers.inspect(name)
    docker("exec", before["Id"], "python", "-c", KILL_THE_CHILD_OF_INIT)
    containers.wait_for(name, 0)
    containers.wait_for(name, 200)
    assert containers.inspect(name)["RestartCount"] == before["RestartCount"] + 1


def test_keeps_data_across_down_and_up(containers: Containers) -> None:
    user = new_user(containers)
    containers.compose("down")
    containers.up()
    assert ask(f"{containers.url('users')}/api/v1/users/{user}") == 200


def test_starts_one_service_from_its_own_folder(down: Containers, name: str) -> None:
    try:
        down.compose("up", "--detach", "--wait", folder=f"services/{name}")
        assert down.readiness(name) == 200
    finally:
        down.compose("down", folder=f"services/{name}")


def ask(url: str, body: Json | None = None) -> int:
    """Send a request and return the status, or 0 without a response."""
    try:
        with send(url, body) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def send(url: str, body: Json | None = None) -> http.client.HTTPResponse:
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=PATIENCE)  # noqa: S310 - our own
    return answer


def befriend(containers: Containers, initiator: str, target: str) -> int:
    url = f"{containers.url('friends')}/api/v1/friendships"
    return ask(url, {"initiator_id": initiator, "target_id": target})


def new_user(containers: Containers) -> str:
    person = {"username": f"u-{uuid.uuid4().hex[:12]}", "first_name": "A", "second_name": "B", "birthday": "2000-01-01"}
    with send(f"{containers.url('users')}/api/v1/users", person) as answer:
        return str(json.load(answer)["id"])
