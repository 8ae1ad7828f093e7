"""Walk through the API of a running system, or of one of our own if none runs: `./noxw -s demo`."""

import contextlib
import json
import secrets
import sys
import uuid
from collections.abc import Iterator

from docs.walk import Json, UndocumentedAnswer, check, get, post, say
from failures import PostgresUnavailable, SystemFailure
from layout import ROOT
from processes.stopping import Stopped, stop_on_signals
from system.running import running_system
from system.service_process import is_ready

NAMES = ("users", "friends")


def main() -> int:
    """Return 0 if every answer is the documented one, else 1."""
    stop_on_signals()
    try:
        with reachable_system() as (users, friends):
            walk(users, friends)
            say("Every answer was the documented one.")
    except (PostgresUnavailable, SystemFailure, UndocumentedAnswer) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return 1
    return 0


@contextlib.contextmanager
def reachable_system() -> Iterator[list[str]]:
    """Yield the URLs of users and friends: those of the running system, else of one with throw-away data."""
    if running := running_urls():
        yield running
        return
    print("No system is running, so this one is for the walk alone.", flush=True)
    with running_system([ROOT / "services" / name for name in NAMES], ports="free") as system:
        yield [system.url(name) for name in NAMES]


def running_urls() -> list[str] | None:
    """Return the URLs that `serve` wrote down, if they answer."""
    try:
        services = json.loads((ROOT / ".allium/state.json").read_text())["services"]
        ready = all(is_ready(services[name]["port"]) for name in NAMES)
    except (FileNotFoundError, KeyError):
        return None
    return [services[name]["url"] for name in NAMES] if ready else None


def walk(users: str, friends: str) -> None:
    """Tell the whole story."""
    grace, alan, barbara = sign_up(users)
    refuse_taken_username(users, grace)
    befriend(friends, grace, alan, barbara)
    refuse_friendships(friends, grace, alan)
    read_pages(users, friends, grace)


def sign_up(users: str) -> list[Json]:
    """Create three users whose names are new on each run."""
    people = (
        ("grace", "Grace", "Hopper", "1906-12-09"),
        ("alan", "Alan", "Turing", "1912-06-23"),
        ("barbara", "Barbara", "Liskov", "1939-11-07"),
    )
    say("Three users sign up.")
    run = secrets.token_hex(4)
    return [
        post(
            f"{users}/api/v1/users",
            {"username": f"{name}-{run}", "first_name": first, "second_name": second, "birthday": birthday},
        )
        for name, first, second, birthday in people
    ]


def refuse_taken_username(users: str, grace: Json) -> None:
    """Try the same username in capital letters."""
    say("A username is taken whatever its case.")
    again = {name: grace[name] for name in ("first_name", "second_name", "birthday")}
    again["username"] = grace["username"].upper()
    post(f"{users}/api/v1/users", again, expect=409, problem="username-taken")


def befriend(friends: str, grace: Json, alan: Json, barbara: Json) -> None:
    """Begin two friendships of one user, the second one from the other side."""
    say("Grace befriends Alan, and Barbara befriends Grace.")
    post(f"{friends}/api/v1/friendships", {**pair(grace["id"], alan["id"]), "tag": "mathematics"})
    post(f"{friends}/api/v1/friendships", pair(barbara["id"], grace["id"]))


def refuse_friendships(friends: str, grace: Json, alan: Json) -> None:
    """Break each rule once."""
    url = f"{friends}/api/v1/friendships"
    say("Nobody befriends himself.")
    post(url, pair(grace["id"], grace["id"]), expect=422, problem="self-friendship")
    say("A friendship exists once ...")
    post(url, pair(grace["id"], alan["id"]), expect=409, problem="friendship-exists")
    say("... in either direction.")
    post(url, pair(alan["id"], grace["id"]), expect=409, problem="friendship-exists")
    say("Nobody befriends a user who does not exist.")
    stranger = str(uuid.uuid4())
    refusal = post(url, pair(grace["id"], stranger), expect=404, problem="user-not-found")
    check(truth=stranger in json.dumps(refusal), claim="the refusal names the unknown user")


def read_pages(users: str, friends: str, grace: Json) -> None:
    """Follow a cursor through two lists."""
    say("The newest users, two on a page.")
    first, second = two_pages(f"{users}/api/v1/users?limit=2")
    check(truth=not ids(first) & ids(second), claim="no user is on two pages")
    say("Grace's friendships, one on a page, whoever began them.")
    first, last = two_pages(f"{friends}/api/v1/users/{grace['id']}/friendships?limit=1")
    check(truth=not ids(first) & ids(last), claim="no friendship is on two pages")
    check(truth=last["next_cursor"] is None, claim="the last page has no next one")


def two_pages(url: str) -> tuple[Json, Json]:
    """Get a page and the one that its cursor leads to."""
    first = get(url)
    return first, get(f"{url}&cursor={first['next_cursor']}")


def ids(page: Json) -> set[str]:
    """Return the ids on a page."""
    return {item["id"] for item in page["items"]}


def pair(initiator: str, target: str) -> dict[str, object]:
    """Return what is posted to begin a friendship."""
    return {"initiator_id": initiator, "target_id": target}


if __name__ == "__main__":
    sys.exit(main())
