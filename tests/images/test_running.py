"""How the containers run: confined, isolated, and with persistent data."""

import json
import subprocess
import urllib.error
import urllib.request

import pytest

from containers.engine import docker
from containers.running import Containers, variable
from layout import services

CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3)"
RUNNING = ("gateway", "users", "users-postgres", "friends", "friends-postgres")


@pytest.mark.parametrize("container", RUNNING)
def test_runs_with_restricted_privileges(containers: Containers, container: str) -> None:
    config = containers.inspect(container)["HostConfig"]
    assert config["ReadonlyRootfs"]
    assert config["CapDrop"] == ["ALL"]
    assert not config["CapAdd"]
    assert config["SecurityOpt"] == ["no-new-privileges:true"]
    assert config["Memory"] > 0
    assert config["PidsLimit"] > 0
    assert "/tmp" in config["Tmpfs"]  # noqa: S108 - of the container


def test_runs_as_a_user_unknown_to_the_host(containers: Containers, name: str) -> None:
    uids = containers.compose("exec", name, "grep", "^Uid:", "/proc/1/status").split()[1:]
    assert len(set(uids)) == 1
    assert int(uids[0]) >= 10_000


def test_can_write_only_to_tmp(containers: Containers, name: str) -> None:
    containers.compose("exec", name, "touch", "/tmp/file")  # noqa: S108 - of the container
    with pytest.raises(subprocess.CalledProcessError, match="exit status 1"):
        containers.compose("exec", name, "touch", "/app/file")


def test_is_published_only_on_localhost(containers: Containers, name: str) -> None:
    (binding,) = containers.inspect(name)["NetworkSettings"]["Ports"]["8000/tcp"]
    assert binding == {"HostIp": "127.0.0.1", "HostPort": containers.environment[variable(name, "PORT")]}
    assert not any(containers.inspect(f"{name}-postgres")["NetworkSettings"]["Ports"].values())


def test_only_the_gateway_is_published_on_all_interfaces(containers: Containers) -> None:
    ports = containers.inspect("gateway")["NetworkSettings"]["Ports"]
    published = {binding["HostPort"] for bindings in ports.values() if bindings for binding in bindings}
    assert published == {containers.environment["GATEWAY_PORT"]}
    with urllib.request.urlopen(f"{containers.url('gateway')}/api/v1/users", timeout=10) as answer:  # noqa: S310
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{containers.url('gateway')}/health/ready", timeout=10)  # noqa: S310
    with refusal.value as answer:
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_reaches_only_its_own_database(containers: Containers, name: str) -> None:
    containers.compose("exec", name, "python", "-c", CONNECT, f"{name}-postgres", "5432")
    for other in {service.name for service in services()} - {name}:
        networks = containers.inspect(f"{other}-postgres")["NetworkSettings"]["Networks"]
        for address in (f"{other}-postgres", *(network["IPAddress"] for network in networks.values())):
            with pytest.raises(subprocess.CalledProcessError, match="exit status 1"):
                containers.compose("exec", name, "python", "-c", CONNECT, address, "5432")


def test_reaches_other_services_by_name(containers: Containers, name: str) -> None:
    for service in services():
        containers.compose("exec", name, "python", "-c", CONNECT, service.name, "8000")


def test_migrations_succeed_and_can_be_repeated(containers: Containers, name: str) -> None:
    assert containers.inspect(f"{name}-migrate")["State"]["ExitCode"] == 0
    containers.compose("exec", "--no-TTY", name, "alembic", "upgrade", "head")


def test_logs_only_json(containers: Containers, name: str) -> None:
    for container in (name, f"{name}-migrate"):
        lines = docker("logs", containers.inspect(container)["Id"]).splitlines()
        assert lines
        assert all("message" in json.loads(line) for line in lines)


def test_refuses_the_default_password_in_production(containers: Containers, name: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failure:
        containers.compose("run", "--rm", "--no-deps", "--env", "ENVIRONMENT=production", f"{name}-migrate")
    assert failure.value.returncode == 78
    assert "POSTGRES_PASSWORD" in failure.value.stdout
    assert "changeme" not in failure.value.stdout


def test_second_up_changes_nothing(containers: Containers) -> None:
    before = [containers.inspect(container)["State"]["StartedAt"] for container in RUNNING]
    containers.up()
    assert [containers.inspect(container)["State"]["StartedAt"] for container in RUNNING] == before
