"""Find secrets in XML: the content of an element with a secret name."""

import re
from typing import Final

from .spans import Span

_OPENED: Final = re.compile(r"<(?:[\w.-]{1,64}:)?\Z")
_LONGEST_PREFIX: Final = 66
_START_TAG_ENDS: Final = re.compile(r"([^<>]*+)>")
_END_TAG: Final = re.compile(r"</(?:[\w.-]{1,64}+:)?([\w.-]{1,256}+)\s*+>")


def content_of(text: str, start: int, end: int) -> Span | None:
    """Return the content of the element with the name at this place, or None. Without an end tag, it is the rest."""
    if not _OPENED.search(text[max(0, start - _LONGEST_PREFIX) : start]):
        return None
    tag = _START_TAG_ENDS.match(text, end)
    if not tag or tag[1].endswith("/"):
        return None
    content = end if tag[1] else tag.end()  # its attributes may contain secrets, too
    if text.find("</", tag.end()) < 0:
        return _cut_off_content(text, content, tag.end())
    name = text[start:end].casefold()
    ends = (found.start() for found in _END_TAG.finditer(text, tag.end()) if found[1].casefold() == name)
    return content, next(ends, len(text))


def _cut_off_content(text: str, content: int, tag_end: int) -> Span | None:
    if text[tag_end : tag_end + 1] in {"", " "}:
        return None  # not XML, such as `usage: --token <token> ...`
    following = text.find("<", tag_end)
    return content, following if following > tag_end else len(text)
