"""A secret in a text is found however it is written next to its name."""

import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from chassis.logs.redaction import MAX_TEXT, SECRET_NAMES, Redactor

REDACTOR = Redactor(["Tax-Number", "Straße"], ["planted-value/1", "planted value/2", "tiny5", "sixsix", "sixsix-long"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=planted", "password=[redacted]"),
        ("PASSWORD: planted", "PASSWORD: [redacted]"),
        ("/cb?a=1&token=planted&b=2", "/cb?a=1&token=[redacted]&b=2"),
        ("accessToken=planted;", "accessToken=[redacted]"),
        ("user[password]=planted&a=b", "user[password]=[redacted]&a=b"),
        ("tax_number: planted", "tax_number: [redacted]"),
        ("STRASSE: planted", "STRASSE: [redacted]"),
        ("{'password': 'plan ted', 'a': 1}", "{'password': '[redacted]', 'a': 1}"),
        ('{"password": "plan\\"ted", "a": 1}', '{"password": "[redacted]", "a": 1}'),
        ('{"password": "plan', '{"password": "[redacted]'),
        ('{"credentials": {"pin": "planted}", "b": 1}, "a": 2}', '{"credentials": [redacted], "a": 2}'),
        ('{"credentials": {"pin": "planted", "a', '{"credentials": [redacted]'),
        ('{\\"password\\": \\"planted\\", \\"a\\": 1}', '{\\"password\\": \\"[redacted]\\", \\"a\\": 1}'),
        ("[(b'authorization', b'Basic planted'), (b'a', b'c')]", "[(b'authorization', b'[redacted]'), (b'a', b'c')]"),
        ("Authorization: Digest a=planted, b=planted\nnext", "Authorization: [redacted]\nnext"),
        ("Cookie: a=planted; b=planted", "Cookie: [redacted]"),
        ("X-Auth: Bearer planted", "X-Auth: [redacted]"),
        ("run --password planted -v", "run --password [redacted] -v"),
        ("run --password='planted planted' -v", "run --password='[redacted]' -v"),
        ("['--token', 'planted', '-v']", "['--token', '[redacted]', '-v']"),
        ("password => planted", "password => [redacted]"),
        ("'password' => 'planted',", "'password' => '[redacted]',"),
        ("password: str = 'planted'", "password: [redacted]"),
        ("f(password=SecretStr('planted'), a=1)", "f(password=[redacted], a=1)"),
        ("config['password'] = 'planted'", "config['password'] = '[redacted]'"),
        ("Key (password)=(planted) already exists.", "Key (password)=[redacted] already exists."),
        ("ALTER ROLE me PASSWORD 'planted'", "ALTER ROLE me PASSWORD '[redacted]'"),
        ("pass phrase, pin: planted", "pass phrase, pin: [redacted]"),
        ("password: it's planted", "password: [redacted]"),
        ("password: two planted words\nuser: me", "password: [redacted]\nuser: me"),
        ("password: planted user: me", "password: [redacted] user: me"),
        ("- password: |\n    planted\n\n    planted\n  user: me", "- password: [redacted]\n  user: me"),
        ("a:\n  password: >-\n    planted\n  b: 1", "a:\n  password: [redacted]\n  b: 1"),
        ("passwords:\n- planted\n- planted\nuser: me", "passwords:\n[redacted]\nuser: me"),
        ("password:\n\nuser: me", "password:\n\nuser: me"),
        ("<password>planted</password><a>1</a>", "<password>[redacted]</password><a>1</a>"),
        ("<x:Pin a='planted'>planted<b/>planted</x:Pin>", "<x:Pin[redacted]</x:Pin>"),
        ("<user password='planted' id='1'/>", "<user password='[redacted]' id='1'/>"),
        ("<user><password>plan", "<user><password>[redacted]"),
        ("<password/><a>1</a>", "<password/><a>1</a>"),
        ("usage: <password> <name>", "usage: <password> <name>"),
        ('"{\\"pin\\": \\"plan", 1', '"{\\"pin\\": \\"[redacted]", 1'),
        ("x pin=[it's planted] a", "x pin=[redacted] a"),
        ("x pin=[b'planted]', 'c'] a", "x pin=[redacted] a"),
        ("app.errors.InvalidToken: it has expired", "app.errors.InvalidToken: [redacted] has expired"),
        ("{'value': {'pin': 'planted'}, 'name': 'pin'}", "{'value': [redacted], 'name': 'pin'}"),
        ("name=pin value=", "name=pin value="),
        ("- name: PASSWORD\n  value: planted\n", "- name: PASSWORD\n  value: [redacted]\n"),
        ('{"name": "pin", "value": "planted"}', '{"name": "pin", "value": "[redacted]"}'),
        ('{"val": "planted", "key": "pin"}', '{"val": "[redacted]", "key": "pin"}'),
        ("<add value='planted' key='pin'/>", "<add value='[redacted]' key='pin'/>[redacted]"),
        ("<entry key='pin'>planted</entry>", "<entry key='pin'>[redacted]</entry>"),
        ("<key>pin</key><string>planted</string>", "<key>pin</key><string>[redacted]</string>"),
        ("is planted-value/1 or planted-value%2F1", "is [redacted] or [redacted]"),
        ("tiny5 is not masked, but sixsix", "tiny5 is not masked, but [redacted]"),
        ("sixsix-long", "[redacted]"),
        ("is planted%20value%2F2 or planted+value%2F2", "is [redacted] or [redacted]"),
    ],
)
def test_masks_secrets_in_text(text: str, expected: str) -> None:
    assert REDACTOR.text(text) == expected
    assert REDACTOR.text(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "password" + " " * 5_000 + ":" + " " * 5_000 + "planted",
        "password \t\r\n = \r\n\t planted",
        'password /* a comment */ : /* another = one */ "planted"',
        '"password" // a comment\n : # another\n "planted"',
        "password: # a comment\n  planted",
        "password: /* it never ends: planted",
        'os.environ["TOKEN"] = "planted"',
        "password = 'a' + 'planted'",
        "password='it''s planted'",
        'password="""a "planted" b"""',
        "password != 'planted'",
        "password=a&planted",
        "<password><![CDATA[planted]]></password>",
        "**password**: planted",
        "export PASSWORD=planted",
        "\x1b[31mpassword\x1b[0m: planted",
        "Authorization: Digest\r\n planted",
        "curl -H 'Authorization: Basic planted' host",
        "'password: |\\n  planted planted'",
        "private key: planted",
    ],
)
def test_masks_a_secret_in_each_notation(text: str) -> None:
    shown = REDACTOR.text(text)
    assert "planted" not in shown
    assert REDACTOR.text(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        '{"field": "password", "old": "planted", "new": "planted"}',
        '{"old": "planted", "new": "planted", "field": "password"}',
        '{"old": "planted", "field": "password", "new": "planted"}',
        '{"name": "password", "old": "a}b", "new": "planted"}',
        '{"name": "password", "label": "the value: yours", "value": "planted"}',
        '{"name": "password", "default": "", "value": "planted"}',
        '{"name": "password", "value": "planted old=:"}',
        '{"value": "<planted old=", "name": "password"}',
        '{"old": "{planted", "new": "}planted", "name": "password"}',
        json.dumps({"body": '{"field": "password", "old": "planted", "new": "planted"}'}),
        "Change(field='password', old='a)b', new='planted')",
        "Change(old='planted', new='planted', field='password')",
        "<change field='password' old='planted' new='planted'/>",
        "field=password old=planted new=planted",
        "field=password, from old=planted to new=planted, by=ada",
        'key: password, value: "a=b planted"',
        "field: password; old: planted -> new: planted",
        "field=password, old=planted => new=planted",
    ],
)
def test_masks_each_value_beside_a_secret_name(text: str) -> None:
    assert "planted" not in REDACTOR.text(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "city", "value": "Rome"}, {"name": "password", "value": "planted"}, {"name": "zip", "new": "00100"}',
        "F(name='city', value='Rome'), F(name='password', value='planted'), F(name='zip', new='00100')",
        "<a name='city' value='Rome'/><a name='password' value='planted'/><a name='zip' new='00100'/>",
        "field=password old=planted new=planted field=color old=kept new=kept",
    ],
)
def test_keeps_the_values_beside_other_names(text: str) -> None:
    assert REDACTOR.text(text) == text.replace("planted", "[redacted]")


