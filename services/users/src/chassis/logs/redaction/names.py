"""Decide which names of fields are secret."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from .spellings import plain_letters

SECRET_NAMES: Final = frozenset({
    "access_code", "access_key", "account_key", "activation_code", "api_key", "authorization", "backup_code",
    "client_assertion", "code_challenge", "code_verifier", "confirmation_code", "cookie", "credential", "device_code",
    "encryption_key", "id_token_hint", "invite_code", "login_code", "mfa_code", "passcode", "passphrase", "passwd",
    "password", "private_key", "pwd", "recovery_code", "reset_code", "saml_response", "secret", "security_code",
    "session", "sessid", "signature", "signing_key", "sms_code", "token", "user_code", "verification_code",
})  # fmt: skip
"""A field is secret if its name contains one of these: `db_password`, `accessToken`, `Set-Cookie`, `user[password]`."""

SECRET_WORDS: Final = frozenset({"auth", "cvc", "cvv", "jwt", "otp", "pin", "sid", "sig", "totp"})
"""A field is secret if one of these is a word of its name: `user_pin`, `cvv2`, `connect.sid`; not for `author`."""

_LAST_WORDS: Final = frozenset({"pass"})
# A field is secret if its name has several words and ends with one of these: `db_pass`; not `bypass` or `pass: 12`.

_CODE: Final = "code"  # a secret in OAuth, or a harmless code of an error or country: the value decides
_PARTS: Final = re.compile(r"[\W_]+")
_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_COMPONENTS: Final = re.compile(r"[.\[\]]+")
_HARMLESS_WORD: Final = re.compile(
    r"(?:de)?tokeni[sz](?:e[drs]?|ers|ing|ation)|secretar(?:y|ies|ial|iat)|cookiecutter|sessionmaker"
)
_ABOUT_A_SECRET: Final = frozenset({"count", "endpoint", "error", "exception", "length", "policy", "type", "warning"})
_COUNTED: Final = ("cookies", "sessions", "tokens")
_COUNT: Final = re.compile(r"\d{1,6}")
_CODE_VALUE: Final = re.compile(r"[\w.~+/=%:-]{1,512}")
_READABLE: Final = re.compile(
    r"/?(?:[A-Z]?[a-z]{1,20}|[A-Z]{1,20}|(?:[A-Z][a-z]{1,19}){2,6})"
    r"(?:[-_.:/]{1,2}(?:[A-Z]?[a-z]{1,20}|[A-Z]{1,20}|(?:[A-Z][a-z]{1,19}){2,6})){0,12}"
)
_SHORT: Final = 5  # characters of a status, an SQLSTATE or a zip code: shorter than any secret code

_REMEMBERED: Final = 1024
_LONGEST_REMEMBERED: Final = 64


class SecretNames:
    """The names above and further ones, ignoring case, separators and compatible characters."""

    def __init__(self, further: Iterable[str] = ()) -> None:
        further = [name for name in map(plain_letters, further) if _PARTS.sub("", name)]
        alternatives = {*SECRET_NAMES, *SECRET_WORDS, *_LAST_WORDS, _CODE, *(name.casefold() for name in further)}
        parts = [[part for part in _PARTS.split(name) if part] for name in sorted(alternatives, key=len, reverse=True)]
        self.occurrence = re.compile(_by_first_letter(r"[\W_]?".join(map(re.escape, each)) for each in parts))
        """Finds possible names of secrets, or parts of them, in case-folded text."""
        self._contained = tuple("".join(_PARTS.split(name)) for name in SECRET_NAMES)
        self._further = tuple("".join(_PARTS.split(name.casefold())) for name in further)
        self._remembered = lru_cache(_REMEMBERED)(self._judge)

    def is_secret(self, name: str) -> bool:
        """Return whether a field of this name is secret, whatever its value."""
        return (self._remembered if len(name) <= _LONGEST_REMEMBERED else self._judge)(name)

    @property
    def remembered(self) -> int:
        """Return the number of cached decisions."""
        return self._remembered.cache_info().currsize

    def hides(self, name: str, value: str) -> bool:
        """Return whether to mask this value of a field of this name."""
        if self.is_secret(name):
            return not (is_counted(name) and _COUNT.fullmatch(value))
        return is_code(name) and is_opaque(value)

    def _judge(self, name: str) -> bool:
        words = _PARTS.split(_HUMPS.sub(" ", plain_letters(name).replace("OAuth", "Oauth")).casefold())
        words = [word for word in words if word]
        squashed = "".join(words)
        if any(further in squashed for further in self._further):
            return True
        if len(words) > 1 and words[-1] in _ABOUT_A_SECRET:
            return False
        squashed = "".join(word for word in words if not _HARMLESS_WORD.fullmatch(word))
        return (
            any(secret in squashed for secret in self._contained)
            or any(word.strip("0123456789").removesuffix("s") in SECRET_WORDS for word in words)
            or (len(words) > 1 and words[-1] in _LAST_WORDS)
        )


def is_counted(name: str) -> bool:
    """Return whether a number under this name is a count: `max_tokens`, `sessions`."""
    return name.casefold().endswith(_COUNTED)


def is_code(name: str) -> bool:
    """Return whether the last part of a path is exactly `code`: not `status_code` or `zipCode`."""
    return (
        name.casefold().endswith(_CODE) and [part for part in _COMPONENTS.split(name) if part][-1].casefold() == _CODE
    )


def is_opaque(value: str) -> bool:
    """Return whether a `code` may be a secret: neither short nor made of words."""
    return len(value) > _SHORT and _CODE_VALUE.fullmatch(value) is not None and not _READABLE.fullmatch(value)


def _by_first_letter(patterns: Iterable[str]) -> str:
    """Return a pattern for any of these, grouped by first letter, which makes the search three times as fast."""
    groups: dict[str, list[str]] = {}
    for pattern in patterns:
        groups.setdefault(pattern[0], []).append(pattern[1:])
    return "|".join(f"{letter}(?:{'|'.join(rests)})" for letter, rests in groups.items())
