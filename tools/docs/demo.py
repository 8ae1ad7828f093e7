"""Walk through the API of the running system, or of one started for this: `./noxw -s demo`."""

import contextlib
import json
import secrets
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from docs.walk import Caller, Json, UndocumentedAnswer, check, get, post, post_form, say
from failures import PostgresUnavailable, SystemFailure
from layout import ROOT
from processes.stopping import Stopped, stop_on_signals
from system.gateway_process import NAME as GATEWAY
from system.running import running_system
from system.service_process import is_ready

NAMES = ("accounts", "users", "friends")


@dataclass(frozen=True, slots=True)
class Urls:
    """The base URL of each service: with a gateway, the same for all."""

    accounts: str
    users: str
    friends: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person with an account and, later, a profile with the same id."""

    id: str
    username: str
    caller: Caller
    refresh_token: str


def main() -> int:
    """Return 0 if every response is the documented one, else 1."""
    stop_on_signals()
    try:
        with reachable_system() as urls:
            walk(urls)
            say("Every response was the documented one.")
    except (PostgresUnavailable, SystemFailure, UndocumentedAnswer) as error:
        print(error, file=sys.stderr)
        return 1
    except Stopped:
        return 1
    return 0


@contextlib.contextmanager
def reachable_system() -> Iterator[Urls]:
    """Yield the URLs of the running system, or of a temporary one."""
    if running := running_urls():
        yield running
        return
    print("No system is running. Starting one for this demo; that takes about 10 seconds.", flush=True)
    folders = [ROOT / "services" / name for name in NAMES]
    with running_system(folders, ports="free", gateway=ROOT / "gateway", issuer="accounts") as system:
        yield urls_of(system.urls)


def running_urls() -> Urls | None:
    """Return the URLs that `serve` has written, if the system responds."""
    try:
        services = json.loads((ROOT / ".allium/state.json").read_text())["services"]
        ready = all(is_ready(services[name]["port"]) for name in NAMES)
    except (FileNotFoundError, KeyError):
        return None
    return urls_of({name: service["url"] for name, service in services.items()}) if ready else None


def urls_of(urls: Mapping[str, str]) -> Urls:
    """Return the URL of each service."""
    return Urls(**{name: urls.get(GATEWAY, urls[name]) for name in NAMES})


def walk(urls: Urls) -> None:
    """Run the whole demo."""
    say("A request without an access token is refused.")
    get(f"{urls.users}/api/v1/users", expect=401, problem="authentication-required")
    grace, alan, barbara = (
        register(urls, *person)
        for person in (
            ("grace", "Grace", "Hopper", "1906-12-09"),
            ("alan", "Alan", "Turing", "1912-06-23"),
            ("barbara", "Barbara", "Liskov", "1939-11-07"),
        )
    )
    refuse_a_wrong_password(urls, grace)
    refuse_profiles(urls, grace)
    befriend(urls, grace, alan, barbara)
    refuse_friendships(urls, grace, alan)
    read_pages(urls, grace)
    log_out(urls, grace)


def register(urls: Urls, name: str, first_name: str, second_name: str, birthday: str) -> Person:
    """Create a person with an account, tokens and a profile, with a new name on each run."""
    say(f"{first_name} registers, logs in and creates a profile.")
    username = f"{name}-{secrets.token_hex(4)}"
    credentials = {"username": username, "password": secrets.token_urlsafe()}
    account = post(f"{urls.accounts}/api/v1/accounts", credentials)
    tokens = post(f"{urls.accounts}/api/v1/sessions", credentials)
    person = Person(
        id=account["id"],
        username=username,
        caller=Caller(name.upper(), tokens["access_token"]),
        refresh_token=tokens["refresh_token"],
    )
    user = post(
        f"{urls.users}/api/v1/users",
        {"username": username, "first_name": first_name, "second_name": second_name, "birthday": birthday},
        caller=person.caller,
    )
    check(truth=user["id"] == person.id, claim="a profile has the id of the account")
    return person


def refuse_a_wrong_password(urls: Urls, grace: Person) -> None:
    """Show refused logins."""
    say("A wrong password and an unknown username get the same response.")
    for username in (grace.username, f"nobody-{secrets.token_hex(4)}"):
        guess = {"username": username, "password": "let me in, please"}
        post(f"{urls.accounts}/api/v1/sessions", guess, expect=401, problem="wrong-credentials")


def refuse_profiles(urls: Urls, grace: Person) -> None:
    """Try to create a second profile."""
    again = {"username": f"grace-{secrets.token_hex(4)}", "first_name": "Grace", "second_name": "Hopper"}
    again["birthday"] = "1906-12-09"
    say("An account has only one profile.")
    post(f"{urls.users}/api/v1/users", again, caller=grace.caller, expect=409, problem="profile-exists")


def befriend(urls: Urls, grace: Person, alan: Person, barbara: Person) -> None:
    """Create two friendships of one user, the second from the other side."""
    say("Grace befriends Alan, and Barbara befriends Grace.")
    url = f"{urls.friends}/api/v1/friendships"
    post(url, {"target_id": alan.id, "tag": "mathematics"}, caller=grace.caller)
    post(url, {"target_id": grace.id}, caller=barbara.caller)


def refuse_friendships(urls: Urls, grace: Person, alan: Person) -> None:
    """Break each rule once."""
    url = f"{urls.friends}/api/v1/friendships"
    say("You cannot start a friendship on behalf of another user.")
    post(url, pair(alan.id, grace.id), caller=grace.caller, expect=403, problem="not-the-initiator")
    say("You cannot befriend yourself.")
    post(url, {"target_id": grace.id}, caller=grace.caller, expect=422, problem="self-friendship")
    say("The same friendship cannot exist twice ...")
    post(url, {"target_id": alan.id}, caller=grace.caller, expect=409, problem="friendship-exists")
    say("... in either direction.")
    post(url, {"target_id": grace.id}, caller=alan.caller, expect=409, problem="friendship-exists")
    say("You cannot befriend an unknown user.")
    stranger = str(uuid.uuid4())
    refusal = post(url, {"target_id": stranger}, caller=grace.caller, expect=404, problem="user-not-found")
    check(truth=stranger in json.dumps(refusal), claim="the refusal names the unknown user")


def read_pages(urls: Urls, grace: Person) -> None:
    """Follow a cursor through two lists."""
    say("The newest users, two per page.")
    first, second = two_pages(f"{urls.users}/api/v1/users?limit=2", grace)
    check(truth=not ids(first) & ids(second), claim="no user is on two pages")
    say("Grace's friendships, one per page, started by either side.")
    first, last = two_pages(f"{urls.friends}/api/v1/users/{grace.id}/friendships?limit=1", grace)
    check(truth=not ids(first) & ids(last), claim="no friendship is on two pages")
    check(truth=last["next_cursor"] is None, claim="the last page has no next one")


def log_out(urls: Urls, grace: Person) -> None:
    """Refresh a session, and end it."""
    token_url = f"{urls.accounts}/oauth/token"
    say("Grace exchanges her refresh token, which works only once, and logs out.")
    form = {"grant_type": "refresh_token", "refresh_token": grace.refresh_token}
    newer = post_form(token_url, form, shown="grant_type=refresh_token&refresh_token=$REFRESH")
    post_form(f"{urls.accounts}/oauth/revoke", {"token": newer["refresh_token"]}, shown="token=$REFRESH")
    say("After that, the newer refresh token is refused, too.")
    form["refresh_token"] = newer["refresh_token"]
    shown = "grant_type=refresh_token&refresh_token=$REFRESH"
    post_form(token_url, form, shown=shown, expect=400, error="invalid_grant")


def two_pages(url: str, reader: Person) -> tuple[Json, Json]:
    """Get a page and the next one by its cursor."""
    first = get(url, caller=reader.caller)
    return first, get(f"{url}&cursor={first['next_cursor']}", caller=reader.caller)


def ids(page: Json) -> set[str]:
    """Return the ids on a page."""
    return {item["id"] for item in page["items"]}


def pair(initiator: str, target: str) -> dict[str, object]:
    """Return the body of a request that creates a friendship."""
    return {"initiator_id": initiator, "target_id": target}


if __name__ == "__main__":
    sys.exit(main())
