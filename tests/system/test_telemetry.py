"""The telemetry of one request through the whole system."""

import json
from secrets import token_hex

from callers import FRIENDSHIPS, Caller, eventually
from people import SESSIONS, Person, kept_secret, new_person

from system.collector import Collector
from system.gateway_process import GatewayProcess
from system.running import System
from system.spans_file import Span, read_spans


def traceparent() -> tuple[str, str, str]:
    """Return a header, and its trace and span ids."""
    trace, span = token_hex(16), token_hex(8)
    return f"00-{trace}-{span}-01", trace, span


def spans_of(collector: Collector, trace: str) -> dict[str, Span]:
    """Return the spans of a trace by service, kind and name."""
    spans = [span for span in read_spans(collector.spans) if span["trace_id"] == trace]
    return {f"{span['service']} {span['kind']} {span['name']}": span for span in spans}


async def assert_chain(collector: Collector, trace: str, parent: str, *names: str) -> None:
    """Wait for these spans, and check that each is within the one before."""

    async def all_have_come() -> bool:
        return spans_of(collector, trace).keys() >= set(names)

    await eventually(all_have_come)
    spans = spans_of(collector, trace)
    for name in names:
        assert spans[name]["parent_id"] == parent, name
        parent = spans[name]["span_id"]


async def test_request_is_one_trace_through_gateway_friends_and_users(
    gateway: GatewayProcess, collector: Collector, person: Person
) -> None:
    other = await new_person(gateway.url)
    for each in (person, other):
        async with Caller(gateway.url, token=each.access_token) as caller:
            await caller.new_user()
    header, trace, parent = traceparent()
    async with Caller(gateway.url, token=person.access_token) as caller:
        path = f"{FRIENDSHIPS}?planted=planted-query"
        answer = await caller.call("POST", path, json={"target_id": other.id}, headers={"traceparent": header})
        assert answer.status == 201
    await assert_chain(
        *(collector, trace, parent),
        *("gateway server POST", "gateway client ReverseProxy"),
        *(f"friends server POST {FRIENDSHIPS}", "friends client GET /api/v1/users/exists"),
        *("users server GET /api/v1/users/exists", "users client SELECT users"),
    )
    assert "friends client INSERT friendships" in spans_of(collector, trace)
    assert "planted-query" not in str(list(read_spans(collector.spans)))


async def test_login_is_one_trace_through_gateway_and_accounts(
    gateway: GatewayProcess, collector: Collector, person: Person
) -> None:
    header, trace, parent = traceparent()
    credentials = {"username": person.username, "password": person.password}
    async with Caller(gateway.url) as caller:
        answer = await caller.call("POST", SESSIONS, json=credentials, headers={"traceparent": header})
        assert answer.status == 201
        kept_secret(answer.body)
    await assert_chain(
        *(collector, trace, parent),
        *("gateway server POST", "gateway client ReverseProxy", f"accounts server POST {SESSIONS}"),
        "accounts client SELECT accounts",
    )


async def test_gateway_starts_a_trace_for_a_request_without_one(
    gateway: GatewayProcess, collector: Collector, whole_system: System
) -> None:
    async with Caller(gateway.url) as caller:
        answer = await caller.get(f"{FRIENDSHIPS}/nobody")
        assert answer.status == 401
    log = whole_system.logs / "friends.log"
    request = answer.headers["X-Request-ID"]

    async def is_logged() -> bool:
        return request in log.read_text(encoding="utf-8")

    await eventually(is_logged)
    [line] = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if request in line]
    trace = line["trace_id"]
    await assert_chain(collector, trace, "", "gateway server GET", "gateway client ReverseProxy", "friends server GET")
    assert spans_of(collector, trace)["friends server GET"]["span_id"] == line["span_id"]