@pytest.mark.parametrize(
    "text",
    [
        "/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=1", "code: 4/0AY0e-g7xZ", "code=123456", '{"code": "3fa9c2d4e5"}',
        "code_verifier=SplxlOBeZQQYbYS6WxSbIA", "authorization_code: SplxlOBeZQQYbYS6WxSbIA", "params[code]=a1b2c3d4",
    ],
)  # fmt: skip
def test_masks_codes_that_grant_access(text: str) -> None:
    assert "[redacted]" in REDACTOR.text(text)


def test_masks_a_secret_next_to_each_secret_name() -> None:
    text = " ".join((*SECRET_NAMES, "tax-number"))
    assert REDACTOR.text(f"x {text}=planted") == f"x {text}=[redacted]"


@pytest.mark.parametrize("write", [str, repr, json.dumps, quote, quote_plus, html.escape])
def test_masks_known_secret_values_in_each_encoding(write: Callable[[str], str]) -> None:
    value = 'pl"an\\ted/ü&'
    redactor = Redactor(secret_values=[value])
    assert "ted" not in redactor.text(f"said {write(value)}").replace("[redacted]", "")
    assert redactor.value({value: [value]}) == {"[redacted]": ["[redacted]"]}


def test_limits_the_length_of_texts() -> None:
    assert REDACTOR.text("a" * MAX_TEXT) == "a" * MAX_TEXT
    cut = REDACTOR.text("a" * 1_000_000)
    assert cut.endswith("a…")
    assert MAX_TEXT * 0.9 < len(cut) <= MAX_TEXT


@pytest.mark.parametrize("secret", ["redis://me:planted@host", "4111 1111 1111 1111", '{"v": "planted", "n": "pin"}'])
def test_never_cuts_a_text_within_a_secret(secret: str) -> None:
    for length in range(MAX_TEXT - 40, MAX_TEXT + 10, 2):
        shown = REDACTOR.text(" a" * (length // 2) + secret + " b" * 5_000)
        assert "4111" not in shown
        assert "planted" not in shown
