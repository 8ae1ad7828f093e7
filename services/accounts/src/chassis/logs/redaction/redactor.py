"""Mask secrets in texts and values for JSON."""

import json
import math
import re
from collections.abc import Collection, Iterable
from html import escape
from typing import Final
from urllib.parse import quote, quote_plus

from .names import SecretNames
from .neighbours import describes, holds_a_name
from .places import secrets_by_name
from .spans import MASK, masked
from .spellings import aligned_fold, without_one_layer
from .unnamed import is_card, mask_cards, mask_credentials, mask_unnamed

MAX_DEPTH: Final = 64
MAX_TEXT: Final = 65_536  # characters
MAX_LAYERS: Final = 6  # of nested encodings
MIN_SECRET_LENGTH: Final = 6  # a shorter value would mask harmless words

_UNCERTAIN: Final = 2048  # characters
_NAME: Final = re.compile(r"[\w.\[\]-]{1,64}(?: [\w.-]{1,64})?")
_FRAMES: Final = re.compile(r'(?=\n  File ")')
"""Frames contain source code, whose open quotes and brackets do not belong to a value."""


class Redactor:
    """Masks secrets by their name or format, and the given values anywhere."""

    def __init__(self, further_names: Iterable[str] = (), secret_values: Iterable[str] = ()) -> None:
        self._names = SecretNames(further_names)
        spellings = {spelling for value in secret_values for spelling in _spellings(value)}
        self._values = tuple(sorted(spellings, key=len, reverse=True))  # longest first: one may begin with another

    def is_secret(self, name: str) -> bool:
        """Return whether a field of this name is secret."""
        return self._names.is_secret(name)

    @property
    def remembered_names(self) -> int:
        """Return the number of cached decisions on names, which is bounded since clients choose names."""
        return self._names.remembered

    def text(self, text: str) -> str:
        """Return the text with secrets masked, cut at `MAX_TEXT` characters.

        If a secret appears only in the decoded text, the decoded text is returned.
        """
        if len(text) <= MAX_TEXT:
            return self._without_secrets(text)
        # The end of the cut text may be the beginning of a secret that is only recognised as a whole.
        return f"{self._without_secrets(text[:MAX_TEXT])[:-_UNCERTAIN]}…"

    def _without_secrets(self, text: str) -> str:
        shown = current = self._masked(text)
        for _ in range(MAX_LAYERS):
            decoded = without_one_layer(current)
            if decoded == current:
                break
            current = self._masked(decoded)
            if current != decoded:
                shown = current
        return shown

    def field(self, name: str, value: object) -> object:
        """Return the value of a field for a JSON log line, masked if the name is secret."""
        return MASK if self._hides(name, value) else self.value(value)

    def value(self, value: object, depth: int = 0) -> object:
        """Return the value for a JSON log line, with secrets masked at any depth. Other types become text."""
        if isinstance(value, dict | list | tuple | set | frozenset):
            return self._collection(value, depth + 1) if depth < MAX_DEPTH else "[too deep]"
        if isinstance(value, int):
            return MASK if is_card(value) else value
        if value is None or (isinstance(value, float) and math.isfinite(value)):
            return value
        return self.text(str(value))

    def pairs(self, pairs: Collection[tuple[str, object]], depth: int = 0) -> list[tuple[str, object]]:
        """Return the fields of one object with secrets masked. One field may contain the name of another."""
        names_a_secret = any(holds_a_name(name) and self._is_secret_name(value) for name, value in pairs)
        return [
            (self.text(name), MASK)
            if self._hides(name, value) or (names_a_secret and not describes(name))
            else (self.text(name), self.value(value, depth))
            for name, value in pairs
        ]

    def _collection(self, value: Collection[object], depth: int) -> object:
        if isinstance(value, dict):
            return dict(self.pairs([(str(name), item) for name, item in value.items()], depth))
        return self._items(value, depth)

    def _items(self, items: Collection[object], depth: int) -> list[object]:
        """Return the items with secrets masked. A value follows its name in a pair, or its option in a command."""
        is_pair = len(items) == len(("name", "value"))
        shown, follows = [], False
        for item in items:
            shown.append(MASK if follows else self.value(item, depth))
            follows = self._is_secret_name(item) and (is_pair or str(item).startswith("-"))
        return shown

    def _is_secret_name(self, value: object) -> bool:
        if not isinstance(value, str | bytes):
            return False
        name = value.decode("latin-1") if isinstance(value, bytes) else value.removeprefix("b'").removesuffix("'")
        return _NAME.fullmatch(name) is not None and self.is_secret(name)

    def _hides(self, name: str, value: object) -> bool:
        return self._names.hides(name, str(value) if isinstance(value, str | int) else "")

    def _masked(self, text: str) -> str:
        for value in self._values:
            if value in text:
                text = text.replace(value, MASK)
        text = mask_unnamed(text)
        # Most texts of an access line have no pair, so this check must be cheap.
        if "=" in text or ":" in text or " " in text or "," in text or "<" in text:
            text = self._without_named(text)
        return mask_cards(text)

    def _without_named(self, text: str) -> str:
        folded = text.casefold()
        if self._names.occurrence.search(folded):
            length = len(text)
            text = self._without_pairs(text)
            if len(folded) != length and (shown := self._without_pairs(folded)) != folded:
                text = shown  # a name with a letter such as ß, which folds to two letters
        return mask_credentials(text, folded)

    def _without_pairs(self, text: str) -> str:
        parts = _FRAMES.split(text)
        return "".join(masked(part, secrets_by_name(part, aligned_fold(part), self._names)) for part in parts)


def _spellings(value: str) -> Iterable[str]:
    """Return the notations of a value in JSON, URLs, HTML and Python."""
    if len(value) < MIN_SECRET_LENGTH:
        return ()
    in_json, in_python = json.dumps(value)[1:-1], repr(value)[1:-1]
    return value, quote(value, safe=""), quote_plus(value), in_json, in_python, escape(value)
